import Fagure
import Tensor
import TestSupport
import Testing

extension SplitMix64 {
    fileprivate mutating func floats(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float.random(in: -2...2, using: &self) }
    }

    fileprivate mutating func index(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}

/// Seeded random steps on matrices of 4 by 4: the same for the same seed, whatever they are recorded on.
private struct RandomSteps {
    let seed: UInt64

    /// Everything recorded, the leaves first.
    func record(on leaves: [Tensor]) -> [Tensor] {
        var random = SplitMix64(seed: seed)
        var tensors = leaves
        for _ in 0..<12 {
            let first = tensors[random.index(tensors.count)], second = tensors[random.index(tensors.count)]
            tensors.append(step(random.index(20), first, second, &random))
        }
        return tensors
    }

    private func step(
        _ kind: Int, _ x: Tensor, _ y: Tensor, _ random: inout SplitMix64
    ) -> Tensor {
        switch kind {
        case 0: x + y
        case 1: x - y
        case 2: x * y
        case 3: x / (y * y + 1)
        case 4: -x
        case 5: (x * 0.5).tanh()
        case 6: x.sigmoid()
        case 7: x.relu()
        case 8: x.tanh().matmul(y.tanh())
        case 9: x.transposed()
        case 10: x.abs().sqrt() + y
        case 11: x.softmax()
        case 12: x.maximum(y)
        case 13: x.sum(axes: [1], keepsDimensions: true) + y
        case 14: x - y.mean(axes: [0], keepsDimensions: true)
        case 15: x[1..<3].reshaped(to: [4, 2]).matmul(y[0..<2])
        case 16: x[(-2)...].matmul(y, transposeRight: true).transposed().matmul(x[..<2])
        case 17: x.greater(than: y).select(x, otherwise: y * Float(random.index(5)))
        case 18: x.logSoftmax(axis: 0)
        default: x.addingProduct(y, Tensor(0.25))
        }
    }
}

@Suite("operators on pointers", .timeLimit(.minutes(2)))
struct PointerOperatorTests {
    /// The numbers to the last bit; whatever is no number is the same as any other.
    private func bits(_ tensor: Tensor) throws -> [UInt32] {
        try tensor.floats.map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern }
    }

    @Test("random expressions and their gradients have the same bits at a worker as here")
    func property() async throws {
        try await withBob { _, bob in
            for seed in UInt64(0)..<60 {
                var random = SplitMix64(seed: ~seed)
                let leaves = (0..<3).map { _ in Tensor(random.floats(16), shape: [4, 4]) }
                var pointers: [Tensor] = []
                for leaf in leaves { pointers.append(try await leaf.send(to: bob)) }
                let steps = RandomSteps(seed: seed)
                let here = steps.record(on: leaves), there = steps.record(on: pointers)
                let losses = (here[here.count - 1].mean(), there[there.count - 1].mean())
                let slopes = (
                    gradient(of: losses.0, withRespectTo: leaves),
                    gradient(of: losses.1, withRespectTo: pointers)
                )
                let expected = try await get(Array(here.dropFirst(3)) + [losses.0], slopes.0)
                let got = try await get(Array(there.dropFirst(3)) + [losses.1], slopes.1)
                for (index, (a, b)) in zip(got.0 + got.1, expected.0 + expected.1).enumerated() {
                    #expect(try a.type() == b.type())
                    #expect(try bits(a) == bits(b), "seed \(seed), tensor \(index)")
                }
            }
        }
    }

    @Test("one expression asked for step by step is what it is asked for at once")
    func stepwise() async throws {
        try await withBob { _, bob in
            for seed in UInt64(100)..<110 {
                var random = SplitMix64(seed: seed)
                let leaves = (0..<2).map { _ in Tensor(random.floats(16), shape: [4, 4]) }
                var pointers: [Tensor] = []
                for leaf in leaves { pointers.append(try await leaf.send(to: bob)) }
                let there = RandomSteps(seed: seed).record(on: pointers)
                let together = try await get(there.map { $0.copy() })
                for (index, tensor) in there.enumerated() {
                    let alone = try await tensor.get()
                    #expect(try bits(alone) == bits(together[index]), "seed \(seed), tensor \(index)")
                }
            }
        }
    }

    @Test("slices, casts, labels and comparisons are computed there too")
    func otherTypes() async throws {
        try await withBob { _, bob in
            func record(_ x: Tensor, _ labels: Tensor) -> [Tensor] {
                [
                    x[1...], x[..<(-1)], x.sliced(starts: [0, 1], stops: [.max, 3], steps: [2, 1]),
                    x.argmax(), x.cast(to: .int32), labels.oneHot(depth: 3), labels.cast(to: .float32) * 2,
                    softmaxCrossEntropy(x, labels), correctCount(x, labels), x.flattened(),
                    x.max(axes: [0]), x.min(), (x ** 2).sum().log().exp(), x.abs().reciprocal().sign(),
                    labels.equal(to: x.argmax()),
                ]
            }
            let x = Tensor([1, 5, 2, 7, 0.5, 3, -4, 2, 9], shape: [3, 3]), labels = Tensor(labels: [0, 1, 2])
            let here = try await get(record(x, labels))
            let there = try await get(record(try await x.send(to: bob), try await labels.send(to: bob)))
            for (a, b) in zip(here, there) { #expect(try a.value() == b.value()) }
        }
    }

    @Test("numbers are at no location: they go with whatever they meet")
    func numbers() async throws {
        try await withBob { _, bob in
            let x = try await Tensor([1, 2]).send(to: bob)
            let y = 1 + 2 * x / 4 - Tensor(0.5)
            #expect(y.location === bob)
            #expect(try await y.get().floats == [1, 1.5])
        }
    }

    @Test("gradients of a visiting model are at the worker, and can be looked at")
    func modelGradients() async throws {
        try await withBob { session, bob in
            let data = try await tutorialData.send(to: bob), target = try await tutorialTarget.send(to: bob)
            let model = try tutorialModel()
            try await model.send(to: bob)
            let loss = ((model(data) - target) ** 2).sum()
            loss.backward()
            let slope = try #require(model.weight.gradient)
            #expect(slope.location === bob)
            #expect(try slope.shape.dimensions == [1, 2])
            let functional = gradient(of: loss, withRespectTo: [model.weight.tensor])
            let (first, second) = try await get(slope.copy(), functional[0])
            #expect(try first.floats == [-3.5, -3] && second.floats == [-3.5, -3])
            #expect(try await model.bias?.gradient?.get().floats == [-4])
            #expect(try await loss.get().scalar() == 1.8125)
            #expect(model.location === bob)
        }
    }
}
