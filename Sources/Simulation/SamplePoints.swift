package import Datasets
import Tensor
import ZMQ

/// Small data to learn from: points of two classes that a line tells apart.
package enum SamplePoints {
    /// So many shards of 40 points to train on and 8 held out, dealt to so many workers; each shard to as many as hold
    /// it.
    ///
    /// - Throws: `DatasetError`, for none that are allowed.
    package static func shards(count: Int, workers: Int, holders: Int = 1) throws -> [[Shard]] {
        let dataset = try dataset(rows: 40 * count, heldOut: 8 * count)
        return try (0..<workers).map { worker in
            try (0..<count).filter { shard in (0..<holders).contains { (shard + $0) % workers == worker } }
                .map { try dataset.shard($0, of: count, partition: .iid(seed: 0)) }
        }
    }

    private static func dataset(rows: Int, heldOut: Int) throws -> Dataset {
        var random = SimulatedRandomness(seed: 1)
        let x = Column(name: "x", role: .feature, elementType: .float32, rowShape: try Shape([2]))
        let y = Column(name: "y", role: .label, elementType: .int32, classes: ["no", "yes"])
        func table(_ rows: Int) throws -> Table {
            let values = (0..<2 * rows).map { _ in Float.random(in: -1...1, using: &random) }
            let labels = (0..<rows).map { Int32(values[2 * $0] + 0.5 * values[2 * $0 + 1] > 0 ? 1 : 0) }
            return try Table(
                schema: Schema([x, y]), values: [TensorValue(values, shape: [rows, 2]), TensorValue(labels)])
        }
        return try Dataset(name: "points", train: table(rows), test: table(heldOut))
    }
}
