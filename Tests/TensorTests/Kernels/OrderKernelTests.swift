import TestSupport
import Testing

@testable import Tensor

@Suite("order and picking kernels")
struct OrderKernelTests {
    /// Numbers of which many are the same.
    private func ties(_ draw: inout Draw, _ shape: [Int]) throws -> TensorValue {
        try TensorValue((0..<shape.reduce(1, *)).map { _ in Float(draw.number(below: 4)) }, shape: shape)
    }

    @Test("orders are the slow twin's, ties and all", arguments: 0..<60)
    func orders(_ seed: Int) throws {
        var draw = Draw(seed: UInt64(seed))
        let shape = draw.shape(rank: 1 + draw.number(below: 3)), axis = draw.number(below: shape.count)
        let x = draw.flag() ? try ties(&draw, shape) : try draw.floats(shape)
        try expectTwin(.sort(axis: axis, descending: draw.flag()), [x], absolute: 0)
        try expectTwin(
            .topK(count: draw.number(below: shape[axis] + 1), axis: axis - shape.count), [x], absolute: 0)
    }

    @Test("a NaN is the largest, zeros of both signs are the same")
    func oddNumbers() throws {
        let x = try TensorValue([1, .nan, -.infinity, 0, -0.0, .infinity, .nan] as [Float])
        let rising = try results(.sort(axis: 0, descending: false), [x])
        #expect(try rising[1].int64s == [2, 3, 4, 0, 5, 1, 6])
        let falling = try results(.sort(axis: 0, descending: true), [x])
        #expect(try falling[1].int64s == [1, 6, 5, 0, 3, 4, 2])
        #expect(try results(.topK(count: 3, axis: 0), [x])[1].int64s == [1, 6, 5])
    }

    @Test("elements taken and scattered are the slow twin's", arguments: 0..<40)
    func picks(_ seed: Int) throws {
        var draw = Draw(seed: UInt64(seed))
        let shape = draw.shape(rank: 1 + draw.number(below: 3)), axis = draw.number(below: shape.count)
        var sizes = shape
        sizes[axis] = draw.number(below: 5)
        let places = (0..<sizes.reduce(1, *)).map { _ in Int64(draw.number(below: shape[axis])) }
        let indices = try TensorValue(places, shape: sizes)
        try expectTwin(.takeAlong(axis: axis), [try draw.floats(shape), indices], absolute: 0)
        try expectTwin(
            .scatterAlong(axis: axis), [try draw.floats(sizes), indices, try draw.floats(shape)])
    }

    @Test("an index its axis does not have is named", arguments: [-1, 3, Int64.max, .min])
    func outOfRange(_ index: Int64) throws {
        let x = try TensorValue([1, 2, 3] as [Float]), indices = try TensorValue([0, index], shape: [2])
        let pair = try TensorValue([1, 2] as [Float])
        for (operation, inputs) in [
            (Operation.takeAlong(axis: 0), [x, indices]), (.scatterAlong(axis: 0), [pair, indices, x]),
        ] {
            let error = #expect(throws: TensorError.self) { try evaluate(operation, inputs) }
            #expect("\(String(describing: error))".contains("\(index)"))
        }
    }
}
