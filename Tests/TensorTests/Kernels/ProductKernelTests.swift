import Testing

@testable import Tensor

@Suite("matrix products")
struct ProductKernelTests {
    @Test("any sizes, with oneDNN and without, any way round, any leading axes that broadcast")
    func products() throws {
        var draw = Draw(seed: 31)
        for _ in 0..<150 {
            let batch = draw.shape(rank: draw.number(below: 3), sizes: [1, 2, 3])
            let (m, n, k) = (draw.number(below: 12), draw.number(below: 12), draw.number(below: 12))
            let transposeLeft = draw.flag(), transposeRight = draw.flag()
            let left = draw.part(of: batch) + (transposeLeft ? [k, m] : [m, k])
            let right = draw.part(of: batch) + (transposeRight ? [n, k] : [k, n])
            try expectTwin(
                .matmul(transposeLeft: transposeLeft, transposeRight: transposeRight),
                [draw.steps(left), draw.steps(right)])
        }
    }

    @Test("a product over nothing is zeros, not what the memory held")
    func emptyInner() throws {
        let operation = Operation.matmul(transposeLeft: false, transposeRight: false)
        let product = try evaluate(operation, [.zeros([2, 0]), .zeros([0, 3])])
        #expect(try product.floats == [Float](repeating: 0, count: 6))
        #expect(
            try evaluate(.linear, [.zeros([0, 4]), .zeros([5, 4]), .zeros([5])]).shape.dimensions == [0, 5])
        let biased = try evaluate(
            .linear, [.zeros([2, 0]), .zeros([3, 0]), TensorValue([1, 2, 3] as [Float])])
        #expect(try biased.floats == [1, 2, 3, 1, 2, 3])
    }

    @Test("sizes of real layers")
    func largeProducts() throws {
        var draw = Draw(seed: 32)
        let x = try draw.floats([16, 70]), weight = try draw.floats([20, 70]), bias = try draw.floats([20])
        // Products that cancel leave the rounding of what they cancelled.
        try expectTwin(.linear, [x, weight, bias], absolute: 1e-5)
        try expectTwin(
            .matmul(transposeLeft: true, transposeRight: false), [draw.floats([16, 20]), x], absolute: 1e-5)
    }

    @Test("the same product gives the same bits")
    func determinism() throws {
        var draw = Draw(seed: 33)
        let x = try draw.floats([32, 784]), weight = try draw.floats([200, 784]),
            bias = try draw.floats([200])
        #expect(try evaluate(.linear, [x, weight, bias]) == evaluate(.linear, [x, weight, bias]))
    }
}
