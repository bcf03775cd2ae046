public import Jobs
public import Protocol
public import Tensor

/// One pass over a shard for sums that say where its features lie and how far they spread: nothing else leaves
/// the worker.
public struct StatisticsProgram: Sendable {
    /// What a pass sums; each needs what the ones before have found.
    public enum Pass: Int, Sendable, Hashable, CaseIterable {
        /// The features.
        case mean = 1
        /// Their absolute deviations from the mean.
        case deviation
        /// Their deviations in units of the mean absolute one, and the squares of these.
        case residual
    }

    /// Rows in a batch.
    public static let batchSize = 500
    /// A power of two: sums of numbers made so much smaller stay within float32 where others would not.
    static let smallness: Float = 0x1p-20

    /// The column described.
    public let task: LearningTask
    /// What is summed.
    public let pass: Pass
    private let step: SealedGraph
    private let finish: SealedGraph
    private let constantCount: Int
    private let outputs: [String]

    /// Builds and encodes the program's graphs.
    public init(_ task: LearningTask, pass: Pass) throws(TensorError) {
        self.task = task
        self.pass = pass
        let column = Tensor.input(
            "column.\(task.feature.name)", task.feature.type, dimensions: [nil] + task.feature.dimensions)
        let size: [Int?] = Scaling.dimensions(for: task)
        let known = [Tensor.input("mean", dimensions: size), .input("deviation", dimensions: size)]
        let constants = Array(known.prefix(pass.rawValue - 1))
        let terms = StatisticsProgram.terms(pass, column.flattened().cast(to: .float32), task, constants)
        let axes: [Int]? = Scaling.sumCount(of: task) == 1 ? nil : [0]
        let graph = try Graph(inputs: constants + [column], outputs: terms.map { $0.sum(axes: axes) })
        step = try SealedGraph(graph)
        constantCount = constants.count
        let type = ValueType(.float32, try Shape(Scaling.dimensions(for: task)))
        finish = try SealedGraph(
            .releasing(
                state: [], constants: Array(graph.inputs.prefix(constantCount)),
                metricTypes: terms.map { _ in type }, releasedState: 0))
        outputs = ["first", "second", "present"].prefix(terms.count).map { "\(pass).\($0)" }
    }

    /// What is summed; a missing cell counts as 0, and present ones are counted.
    private static func terms(
        _ pass: Pass, _ x: Tensor, _ task: LearningTask, _ constants: [Tensor]
    ) -> [Tensor] {
        let present = task.missing == .mean ? x.equal(to: x) : nil
        func cells(_ value: Tensor) -> Tensor {
            present.map { $0.select(value, otherwise: Tensor(0)) } ?? value
        }
        let terms: [Tensor]
        switch pass {
        case .mean:
            let x = cells(x)
            terms = [x, x * smallness]
        case .deviation:
            let distance = cells((x - constants[0]).abs())
            terms = [distance, distance * smallness]
        case .residual:
            let residual = cells((x - constants[0]) / constants[1])
            terms = [residual, residual ** 2]
        }
        return terms + (present.map { [$0] } ?? [])
    }

    /// The program for one shard.
    ///
    /// - Parameter moments: what the passes before have found.
    ///
    /// - Throws: `TensorError` for moments of another number of features.
    public func job(for shard: ShardReference, moments: FeatureMoments) throws(TensorError) -> ProgramJob {
        let known = [try Scaling.value(moments.means, task), try Scaling.value(moments.deviations, task)]
        let program = Program(
            step: step, finish: finish, stateCount: 0, constantCount: constantCount,
            columns: [task.feature.name], shard: shard, part: .train,
            schedule: Program.Schedule(batchSize: StatisticsProgram.batchSize), outputs: outputs)
        return ProgramJob(program: program, bindings: Array(known.prefix(constantCount)))
    }

    /// Reads the sums a shard released.
    ///
    /// - Throws: `Failure` with code `malformed` for a result that is not what the program asked for.
    public func sums(from result: JobResult) throws(Failure) -> FeatureSums {
        var sums: [[Double]] = []
        for name in outputs {
            do {
                let floats = try result.floats(name, shape: Scaling.dimensions(for: task))
                sums.append(floats.map(Double.init))
            } catch {
                throw Failure(.malformed, "\(error)")
            }
        }
        try check(sums, rows: result.examples)
        return FeatureSums(rows: result.examples, values: sums)
    }

    /// One worker's sum that is no number would be everybody's mean.
    private func check(_ sums: [[Double]], rows: Int) throws(Failure) {
        for (name, sums) in zip(outputs, sums) where sums.contains(where: \.isNaN) {
            throw Failure(.malformed, "it answered with a sum that is no number for \(name)")
        }
        // The first sum of a pass may leave float32, the same of numbers made smaller may not.
        let bounded = pass == .residual ? 0..<2 : 1..<2
        for index in bounded {
            for sum in sums[index] where !sum.isFinite {
                throw Failure(
                    .malformed, "it answered with \(sum) for \(outputs[index]), which has to be finite")
            }
        }
        for (index, name) in outputs.prefix(2).enumerated() where isNonnegative(index) {
            for sum in sums[index] where sum < 0 {
                throw Failure(.malformed, "it answered with \(sum) for \(name), which cannot be below zero")
            }
        }
        guard sums.count > 2 else { return }
        // Counts travel as float32.
        let most = Double(Float(rows) * Float(task.featureCount / Scaling.sumCount(of: task)))
        for count in sums[2] where count < 0 || count > most || count != count.rounded() {
            throw Failure(.malformed, "it answered with \(count) cells that have a value, in \(rows) rows")
        }
    }

    /// Whether a sum is one of magnitudes or squares.
    private func isNonnegative(_ index: Int) -> Bool {
        switch pass {
        case .mean: false
        case .deviation: true
        case .residual: index == 1
        }
    }
}
