import Ground
import Synchronization
import Testing

@testable import Tensor

@Suite("cancellation")
struct CancellationTests {
    /// A flag that counts how often it is asked, and is set at a number.
    private final class Count: Sendable {
        let asked = Atomic(0)

        func flag(settingAt limit: Int = .max) -> CancelFlag {
            CancelFlag { self.asked.add(1, ordering: .relaxed).newValue >= limit }
        }

        var value: Int { asked.load(ordering: .relaxed) }
    }

    private static let side = 1 << 10

    /// One operation on a million elements, each other.
    private static let operations: [Operation] = [
        .tanh, .power(exponent: 1.5), .add, .greater, .equal, .addProduct, .select, .cast(to: .uint8),
        .sum(axes: nil, keepsDimensions: false), .sum(axes: [0], keepsDimensions: false),
        .mean(axes: [1], keepsDimensions: true), .max(axes: nil, keepsDimensions: false),
        .min(axes: [0], keepsDimensions: false), .argmax(axis: 0), .argmax(axis: 1), .softmax(axis: 0),
        .softmax(axis: 1), .logSoftmax(axis: 1), .transpose(permutation: [1, 0]),
        .slice(starts: [0, 0], stops: [.max, .max], steps: [1, 1]), .expand(to: [2, side, side]),
    ]

    private func execution(_ operation: Operation) throws -> Execution {
        let sketch = Sketch()
        let x = sketch.input("x", [Self.side, Self.side])
        // Negated first, so that nothing is a mere view of what is bound.
        let node: Int =
            switch operation.someInputCount {
            case 1: sketch(operation, x)
            case 2: sketch(operation, x, x)
            default: sketch(operation, x, x, x)
            }
        let isView = if case .slice = operation { true } else { false }
        let graph =
            isView
            ? { () -> Graph in
                let part = Operation.slice(
                    starts: [0, 0], stops: [Self.side - 1, Self.side - 1], steps: [1, 1])
                let sketch = Sketch()
                return sketch.graph([sketch(part, sketch.input("x", [Self.side, Self.side]))])
            }() : sketch.graph([node])
        let execution = Execution(try Plan(graph))
        try execution.bind(.zeros(ValueType(.float32, try Shape([Self.side, Self.side]))), to: 0)
        return execution
    }

    @Test("long kernels ask on their way, and stop where they are told to", arguments: operations)
    func kernels(_ operation: Operation) throws {
        let execution = try execution(operation)
        let whole = Count()
        #expect(try execution.run(flag: whole.flag()))
        // Before it, after it, and at least two times inside.
        #expect(whole.value >= 4)
        let part = Count()
        #expect(try !execution.run(flag: part.flag(settingAt: 2)))
        #expect(part.value == 2)
        #expect(try execution.run())
    }

    @Test("so do losses and labels")
    func classification() throws {
        let (rows, classes) = (1 << 12, 1 << 8)
        for reduction in Reduction.allCases {
            let sketch = Sketch()
            let logits = sketch.input("x", [rows, classes]), labels = sketch.input("y", [rows], .int64)
            let loss = sketch.graph([sketch(.softmaxCrossEntropy(reduction), logits, labels)])
            let hot = sketch(.oneHot(depth: classes * 8), labels)
            for graph in [loss, sketch.graph([hot])] {
                let execution = Execution(try Plan(graph))
                try execution.bind(.zeros(ValueType(.float32, try Shape([rows, classes]))), to: 0)
                try execution.bind(.zeros(ValueType(.int64, try Shape([rows]))), to: 1)
                let whole = Count()
                #expect(try execution.run(flag: whole.flag()))
                #expect(whole.value >= 4)
                let part = Count()
                #expect(try !execution.run(flag: part.flag(settingAt: 2)))
                #expect(part.value == 2)
            }
        }
    }

    @Test("a large product is computed in panels, each with the bits of a product of its own")
    func panels() throws {
        let (rows, columns, inner) = (2_048, 1_024, 1_024)
        #expect(MatrixProduct(rows: rows, columns: columns, inner: inner).panel == (1_024, columns))
        #expect(MatrixProduct(rows: 8, columns: 8, inner: 1 << 27).panel == (1, 8))
        #expect(MatrixProduct(rows: 1 << 10, columns: 1 << 20, inner: 1 << 11).panel == (1, 1 << 19))
        #expect(MatrixProduct(rows: 1_024, columns: 1_024, inner: 1_024).panel == (1_024, 1_024))
        var draw = Draw(seed: 3)
        let left = try draw.floats([rows, inner], in: -1...1),
            right = try draw.floats([inner, columns], in: -1...1)
        let sketch = Sketch()
        let x = sketch.input("x", [rows, inner]), y = sketch.input("y", [inner, columns])
        let product = Operation.matmul(transposeLeft: false, transposeRight: false)
        let half = sketch(.slice(starts: [1_024], stops: [.max], steps: [1]), x)
        let execution = Execution(try Plan(sketch.graph([sketch(product, x, y), sketch(product, half, y)])))
        try execution.bind(left, to: 0)
        try execution.bind(right, to: 1)
        try execution.run()
        let whole = execution.output(0).storage.elements(as: Float.self)
        #expect(Array(whole[(1_024 * columns)...]) == execution.output(1).storage.elements(as: Float.self))
        // Once before each kernel, once between two panels, and no more.
        let part = Count()
        #expect(try !execution.run(flag: part.flag(settingAt: 2)))
        #expect(part.value == 2)
    }

