import Jobs
import Testing

@testable import Tensor

/// A value of `operations.json`: its numbers in row-major order.
struct RecordedValue: Codable, Hashable {
    var type: Int
    var dimensions: [Int]
    var numbers: [Double]

    init(_ value: TensorValue) {
        type = Int(value.type.elementType.rawValue)
        dimensions = value.type.shape.dimensions
        var bytes: [UInt8] = []
        value.storage.append(to: &bytes)
        let size = value.type.elementType.byteCount
        numbers = (0..<value.type.shape.elementCount).map { index in
            var word: UInt64 = 0
            for offset in 0..<size { word |= UInt64(bytes[index * size + offset]) << UInt64(8 * offset) }
            return switch value.type.elementType {
            case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
            case .int32: Double(Int32(truncatingIfNeeded: word))
            case .int64: Double(Int64(bitPattern: word))
            case .uint8: Double(word)
            }
        }
    }
}

/// A row of `operations.json`: a graph of one operation, what it is given and what comes of it.
struct RecordedOperation: Codable, Hashable {
    var name: String
    var code: Int
    var integers: [Int64]
    var floats: [Float]
    /// The serialised graph and its hash, as hexadecimal digits.
    var graph: String
    var hash: String
    var inputs: [RecordedValue]
    var outputs: [RecordedValue]

    init(_ sample: Operation.Sample, seed: UInt64) throws {
        var random = Philox(seed: seed, purpose: .samples)
        let values = try zip(sample.types, sample.domains).map { try TensorValue($0, $1, &random) }
        var builder = GraphBuilder()
        let ids = sample.types.enumerated().map { index, type in
            builder.input(
                Graph.Input(
                    name: "x\(index)", elementType: type.elementType, dimensions: type.shape.dimensions))
        }
        let applied = builder.append(sample.operation, ids)
        let types = try sample.operation.outputTypes(of: sample.types)
        let sealed = try SealedGraph(builder.finish(outputs: types.indices.map { applied + $0 }))
        let results = try sample.operation.definition.instruction(sample.types, types)
            .evaluate(values, outputs: types, .never)
        name = sample.operation.name
        code = Int(sample.operation.wireCode)
        integers = sample.operation.attributes.integers
        floats = sample.operation.attributes.floats
        graph = digits(sealed.bytes)
        hash = digits(sealed.hash.bytes)
        inputs = values.map { RecordedValue($0) }
        outputs = results.map { RecordedValue($0) }
    }
}

extension TensorValue {
    /// Numbers of a sample's input.
    fileprivate init(_ type: ValueType, _ domain: Operation.Sample.Domain, _ random: inout Philox) throws {
        let numbers = (0..<type.shape.elementCount).map { _ in
            let uniform = random.uniform()
            return switch domain {
            case .signed: uniform * 4 - 2
            case .positive: uniform + 0.5
            case .flags: uniform < 0.5 ? Float(0) : 1
            case .labels(let count): (uniform * Float(count)).rounded(.down)
            }
        }
        let shape = type.shape.dimensions
        switch type.elementType {
        case .float32: try self.init(numbers, shape: shape)
        case .int32: try self.init(numbers.map { Int32($0) }, shape: shape)
        case .int64: try self.init(numbers.map { Int64($0) }, shape: shape)
        case .uint8: try self.init(numbers.map { UInt8($0) }, shape: shape)
        }
    }
}
