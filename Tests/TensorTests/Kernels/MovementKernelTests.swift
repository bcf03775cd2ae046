import Testing

@testable import Tensor

@Suite("movement kernels")
struct MovementKernelTests {
    @Test("every order of axes, for every element size")
    func transposing() throws {
        var draw = Draw(seed: 41)
        for _ in 0..<60 {
            let rank = draw.number(below: 5), order = draw.order(rank)
            let shape = draw.shape(rank: rank, sizes: [1, 2, 3])
            let numbers = try draw.labels(shape, below: 200)
            try expectTwin(.transpose(permutation: order), [numbers])
            for type in [ElementType.uint8, .int32, .float32] {
                try expectTwin(.transpose(permutation: order), [evaluate(.cast(to: type), [numbers])])
            }
        }
    }

    @Test("expanding to any shape")
    func expanding() throws {
        var draw = Draw(seed: 42)
        for _ in 0..<60 {
            let shape = draw.shape(rank: draw.number(below: 4) + 1, sizes: [1, 2, 3])
            try expectTwin(.expand(to: shape), [draw.floats(draw.part(of: shape))])
        }
    }

    @Test("slices of any shape, for every element size, and back")
    func slicing() throws {
        var draw = Draw(seed: 44)
        for _ in 0..<200 {
            let shape = draw.shape(rank: draw.number(below: 5), sizes: [0, 1, 2, 3, 9])
            var starts: [Int] = [], stops: [Int] = [], steps: [Int] = []
            for size in shape.prefix(draw.number(below: shape.count + 1)) {
                let ends = [draw.number(below: size + 1), draw.number(below: size + 1)].sorted()
                starts.append(ends[0] < size && draw.flag() ? ends[0] - size : ends[0])
                stops.append(ends[1] == size ? .max : draw.flag() ? ends[1] - size : ends[1])
                steps.append(draw.flag() ? 1 : draw.number(below: 4) + 1)
            }
            let slice = Operation.slice(starts: starts, stops: stops, steps: steps)
            let gradient = Operation.sliceGradient(starts: starts, stops: stops, steps: steps)
            let whole = try draw.labels(shape, below: 200)
            for type in [ElementType.uint8, .int64, .float32] {
                let numbers = try evaluate(.cast(to: type), [whole])
                try expectTwin(slice, [numbers])
                try expectTwin(gradient, [evaluate(slice, [numbers]), whole])
            }
        }
    }

    @Test("a step longer than its axis leaves the first element")
    func longSteps() throws {
        let x = try TensorValue([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        let slice = Operation.slice(starts: [0, 1], stops: [2, 3], steps: [.max, .max])
        #expect(try evaluate(slice, [x]).floats == [2])
        let gradient = Operation.sliceGradient(starts: [1, 2], stops: [.max, .max], steps: [.max, 1])
        #expect(
            try evaluate(gradient, [TensorValue([7] as [Float], shape: [1, 1]), x]).floats
                == [0, 0, 0, 0, 0, 7])
    }

    @Test("a label out of range is an error that names it, for every operation that reads labels")
    func labelsOutOfRange() throws {
        let logits = try TensorValue.zeros([2, 3]), scalar = TensorValue(scalar: 1)
        for bad in [-1, 3, .max, .min] as [Int64] {
            let labels = try TensorValue([0, bad])
            let error = #expect(throws: TensorError.self) {
                try evaluate(.softmaxCrossEntropy(.mean), [logits, labels])
            }
            #expect(error?.description.contains("row 1: expected 0 to 2, got \(bad)") == true)
            #expect(throws: TensorError.self) {
                try evaluate(.softmaxCrossEntropyGradient(.sum), [scalar, logits, labels])
            }
            #expect(throws: TensorError.self) { try evaluate(.oneHot(depth: 3), [labels]) }
        }
        #expect(throws: TensorError.self) {
            try evaluate(.oneHot(depth: 3), [try TensorValue([3] as [Int32])])
        }
    }

    @Test("softmax and its kin survive logits that overflow exponentials")
    func extremeLogits() throws {
        let logits = try TensorValue([1_000, 0, -1_000, 0, 0, 0] as [Float], shape: [2, 3])
        let third = Float(1) / 3
        #expect(try evaluate(.softmax(axis: 1), [logits]).floats == [1, 0, 0, third, third, third])
        #expect(try Array(evaluate(.logSoftmax(axis: 1), [logits]).floats.prefix(3)) == [0, -1_000, -2_000])
        let labels = try TensorValue([2, 0] as [Int32])
        let losses = try evaluate(.softmaxCrossEntropy(.none), [logits, labels]).floats
        #expect(losses[0] == 2_000)
        #expect(abs(losses[1] - 1.0986123) < 1e-6)
    }

    @Test("softmax along any axis")
    func softmaxAxes() throws {
        var draw = Draw(seed: 43)
        for axis in -3..<3 {
            let x = try draw.floats([3, 4, 5])
            try expectTwin(.softmax(axis: axis), [x])
            try expectTwin(.logSoftmax(axis: axis), [x])
        }
    }

    @Test("the mean loss of no rows is none")
    func emptyLoss() throws {
        let loss = try evaluate(.softmaxCrossEntropy(.mean), [.zeros([0, 3]), TensorValue([] as [Int64])])
        #expect(try loss.scalar().isNaN)
    }
}