    @Test("a sum over several pieces has the bits of one in blocks of 128")
    func sums() throws {
        let count = Pace.elementCount * 2 + 333
        var draw = Draw(seed: 9)
        let value = try draw.floats([count], in: -1...1)
        let sketch = Sketch()
        let graph = sketch.graph([sketch(.sum(axes: nil, keepsDimensions: false), sketch.input("x", [count]))]
        )
        let numbers = value.storage.elements(as: Float.self)
        var total = 0.0
        for start in stride(from: 0, to: count, by: 128) {
            let end = min(start + 128, count), fours = start + (end - start) / 4 * 4
            var lanes = [Float](repeating: 0, count: 4)
            for index in start..<fours { lanes[(index - start) % 4] += numbers[index] }
            for index in fours..<end { lanes[0] += numbers[index] }
            total += Double((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]))
        }
        #expect(try graph.evaluate([value])[0].scalar() == Float(total))
    }

    @Test("a kernel that runs stops when another thread says so")
    func otherThread() async throws {
        let execution = try execution(.tanh)
        let (stream, signal) = AsyncStream.makeStream(of: Void.self)
        let count = Count()
        // It is asked inside the kernel, says that it was, and waits there until it is set.
        let other = CancelFlag()
        let flag = CancelFlag {
            guard count.asked.add(1, ordering: .relaxed).newValue == 2 else { return other.isSet }
            signal.yield()
            while !other.isSet {}
            return true
        }
        let setter = Task.detached {
            for await _ in stream { return other.set() }
        }
        #expect(try !execution.run(flag: flag))
        await setter.value
        #expect(count.value == 2)
    }

    // MARK: Compiling

    @Test("compiling asks from node to node")
    func planning() throws {
        let sketch = Sketch()
        var value = sketch.input("x", [2])
        for _ in 0..<1_000 { value = sketch(.tanh, value) }
        let graph = sketch.graph([value])
        for limit in [1, 3, 500, 1_500] {
            let count = Count()
            #expect(throws: TensorError.cancelled) {
                try Plan(graph, inputs: graph.fixedTypes(), flag: count.flag(settingAt: limit))
            }
            #expect(count.value == limit)
        }
    }

    @Test("constants are folded within bounds of bytes and operations; the rest is left to each run")
    func folding() throws {
        func graph(_ side: Int) -> Graph {
            let sketch = Sketch()
            let ones = sketch(.expand(to: [side, side]), sketch.constant(1))
            let product = sketch(.matmul(transposeLeft: false, transposeRight: false), ones, ones)
            return sketch.graph([sketch(.sum(axes: nil, keepsDimensions: false), product)])
        }
        #expect(try Plan(graph(64), inputs: []).steps.isEmpty)
        let large = try Plan(graph(512), inputs: [])
        #expect(large.steps.count == 1 || large.steps.count == 2)
        #expect(large.operationEstimate >= 2 * 512 * 512 * 512)
        #expect(try graph(512).evaluate([])[0].scalar() == 512 * 512 * 512)
        // The plan's constants are part of what it takes.
        #expect(large.ownByteCount >= 512 * 512 * 4)
    }

    @Test("counts of operations do not overflow, and no estimate does")
    func overflow() throws {
        let side = 46_340
        let sketch = Sketch()
        let wide = sketch(.expand(to: [side, side]), sketch.input("x", []))
        var value = wide
        let product = Operation.matmul(transposeLeft: false, transposeRight: false)
        for _ in 0..<46_400 { value = sketch(product, value, wide) }
        let graph = sketch.graph([value])
        let types = try graph.fixedTypes()
        #expect(try graph.estimate(inputs: types).operationCount == .max)
        let error = #expect(throws: TensorError.self) { try Plan(graph, inputs: types) }
        guard case .limitExceeded? = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
    }

    @Test("constants are limited in bytes, whatever their elements are")
    func constants() throws {
        let sketch = Sketch()
        let count = Graph.limits.constantBytes / 8
        let full = sketch.constant(try TensorValue([Int64](repeating: 1, count: count)))
        let graph = sketch.graph([full])
        #expect(throws: Never.self) { try graph.validate() }
        let larger = sketch.graph([full, sketch.constant(1)])
        #expect(
            throws: TensorError.limitExceeded(
                what: "the number of bytes of constants", got: (1 << 20) + 4, limit: 1 << 20)
        ) { try larger.validate() }
    }

    @Test("sums of counts stay at the ends")
    func saturation() {
        #expect(Int.max.addingSaturated(1) == .max && Int.min.addingSaturated(-1) == .min)
        #expect(3.addingSaturated(-5) == -2)
    }
}
