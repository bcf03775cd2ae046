import TestSupport
import Testing

@testable import Tensor

@Suite("making, joining and indexing tensors")
struct MakingTests {
    @Test("zeros, ones and full, of every element type")
    func full() throws {
        #expect(
            try Tensor.zeros([2, 3]).value() == TensorValue([Float](repeating: 0, count: 6), shape: [2, 3]))
        #expect(try Tensor.ones([2], elementType: .int32).value().int32s == [1, 1])
        #expect(try Tensor.full([2], 255, elementType: .uint8).value().bytes == [255, 255])
        #expect(try Tensor.full([1], Int.max, elementType: .int64).value().int64s == [.max])
        #expect(try Tensor.full([1], 0.1).floats == [0.1])
        #expect(try Tensor.zeros([0, 3]).shape.dimensions == [0, 3])
        let errors = [
            Tensor.full([1], 256, elementType: .uint8), .full([1], 0.5, elementType: .int32), .zeros([-1]),
            .ones([1 << 40]), .stride(to: 1, by: 0), .stride(to: .infinity),
            .random([1], in: 0..<(.infinity)),
        ]
        for tensor in errors { #expect(throws: TensorError.self) { try tensor.value() } }
    }

    @Test("random numbers follow their seed and stay within their bounds")
    func random() throws {
        let drawn = try Tensor.random([1_000], in: -2..<3, seed: 7).floats
        #expect(try Tensor.random([1_000], in: -2..<3, seed: 7).floats == drawn)
        #expect(try Tensor.random([1_000], in: -2..<3, seed: 8).floats != drawn)
        #expect(drawn.allSatisfy { $0 >= -2 && $0 < 3 })
        // 1000 numbers of deviation 1.44: the mean strays by 0.046 or so.
        #expect(abs(drawn.reduce(0, +) / 1_000 - 0.5) < 0.25)
        let normal = try Tensor.randomNormal([1_000], mean: 5, deviation: 0.5, seed: 7).floats
        #expect(abs(normal.reduce(0, +) / 1_000 - 5) < 0.1)
        var random = Philox(seed: 7, purpose: .samples)
        let first = Tensor.random([500], in: -2..<3, using: &random)
        let second = Tensor.random([500], in: -2..<3, using: &random)
        #expect(try first.floats + second.floats == drawn)
    }

    @Test("numbers at one distance")
    func strides() throws {
        #expect(try Tensor.stride(to: 4).floats == [0, 1, 2, 3])
        #expect(try Tensor.stride(from: 1, to: 0, by: -0.25).floats == [1, 0.75, 0.5, 0.25])
        #expect(try Tensor.stride(to: -1).floats == [])
    }

    @Test("an index drops its axis; one that is not there is named")
    func indices() throws {
        let x = Tensor([[1, 2, 3], [4, 5, 6]])
        #expect(try x[0].value() == TensorValue([Float(1), 2, 3]))
        #expect(try x[-1].floats == [4, 5, 6])
        #expect(try x[1, -1].item() == 6 && x[1][0].item() == 4 && x[-2, 1].shape.rank == 0)
        #expect(try x[0...0].shape.dimensions == [1, 3] && x[...(-2)].shape.dimensions == [1, 3])
        #expect(try (-2 ... -1).count == 2 && x[(-2)...(-1)].floats == x.floats)
        #expect(try Tensor.zeros([2, 0, 3])[1].shape.dimensions == [0, 3])
        for tensor in [x[2], x[-3], x[.max], x[.min], x[0, 3], x[0][0][0], x[0...(.max - 1)]] {
            #expect(throws: TensorError.self) { try tensor.value() }
        }
        let error = #expect(throws: TensorError.self) { try x[5].value() }
        #expect("\(try #require(error))".contains("axis 0 of size 2 has no index 5"))
    }

