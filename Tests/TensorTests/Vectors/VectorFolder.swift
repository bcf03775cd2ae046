import Foundation
import Tensor
import Testing

/// Reference numbers of other libraries: the folder of this repository, or one that `FAGURE_VECTORS` names.
enum VectorFolder {
    static var url: URL {
        if let other = ProcessInfo.processInfo.environment["FAGURE_VECTORS"], !other.isEmpty {
            return URL(fileURLWithPath: other)
        }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/vectors")
    }

    static func rows<Row: Decodable>(_ file: String) throws -> [Row] {
        try JSONDecoder().decode([Row].self, from: Data(contentsOf: url.appendingPathComponent(file)))
    }
}

/// A tensor in a vector file: flat numbers in row-major order.
struct VectorTensor: Decodable {
    let dtype: String
    let shape: [Int]
    let data: [Double]

    /// Truth values are float32 here.
    func value() throws -> TensorValue {
        switch dtype {
        case "float32", "bool": try TensorValue(data.map { Float($0) }, shape: shape)
        case "int64": try TensorValue(data.map { Int64($0) }, shape: shape)
        default: throw VectorError.unknownElementType(dtype)
        }
    }
}

enum VectorError: Error {
    case unknownElementType(String)
}

/// Records an issue unless shape and every number are as in the file: to 1e-5 relatively, or 1e-6.
func expectEqual(
    _ got: TensorValue, _ expected: VectorTensor, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let numbers =
        got.elementType == .int64 ? try got.int64s.map(Double.init) : try got.floats.map(Double.init)
    guard got.shape.dimensions == expected.shape else {
        Issue.record(
            "\(what): shape \(got.shape), expected \(expected.shape)", sourceLocation: sourceLocation)
        return
    }
    for (index, (a, b)) in zip(numbers, expected.data).enumerated()
    where !(abs(a - b) <= 1e-6 + 1e-5 * abs(b)) {
        Issue.record("\(what): element \(index) is \(a), expected \(b)", sourceLocation: sourceLocation)
    }
}
