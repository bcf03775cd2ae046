import Ground
public import Tensor

/// A program with the values it starts from.
public struct ProgramJob: Sendable {
    /// What is folded over which rows.
    public var program: Program
    /// Where the first state, then the constants come from. A value that stands there twice travels once.
    public var bindings: [Job.Source]

    /// Puts a job together that brings its values along.
    public init(program: Program, bindings: [TensorValue]) {
        self.init(program: program, sources: bindings.map { .value($0) })
    }

    /// Puts a job together.
    public init(program: Program, sources: [Job.Source]) {
        self.program = program
        bindings = sources
    }

    /// The job as it travels; the worker checks whether its counts fit.
    package var job: Job {
        var sources = SourceList()
        let numbers = bindings.map { sources.add($0) }
        let stateCount = min(max(0, program.stateCount), numbers.count)
        let states = Array(numbers.prefix(stateCount)), constants = Array(numbers.dropFirst(stateCount))
        let metricCount = max(0, program.step.graph.outputs.count - stateCount)
        let lasts = states.indices.map { sources.add(.lastState($0)) }
        let metrics = (0..<metricCount).map { sources.add(.metric($0)) }
        let examples = sources.add(.examples)
        let schedule = program.schedule
        let fold = Fold(
            step: program.step, states: states, constants: constants, columns: program.columns,
            finish: program.finish, finishInputs: states + lasts + constants + metrics + [examples],
            part: program.part, epochs: schedule.epochs, shuffles: schedule.shuffleSeed != nil,
            batchLimit: schedule.batchLimit, dropsRemainder: schedule.dropsRemainder,
            shards: [
                Fold.Rows(
                    program.shard, batchSize: schedule.batchSize, shuffleSeed: schedule.shuffleSeed ?? 0)
            ])
        return Job(
            sources: sources.sources, compute: .fold(fold),
            outputs: program.outputs.map { Job.Output($0, to: .release) })
    }
}

extension ProgramJob {
    /// The same over several shards, each with batches and an order of its own.
    package func job(over rows: [Fold.Rows]) -> Job {
        var job = job
        guard case .fold(var fold) = job.compute else { return job }
        fold.shards = rows
        job.compute = .fold(fold)
        return job
    }
}

/// Sources, each once: a model that is where training starts, and also what it is held close to, travels once.
private struct SourceList {
    private enum Key: Hashable {
        case storage(ObjectIdentifier, ValueType)
        case other(Job.Source)
    }

    private(set) var sources: [Job.Source] = []
    private var numbers: [Key: Int] = [:]

    /// The number of a source, which is added if it is new. Values are the same if they share their memory.
    mutating func add(_ source: Job.Source) -> Int {
        let key: Key
        if case .value(let value) = source {
            key = .storage(ObjectIdentifier(value.storage), value.type)
        } else {
            key = .other(source)
        }
        if let known = numbers[key] { return known }
        numbers[key] = sources.count
        sources.append(source)
        return sources.count - 1
    }
}
