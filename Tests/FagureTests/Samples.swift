import Datasets
import Fagure
import Ground
import Jobs
import Protocol
import Tensor

@testable import WorkerKit

/// Small data for the tests of this room.
enum Samples {
    /// A schema as it is announced.
    static func description(_ columns: [ColumnDescription], name: String = "data") -> DatasetDescription {
        DatasetDescription(name: name, tags: [], columns: columns)
    }

    static func feature(_ dimensions: [Int] = [2], type: ElementType = .float32) -> ColumnDescription {
        ColumnDescription(
            name: "x", role: .feature, elementType: type.rawValue, dimensions: dimensions, classes: [])
    }

    static func classes(_ count: Int, type: ElementType = .int32) -> ColumnDescription {
        ColumnDescription(
            name: "y", role: .label, elementType: type.rawValue, dimensions: [],
            classes: (0..<count).map { "class \($0)" })
    }

    static func numbers(_ dimensions: [Int] = [1]) -> ColumnDescription {
        ColumnDescription(
            name: "y", role: .label, elementType: ElementType.float32.rawValue, dimensions: dimensions,
            classes: [])
    }

    /// Five rows of two features and numbers near 1 + 2a − b.
    static let rows: [[Float]] = [[0, 1], [1, 0], [2, 1], [-1, 2], [0.5, -1]]
    static let targets: [Float] = [0.1, 3, 4.2, -3, 3]
    static let labels: [Int32] = [0, 2, 2, 0, 1]

    /// The rows with numbers to predict, or with classes.
    static func dataset(classes: Bool = false) throws -> Dataset {
        let x = Column(name: "x", role: .feature, elementType: .float32, rowShape: try Shape([2]))
        let values = try TensorValue(rows.flatMap { $0 }, shape: [5, 2])
        guard classes else {
            let y = Column(name: "y", role: .label, elementType: .float32, rowShape: try Shape([1]))
            let table = try Table(
                schema: Schema([x, y]), values: [values, TensorValue(targets, shape: [5, 1])])
            return try Dataset(name: "data", train: table, test: table)
        }
        let y = Column(name: "y", role: .label, elementType: .int32, classes: ["a", "b", "c"])
        let table = try Table(schema: Schema([x, y]), values: [values, TensorValue(labels)])
        return try Dataset(name: "data", train: table, test: table)
    }

    /// The whole of a data set as one shard.
    static func shard(of dataset: Dataset) throws -> Shard {
        try dataset.shard(0, of: 1, partition: .contiguous)
    }

    /// Runs a program as a worker would, after it has been encoded and decoded.
    static func run(_ job: ProgramJob, on shard: Shard) throws -> JobResult {
        let payload = job.job.payload(includesGraphs: true)
        let frames = payload.frames.map { frame in
            switch frame {
            case .packed(let bytes): Storage(elements: bytes)
            case .whole(let storage): storage
            }
        }
        let received = try Job(decoding: payload.body, frames: frames) { _ in nil }
        guard let result = try run(received, on: shard) else { throw Failure(.malformed, "no program") }
        return result
    }

    /// Runs a fold over its first shard, whether or not what it gives may leave; nothing for another job.
    static func run(_ job: Job, on shard: Shard) throws -> JobResult? {
        guard case .fold(let fold) = job.compute else { return nil }
        let bound = try BoundFold(job, over: fold.shards[0]) { (source) in BoundInput(source) }
        var cache = PlanCache()
        var runner = try FoldRunner(
            bound, shard: shard, cache: &cache, surroundings: .init(flag: .never, report: { _, _ in }))
        let result = try runner.run()
        let outputs = zip(bound.names, result.outputs).map { (name: $0, value: $1) }
        return JobResult(
            parts: [.init(outputs: outputs, examples: result.examples, batches: result.batches)], seconds: 0)
    }
}