    @Test("an item is a number of any type, and only one")
    func items() throws {
        #expect(try Tensor(labels: [7]).item() == 7)
        #expect(try Tensor.full([1, 1], 3, elementType: .uint8).item() == 3)
        #expect(throws: TensorError.self) { try Tensor([1, 2]).item() }
        #expect(throws: TensorError.self) { try Tensor(labels: [(1 << 53) + 1]).item() }
    }

    @Test("joined along any axis every bit stays as it is", arguments: 0..<3)
    func concatenated(_ axis: Int) throws {
        var random = Philox(seed: UInt64(axis), purpose: .samples)
        for count in 1...5 {
            let parts = (0..<count).map { _ in
                var sizes = [2, 3, 2]
                sizes[axis] = Int(random.index(below: 4))
                let odd: [Float] = [-0.0, .nan, .infinity, -.infinity]
                let size = sizes.reduce(1, *)
                return (sizes, (0..<size).map { $0 % 5 == 0 ? odd[$0 / 5 % 4] : random.uniform() })
            }
            let all = parts.reduce(0) { $0 + $1.0[axis] }
            var sizes = [2, 3, 2]
            sizes[axis] = all
            // The naive twin: each element is looked up where it comes from.
            var expected: [Float] = []
            for i in 0..<sizes[0] {
                for j in 0..<sizes[1] {
                    for k in 0..<sizes[2] {
                        var index = [i, j, k], part = 0
                        while index[axis] >= parts[part].0[axis] {
                            index[axis] -= parts[part].0[axis]
                            part += 1
                        }
                        let own = parts[part].0
                        expected.append(parts[part].1[(index[0] * own[1] + index[1]) * own[2] + index[2]])
                    }
                }
            }
            let tensors = parts.map { Tensor($0.1, shape: $0.0) }
            let joined = try Tensor.concatenated(tensors, axis: axis - 3).value()
            #expect(try joined == TensorValue(expected, shape: sizes))
        }
    }

    @Test("whole numbers are joined too, gradients flow, and what does not fit is named")
    func concatenatedOthers() throws {
        let labels = Tensor(labels: [Int.max, 2]), bytes = Tensor.full([1, 2], 255, elementType: .uint8)
        #expect(
            try labels.concatenated(with: Tensor(labels: [-3])).value().int64s == [Int64(Int.max), 2, -3])
        #expect(try bytes.concatenated(with: bytes, axis: 1).value().bytes == [255, 255, 255, 255])
        let a = Tensor([1, 2]), b = Tensor([3])
        let loss = (Tensor.concatenated([a, b]) * Tensor([5, 6, 7])).sum()
        let slopes = gradient(of: loss, withRespectTo: [a, b])
        #expect(try slopes[0].floats == [5, 6] && slopes[1].floats == [7])
        for tensor in [
            Tensor.concatenated([]), .concatenated([a, Tensor(1)]), .concatenated([a, labels]),
            .concatenated([a, b], axis: 1), .concatenated([a, Tensor([[1, 2]])]),
        ] {
            #expect(throws: TensorError.self) { try tensor.value() }
        }
    }

    @Test("numbers of any type beside tensors")
    func numbers() throws {
        let double = 0.5, float: Float = 2, whole = 3, x = Tensor([1, 2])
        #expect(try (x * double).floats == [0.5, 1] && (double - x).floats == [-0.5, -1.5])
        #expect(try (x / whole * whole + float).floats == [3, 4] && (x ** whole).floats == [1, 8])
        #expect(try (x * (1 / 4)).floats == [0.25, 0.5])
        #expect(try x.maximum(1.5 * double).floats == [1, 2] && x.equal(to: whole - 1).floats == [0, 1])
        #expect(
            try Tensor([double, 1]).floats == [0.5, 1] && Tensor([[double], [1]]).shape.dimensions == [2, 1])
        let rows: [[Float]] = [[1, 2], [3]]
        #expect(throws: TensorError.self) { try Tensor(rows).value() }
    }
}
