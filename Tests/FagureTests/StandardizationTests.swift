import Datasets
import Federation
import Jobs
import Protocol
import Tensor
import Testing

@testable import Fagure
@testable import WorkerKit

/// Passes over shards in this process, as a run makes them.
private func moments(
    of task: LearningTask, _ shards: [Shard],
    passes: [StatisticsProgram.Pass] = StatisticsProgram.Pass.allCases
) throws -> FeatureMoments {
    var moments = FeatureMoments(count: Scaling.sumCount(of: task))
    for pass in passes {
        let program = try StatisticsProgram(task, pass: pass)
        var sums = FeatureSums()
        for shard in shards {
            let job = try program.job(for: shard.reference, moments: moments)
            sums += try program.sums(from: try Samples.run(job, on: shard))
        }
        moments.take(sums, of: pass, numbersPerSum: task.featureCount / Scaling.sumCount(of: task))
    }
    return moments
}

/// A data set of one column of numbers, in so many shards.
private func shards(_ numbers: [Float], count: Int = 1) throws -> [Shard] {
    let x = Column(name: "x", role: .feature, elementType: .float32, rowShape: try Shape([1]))
    let y = Column(name: "y", role: .label, elementType: .float32, rowShape: try Shape([1]))
    let values = try TensorValue(numbers, shape: [numbers.count, 1])
    let dataset = try Dataset(
        name: "data", train: Table(schema: Schema([x, y]), values: [values, values]))
    return try (0..<count).map { try dataset.shard($0, of: count, partition: .contiguous) }
}

private func task(_ missing: MissingCells = .refuse, dimensions: [Int] = [1]) throws -> LearningTask {
    var description = Samples.description([Samples.feature(dimensions), Samples.numbers()])
    description.missing = missing
    return try LearningTask(description)
}

@Suite("Standardisation")
struct StandardizationTests {
    /// Mean and deviation of what float32 holds, in double precision.
    private static func truth(_ numbers: [Float]) -> (mean: Double, deviation: Double) {
        let mean = numbers.reduce(0) { $0 + Double($1) } / Double(numbers.count)
        let variance = numbers.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        return (mean, (variance / Double(numbers.count)).squareRoot())
    }

    @Test(
        "the scale is that of double precision, whatever the column's size and offset",
        arguments: [
            (0, 1), (46.77, 0.003), (310.15, 0.083), (2_020, 1.2), (1.7e9, 243_604), (3e-24, 1e-24),
            (0, 1e-24), (0, 1e20), (1e20, 1e20), (1e12, 1e6), (-1e12, 1e7), (0, 1e-30), (1e6, 10), (0, 1e36),
        ], [1, 3])
    func scales(_ column: (mean: Double, deviation: Double), shardCount: Int) throws {
        var random = Philox(seed: 11, purpose: .initialization)
        let numbers = random.normal(1_201).map { Float(column.mean + column.deviation * Double($0)) }
        let truth = Self.truth(numbers)
        let task = try task()
        let found = try moments(of: task, shards(numbers, count: shardCount))
        #expect(abs(Double(found.scales[0]) * truth.deviation - 1) < 1e-3)
        let tolerance = max(1e-3 * truth.deviation, abs(truth.mean) * 1e-7)
        #expect(abs(Double(found.means[0]) - truth.mean) < tolerance)
        let scaling = try Scaling.standard(found, for: task)
        #expect(try scaling.scale.scalar() == found.scales[0] && scaling.mean.scalar() == found.means[0])
    }

    @Test("a column that never changes is only shifted", arguments: [5, 0, 0.1, -1e30, 1e-38] as [Float])
    func constants(number: Float) throws {
        let found = try moments(of: task(), shards([Float](repeating: number, count: 1_003)))
        #expect(found.scales == [1])
        #expect(abs(found.means[0] - number) <= abs(number) * 1e-6)
    }

