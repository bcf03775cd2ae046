import Tensor
import TestSupport
import Testing

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
