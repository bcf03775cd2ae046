package import Tensor

/// A tensor in a file of vectors: flat numbers in row-major order.
package struct VectorTensor: Decodable, Sendable {
    /// An element type this project has no word for.
    package struct UnknownElementType: Error {
        /// As the file has it.
        package let name: String
    }

    /// PyTorch's name of the element type.
    package let dtype: String
    /// The sizes of the axes.
    package let shape: [Int]
    /// The numbers.
    package let data: [Double]

    /// The value; truth values are float32 here.
    package func value() throws -> TensorValue {
        switch dtype {
        case "float32", "bool": try TensorValue(data.map { Float($0) }, shape: shape)
        case "int64": try TensorValue(data.map { Int64($0) }, shape: shape)
        default: throw UnknownElementType(name: dtype)
        }
    }

    /// The value, to compute with.
    package func tensor() throws -> Tensor { Tensor(try value()) }
}

/// What is not as it should be among numbers, each to be within 2e-5 relatively or 1e-6; nothing where all are.
package func differences(_ got: [Float], _ expected: [Float]) -> [String] {
    guard got.count == expected.count else { return ["\(got.count) numbers, expected \(expected.count)"] }
    return zip(got, expected).enumerated().compactMap { index, pair in
        let isNear = abs(pair.0 - pair.1) <= 1e-6 + 2e-5 * abs(pair.1)
        return isNear ? nil : "number \(index) is \(pair.0), expected \(pair.1)"
    }
}
