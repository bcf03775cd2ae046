import Testing

@testable import Tensor

@Suite("states")
struct StateTests {
    private func run(_ plan: Plan, _ states: [Float], times: Int = 1) throws -> Execution {
        let execution = Execution(plan)
        for (index, state) in states.enumerated() {
            try execution.bind(try TensorValue([Float](repeating: state, count: 5)), to: index)
        }
        for _ in 0..<times { try execution.run() }
        return execution
    }

    private func first(_ value: TensorValue) throws -> Float { try value.floats[0] }

    @Test("a new value nobody else waits for is written over the old one")
    func inPlace() throws {
        let sketch = Sketch()
        let w = sketch.input("w", [5])
        let new = sketch(.addProduct, w, sketch(.tanh, w), sketch.constant(-0.5))
        let plan = try Plan(sketch.graph([new]), updates: [Plan.Update(output: 0, input: 0)])
        #expect(plan.commits.isEmpty)
        #expect(plan.arenaByteCount == 2 * 64)
        let execution = try run(plan, [1], times: 3)
        var expected: Float = 1
        for _ in 0..<3 { expected += (try evaluate(.tanh, [TensorValue(scalar: expected)]).scalar()) * -0.5 }
        #expect(try first(execution.input(0)) == expected)
        #expect(execution.output(0) == (try execution.input(0)))
    }

