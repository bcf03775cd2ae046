import Testing

@testable import Tensor

@Suite("tensor")
struct TensorTests {
    private func numbers(_ tensor: Tensor) throws -> [Float] { try tensor.value().floats }

    @Test("literals, scalars and operators compute what they say")
    func arithmetic() throws {
        let x: Tensor = [[0, 1], [2, 3]]
        let factor: Float = 2
        #expect(try x.value().shape.dimensions == [2, 2])
        #expect(try numbers(x + x) == [0, 2, 4, 6])
        #expect(try numbers(x * factor - 1) == [-1, 1, 3, 5])
        #expect(try numbers(factor - x / 2) == [2, 1.5, 1, 0.5])
        #expect(try numbers(-(x ** 2)) == [0, -1, -4, -9])
        #expect(try numbers(2 * x ** 2 * x) == [0, 2, 16, 54])
        #expect(try numbers(1 / (x + 1)).first == 1)
        #expect(try numbers(x + [10, 20]) == [10, 21, 12, 23])
        var sum = x
        sum += 1
        sum *= x
        sum -= 2
        sum /= 2
        #expect(try numbers(sum) == [-1, 0, 2, 5])
    }

    @Test("methods compute what they say")
    func methods() throws {
        let x: Tensor = [[-1, 2], [4, 3]]
        #expect(try numbers(x.sum()) == [8])
        #expect(try numbers(x.mean(axes: [0])) == [1.5, 2.5])
        #expect(try x.max(axes: [1], keepsDimensions: true).type().shape.dimensions == [2, 1])
        #expect(try numbers(x.min()) == [-1])
        #expect(try x.argmax().value().int64s == [1, 0])
        #expect(try numbers(x.matmul(x)) == [9, 4, 8, 17])
        #expect(try numbers(x.matmul(x, transposeRight: true)) == [5, 2, 2, 25])
        #expect(try numbers(x.transposed()) == [-1, 4, 2, 3])
        #expect(try numbers(x.reshaped(to: [-1])) == [-1, 2, 4, 3])
        #expect(try x.reshaped(to: [1, 2, 2]).flattened().type().shape.dimensions == [1, 4])
        #expect(try numbers(Tensor(3).expanded(to: [2])) == [3, 3])
        #expect(try numbers(x.relu()) == [0, 2, 4, 3])
        #expect(try numbers(x.abs() - x.sign()) == [2, 1, 3, 2])
        #expect(try numbers(x.greater(than: 2)) == [0, 0, 1, 1])
        #expect(try numbers(x.equal(to: 2)) == [0, 1, 0, 0])
        #expect(try numbers(x.greater(than: 2).select(x, otherwise: 0)) == [0, 0, 4, 3])
        #expect(try numbers(x.maximum(0).minimum(3)) == [0, 2, 3, 3])
        #expect(try numbers(x.addingProduct(2, x)) == [-3, 6, 12, 9])
        #expect(try x.cast(to: .int32).value().int32s == [-1, 2, 4, 3])
        #expect(try numbers(Tensor(labels: [1, 0]).oneHot(depth: 2)) == [0, 1, 1, 0])
        let softmax = try numbers(x.softmax(axis: 1)), logs = try numbers(x.logSoftmax(axis: 1).exp())
        for (a, b) in zip(softmax, logs) { #expect(abs(a - b) < 1e-6) }
        let round = try numbers(((x ** 2).sqrt().log().exp().reciprocal()) * x.abs())
        for number in round { #expect(abs(number - 1) < 1e-5) }
        #expect(try numbers((x - x).tanh() + (x - x).sigmoid()) == [0.5, 0.5, 0.5, 0.5])
    }

    @Test("nested literals have their shape, ragged ones an error when asked")
    func literals() throws {
        let cube: Tensor = [[[1, 2, 3]], [[4, 5, 6]]]
        #expect(try cube.type().shape.dimensions == [2, 1, 3])
        let empty: Tensor = []
        #expect(try empty.type().shape.dimensions == [0])
        for ragged: Tensor in [[[1, 2], [3]], [[1], 2], [[[1], [2, 3]], [[1], [2, 3]]]] {
            #expect(throws: TensorError.self) { try (ragged + 1).value() }
        }
        #expect(throws: TensorError.self) { try Tensor([1, 2, 3], shape: [2, 2]).value() }
    }

    @Test("errors name operation, shapes and line")
    func errors() throws {
        let x: Tensor = [1, 2, 3], y: Tensor = [1, 2]
        let line = #line + 1
        let product = x.matmul(y)
        let error = #expect(throws: TensorError.self) { try product.value() }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("matmul: "))
        #expect(text.hasSuffix("shapes [3], [2] (TensorTests/TensorTests.swift:\(line))"))
    }

    @Test("operators name the nearest line they know of")
    func nearLine() throws {
        let line = #line + 1
        let x = Tensor([1, 2, 3], shape: [3])
        let error = #expect(throws: TensorError.self) { try (x + [1, 2]).value() }
        #expect(error?.description.hasSuffix("(near TensorTests/TensorTests.swift:\(line))") == true)
    }

    @Test("a placeholder has no value, and a type only where all sizes are known")
    func placeholders() throws {
        let free = Tensor.input("x", dimensions: [nil, 3]), fixed = Tensor.input("y", dimensions: [2, 3])
        #expect(throws: TensorError.self) { try (free + 1).value() }
        #expect(throws: TensorError.self) { try (free + 1).type() }
        #expect(throws: TensorError.self) { try (fixed + 1).value() }
        #expect(try (fixed + 1).type() == ValueType(.float32, Shape([2, 3])))
    }

    @Test("shared steps are computed once, several tensors together")
    func sharing() throws {
        let x: Tensor = [1, 2]
        let squared = x * x
        let values = try Tensor.values(of: [squared + 1, squared - 1])
        #expect(try values.map { try $0.floats } == [[2, 5], [0, 3]])
    }

    @Test("a chain of 100,000 steps is recorded, refused as too large, and freed")
    func deepChain() throws {
        var x: Tensor = [1]
        for _ in 0..<100_000 { x = x + 1 }
        let error = #expect(throws: TensorError.self) { try x.value() }
        #expect(error == .limitExceeded(what: "the number of nodes", got: 100_000, limit: 65_536))
        x = [1]
        #expect(try numbers(x) == [1])
    }

    @Test("deep chains that branch are freed too, even where part of them is kept")
    func deepTree() throws {
        var left: Tensor = [1], right: Tensor = [2]
        var kept: [Tensor] = []
        for step in 0..<50_000 {
            (left, right) = (left + right, left * right)
            if step % 10_000 == 0 { kept.append(left) }
        }
        left = 0
        right = 0
        #expect(try numbers(kept[0]) == [3])
    }

    @Test("the gradient of a long chain neither overflows the stack nor takes quadratic time")
    func deepGradient() throws {
        var x: Tensor = [1, 2]
        let start = x
        for _ in 0..<20_000 { x = x * 1 }
        let slopes = gradient(of: x.sum(), withRespectTo: [start])
        #expect(try slopes[0].type() == ValueType(.float32, Shape([2])))
    }
}
