import Jobs
import Protocol
import Tensor

/// A fold over one of its shards, its sources found.
struct BoundFold {
    /// What an input of the finish graph is.
    enum Ending {
        case found(BoundInput)
        case lastState(Int)
        case metric(Int)
        case examples
    }

    let fold: Fold
    let rows: Fold.Rows
    /// What each output is called.
    let names: [String]
    private let sources: [Job.Source]
    /// What was found, by the number of the source.
    private var found: [BoundInput?]

    /// Finds the sources of a fold.
    ///
    /// - Throws: what `find` throws; `JobError.invalid` for a job that is none; `notPermitted` for a source that is
    ///   rows.
    init(
        _ job: Job, over rows: Fold.Rows, find: (Job.Source) throws(JobError) -> BoundInput?
    ) throws(JobError) {
        guard case .fold(let fold) = job.compute else { throw .invalid("the job is no fold") }
        self.fold = fold
        self.rows = rows
        names = job.outputs.isEmpty ? Array(repeating: "", count: job.outputCount) : job.outputs.map(\.name)
        sources = job.sources
        found = []
        for source in job.sources {
            let input = try find(source)
            if let input { try BoundFold.check(input) }
            found.append(input)
        }
        for number in fold.states + fold.constants where found[number] == nil {
            throw .invalid("source \(number) is not there when the fold begins")
        }
    }

    /// A fold reads rows batch by batch, which is what its rule is about; rows that were kept whole are no part of it.
    private static func check(_ input: BoundInput) throws(JobError) {
        switch input.label {
        case .open, .aggregate: return
        case .rows, .secret:
            throw .notPermitted(
                "a source of the fold tells of single rows of \(input.label.datasets.joined(separator: ", ")); "
                    + "only sums over rows may be among them")
        }
    }

    /// Makes what is made of nothing; there is memory for it.
    mutating func makeSources() throws(JobError) {
        for index in found.indices { found[index] = try found[index]?.made() }
    }

    /// The bytes `makeSources` takes.
    var madeByteCount: Int { found.reduce(0) { $0.addingSaturated($1?.madeByteCount ?? 0) } }

    /// What states are before the first batch.
    var states: [BoundInput] { fold.states.compactMap { found[$0] } }
    /// What stays the same.
    var constants: [BoundInput] { fold.constants.compactMap { found[$0] } }
    /// What is found at all: whether it tells of rows decides what may leave.
    var inputs: [BoundInput] { found.compactMap(\.self) }

    /// What the finish graph's inputs are.
    var endings: [Ending] {
        fold.finishInputs.map { number in
            if let input = found[number] { return .found(input) }
            return switch sources[number] {
            case .lastState(let index): .lastState(index)
            case .metric(let index): .metric(index)
            case .firstState(let index): .found(states[index])
            default: .examples
            }
        }
    }

    /// How rows become batches.
    var schedule: Program.Schedule { fold.schedule(of: rows) }
    /// The number of states.
    var stateCount: Int { fold.states.count }
    /// The types of the step graph's inputs but the columns.
    var bindingTypes: [ValueType] { (states + constants).map(\.type) }
}