    @Test("a missing cell counts for nothing, and gets the mean")
    func missingCells() throws {
        let task = try task(.mean)
        let numbers: [Float] = [1, .nan, 3, 5, .nan, 7]
        let found = try moments(of: task, shards(numbers, count: 2))
        #expect(found.fills == [4] && found.means == [4])
        let truth = Self.truth([1, 3, 5, 7])
        #expect(abs(Double(found.scales[0]) * truth.deviation - 1) < 1e-5)
        let scaling = try Scaling.standard(found, for: task)
        #expect(try scaling.fill?.scalar() == 4 && scaling.constants.count == 3)
        // Without standardisation the mean must be known all the same.
        let plain = try Scaling.plain(for: task, moments: moments(of: task, shards(numbers), passes: [.mean]))
        #expect(try plain.fill?.scalar() == 4 && plain.scale.scalar() == 1)

        let model = try ModelKind.linear.makeModel(for: task, seed: 1)
        let program = try EvaluationProgram(task, model: model)
        let shard = try #require(try shards([1, .nan, 7]).first)
        let loss = try program.metrics(
            from: Samples.run(
                program.job(
                    for: shard.reference, of: ModelState(model), scaling: scaling, part: .train), on: shard))
        // The labels have the NaN too: only finite ones would make a finite loss, so the input is looked at.
        #expect(loss.loss.isNaN)
        let input = ProgramInputs(task)
        let graph = try Graph(inputs: [input.feature] + input.constants, outputs: [input.modelInput])
        let plan = try Plan(
            graph, inputs: [ValueType(.float32, Shape([3, 1]))] + scaling.constants.map(\.type))
        let execution = Execution(plan)
        try execution.bind(TensorValue([1, .nan, 7] as [Float], shape: [3, 1]), to: 0)
        for (index, constant) in scaling.constants.enumerated() {
            try execution.bind(constant, to: index + 1)
        }
        try execution.run()
        let scaled = try execution.output(0).floats
        #expect(scaled[1] == 0 && scaled[0] == -scaled[2] && scaled[0] < 0)
    }

    @Test("categories are left alone, numbers beside them are not")
    func categories() throws {
        var column = Samples.feature([3])
        column.features = [
            .init(name: "sex", kind: .categories(["f", "m"])), .init(name: "age", kind: .number),
        ]
        var description = Samples.description([column, Samples.numbers()])
        description.missing = .mean
        let task = try LearningTask(description)
        #expect(task.categoryElements == [0, 1])
        var found = FeatureMoments(count: 3)
        found.take(
            FeatureSums(rows: 4, values: [[1, 3, 40], [0, 0, 0], [4, 4, 4]]), of: .mean, numbersPerSum: 1)
        found.take(
            FeatureSums(rows: 4, values: [[1.5, 1.5, 8], [0, 0, 0], [4, 4, 4]]), of: .deviation,
            numbersPerSum: 1)
        found.take(
            FeatureSums(rows: 4, values: [[0, 0, 0], [4, 4, 4], [4, 4, 4]]), of: .residual, numbersPerSum: 1)
        let scaling = try Scaling.standard(found, for: task)
        #expect(try scaling.mean.floats == [0, 0, 10] && scaling.scale.floats == [1, 1, 0.5])
        #expect(try scaling.fill?.floats == [0.25, 0.75, 10])
    }

    @Test("pixels are standardised as one, and plain pixels divided by 255")
    func pixels() throws {
        let digits = try Dataset.load(named: "digits")
        let shard = try digits.shard(0, of: 1, partition: .contiguous)
        let column = ColumnDescription(
            name: "pixels", role: .feature, elementType: ElementType.uint8.rawValue, dimensions: [8, 8],
            classes: [])
        let label = ColumnDescription(
            name: "label", role: .label, elementType: ElementType.int32.rawValue, dimensions: [],
            classes: (0..<10).map(String.init))
        let task = try LearningTask(Samples.description([column, label]))
        let pixels = try Tensor(shard.train.values[0]).cast(to: .float32).value().floats
        let truth = Self.truth(pixels)
        let found = try moments(of: task, [shard])
        #expect(abs(Double(found.scales[0]) * truth.deviation - 1) < 1e-4)
        #expect(abs(Double(found.means[0]) - truth.mean) < 1e-4)
        #expect(try Scaling.standard(found, for: task).mean.shape.rank == 0)
        #expect(try Scaling.plain(for: task).scale.scalar() == 1 / 255)
        #expect(try Scaling.standard(FeatureMoments(count: 1), for: task) == .plain(for: task))
    }

    @Test("counts that cannot be added stay at their largest")
    func overflow() {
        var sums = FeatureSums(rows: .max - 1, values: [[1]])
        sums += FeatureSums(rows: .max - 1, values: [[2]])
        #expect(sums.rows == .max && sums.values == [[3]])
    }
}