    @Test("states that swap see each other's old values")
    func swapping() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [5]), y = sketch.input("y", [5])
        let graph = sketch.graph([y, x])
        let plan = try Plan(
            graph, updates: [Plan.Update(output: 0, input: 0), Plan.Update(output: 1, input: 1)])
        let execution = try run(plan, [1, 2])
        #expect(try [first(execution.input(0)), first(execution.input(1))] == [2, 1])
        #expect(try [first(execution.output(0)), first(execution.output(1))] == [2, 1])
        try execution.run()
        #expect(try [first(execution.input(0)), first(execution.input(1))] == [1, 2])
    }

    @Test("three states that rotate while one of them changes")
    func rotating() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [5]), y = sketch.input("y", [5]), z = sketch.input("z", [5])
        let graph = sketch.graph([y, sketch(.add, z, x), x])
        let plan = try Plan(graph, updates: (0..<3).map { Plan.Update(output: $0, input: $0) })
        let execution = try run(plan, [1, 10, 100])
        #expect(try (0..<3).map { try first(execution.input($0)) } == [10, 101, 1])
        try execution.run()
        #expect(try (0..<3).map { try first(execution.input($0)) } == [101, 11, 10])
    }

    @Test("a step after the update still sees the old value")
    func lateReader() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [5])
        let new = sketch(.add, x, sketch.constant(1))
        let late = sketch(.multiply, x, new)
        let graph = sketch.graph([new, late])
        let plan = try Plan(graph, updates: [Plan.Update(output: 0, input: 0)])
        let execution = try run(plan, [3])
        #expect(try first(execution.output(1)) == 12)
        #expect(try first(execution.input(0)) == 4)
    }

    @Test("an output that is the old value stays the old value")
    func oldValueAsOutput() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [5])
        let new = sketch(.add, x, sketch.constant(1))
        let graph = sketch.graph([new, sketch(.reshape(to: [5, 1]), x)])
        let execution = try run(try Plan(graph, updates: [Plan.Update(output: 0, input: 0)]), [3])
        #expect(try first(execution.output(1)) == 3)
        #expect(try first(execution.output(0)) == 4)
    }

    static let scattering: [Operation] = [
        .transpose(permutation: [1, 0]), .softmax(axis: 0),
        .matmul(transposeLeft: false, transposeRight: false),
    ]

    @Test(
        "what reads elements after others are written is not written over what it reads",
        arguments: scattering)
    func noOverwriting(_ operation: Operation) throws {
        let sketch = Sketch()
        var draw = Draw(seed: 71)
        let w = sketch.input("w", [6, 6])
        let new = operation.someInputCount == 1 ? sketch(operation, w) : sketch(operation, w, w)
        let graph = sketch.graph([new])
        let value = try draw.floats([6, 6])
        let execution = Execution(try Plan(graph, updates: [Plan.Update(output: 0, input: 0)]))
        try execution.bind(value, to: 0)
        try execution.run()
        #expect(try execution.input(0) == graph.evaluate([value])[0])
    }

    @Test("one output may renew two states, an input or a constant one")
    func sharedSources() throws {
        let sketch = Sketch()
        let a = sketch.input("a", [5]), b = sketch.input("b", [5]), c = sketch.input("c", [5]),
            d = sketch.input("d", [5])
        let sum = sketch(.add, a, b)
        let zeros = sketch.constant(try TensorValue([Float](repeating: 7, count: 5)))
        let graph = sketch.graph([sum, d, zeros])
        let plan = try Plan(
            graph,
            updates: [
                Plan.Update(output: 0, input: 0), Plan.Update(output: 0, input: 1),
                Plan.Update(output: 2, input: 2),
            ])
        _ = c
        let execution = try run(plan, [1, 2, 3, 4])
        #expect(try (0..<4).map { try first(execution.input($0)) } == [3, 3, 7, 4])
        try execution.run()
        #expect(try (0..<4).map { try first(execution.input($0)) } == [6, 6, 7, 4])
    }

    @Test("a state may stay what it is")
    func identity() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [5]), y = sketch.input("y", [5])
        let graph = sketch.graph([x, x])
        let plan = try Plan(
            graph, updates: [Plan.Update(output: 0, input: 0), Plan.Update(output: 1, input: 1)])
        _ = y
        let execution = try run(plan, [1, 2])
        #expect(try (0..<2).map { try first(execution.input($0)) } == [1, 1])
    }

    @Test("random updates of random states see only old values", arguments: 0..<40)
    func randomUpdates(_ seed: Int) throws {
        var draw = Draw(seed: UInt64(seed))
        let sketch = Sketch()
        let states = (0..<4).map { sketch.input("\($0)", [3, 3]) }
        var values = states
        let operations: [Operation] = [
            .add, .subtract, .maximum, .multiply, .matmul(transposeLeft: false, transposeRight: false),
        ]
        for _ in 0..<8 {
            let left = values[draw.number(below: values.count)],
                right = values[draw.number(below: values.count)]
            values.append(
                sketch(.tanh, sketch(operations[draw.number(below: operations.count)], left, right)))
        }
        let graph = sketch.graph((0..<5).map { _ in values[draw.number(below: values.count)] })
        let updates = draw.order(4).map { Plan.Update(output: $0, input: draw.number(below: 4)) }
            .reduce(into: [Plan.Update]()) { list, update in
                if !list.contains(where: { $0.input == update.input }) { list.append(update) }
            }
        var expected = try (0..<4).map { _ in try draw.floats([3, 3]) }
        let execution = Execution(try Plan(graph, updates: updates))
        for (index, value) in expected.enumerated() { try execution.bind(value, to: index) }
        for _ in 0..<3 {
            let outputs = try graph.evaluate(expected)
            for update in updates { expected[update.input] = outputs[update.output] }
            try execution.run()
            #expect((0..<5).map { execution.output($0) } == outputs)
            #expect(try (0..<4).map { try execution.input($0) } == expected)
        }
    }

    @Test("updates that do not fit are refused")
    func refusals() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [5]), y = sketch.input("y", [2])
        let graph = sketch.graph([sketch(.tanh, x), sketch(.tanh, y)])
        for updates in [
            [Plan.Update(output: 2, input: 0)], [Plan.Update(output: 0, input: 2)],
            [Plan.Update(output: -1, input: 0)],
            [Plan.Update(output: 1, input: 0)],
            [Plan.Update(output: 0, input: 0), Plan.Update(output: 0, input: 0)],
        ] {
            #expect(throws: TensorError.self) { try Plan(graph, updates: updates) }
        }
    }
}
