import Ground
import Synchronization
import Testing

@testable import Tensor

@Suite("execution")
struct ExecutionTests {
    private func doubling() throws -> Plan {
        let sketch = Sketch()
        let x = sketch.input("x", [2, 3], .uint8)
        let twice = sketch(.multiply, sketch(.cast(to: .float32), x), sketch.constant(2))
        return try Plan(sketch.graph([twice]))
    }

    @Test("a batch is rows of a table in the type they are stored in")
    func gathering() throws {
        let execution = Execution(try doubling())
        let table = try TensorValue([0, 1, 2, 10, 11, 12, 20, 21, 22] as [UInt8], shape: [3, 3])
        let rows: [Int32] = [9, 2, 0, 9]
        try execution.gather(rows: rows[1...2], of: table, into: 0)
        try execution.run()
        #expect(try execution.output(0).floats == [40, 42, 44, 0, 2, 4])
        try execution.gather(rows: [1, 1], of: table, into: 0)
        try execution.run()
        #expect(try execution.output(0).floats == [20, 22, 24, 20, 22, 24])
    }

    @Test("a bound value may follow a gathered batch, and the other way round, and neither is written to")
    func bindingAfterGathering() throws {
        let execution = Execution(try doubling())
        let table = try TensorValue([1, 1, 1, 2, 2, 2] as [UInt8], shape: [2, 3])
        try execution.bind(table, to: 0)
        try execution.run()
        #expect(try execution.output(0).floats == [2, 2, 2, 4, 4, 4])
        try execution.gather(rows: [1, 0], of: table, into: 0)
        try execution.run()
        #expect(try execution.output(0).floats == [4, 4, 4, 2, 2, 2])
        try execution.bind(table, to: 0)
        try execution.run()
        #expect(try execution.output(0).floats == [2, 2, 2, 4, 4, 4])
        #expect(try table.bytes == [1, 1, 1, 2, 2, 2])
    }

    @Test(
        "what is only passed through is not copied; a part of something larger, a gathered batch and a state are"
    )
    func passing() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [4]), state = sketch.input("state", [4]),
            batch = sketch.input("batch", [1, 4])
        let plan = try Plan(
            sketch.graph([x, state, batch, state]), updates: [Plan.Update(output: 3, input: 1)])
        let execution = Execution(plan)
        let value = try TensorValue([1, 2, 3, 4] as [Float])
        let whole = Storage(elements: [0, 0, 0, 0, 1, 2, 3, 4] as [Float])
        let part = try TensorValue(value.type, storage: Storage(partOf: whole, from: 16, byteCount: 16))
        let table = try TensorValue([5, 6, 7, 8] as [Float], shape: [1, 4])
        for input in [value, part] {
            try execution.bind(input, to: 0)
            try execution.bind(value, to: 1)
            try execution.gather(rows: [0], of: table, into: 2)
            try execution.run()
            #expect(execution.output(0) == value && execution.output(1) == value)
            #expect((execution.output(0).storage === input.storage) == (input.storage === value.storage))
            #expect(!execution.output(0).storage.isPart && execution.output(1).storage !== value.storage)
            let first = execution.output(2)
            try execution.gather(rows: [0], of: TensorValue.zeros([1, 4]), into: 2)
            #expect(try first.floats == [5, 6, 7, 8])
        }
    }

    @Test("rows, tables and values that do not fit are refused")
    func refusals() throws {
        let execution = Execution(try doubling())
        let table = try TensorValue([UInt8](repeating: 0, count: 9), shape: [3, 3])
        for rows in [[0, 3], [-1, 0], [0, .max], [.min, 0]] as [[Int32]] {
            #expect(throws: TensorError.self) { try execution.gather(rows: rows[...], of: table, into: 0) }
        }
        #expect(throws: TensorError.self) { try execution.gather(rows: [0], of: table, into: 0) }
        #expect(throws: TensorError.self) { try execution.gather(rows: [0, 1], of: table, into: 1) }
        #expect(throws: TensorError.self) {
            try execution.gather(rows: [0, 1], of: TensorValue.zeros([3, 3]), into: 0)
        }
        #expect(throws: TensorError.self) {
            try execution.gather(
                rows: [0, 1], of: TensorValue([UInt8](repeating: 0, count: 6), shape: [3, 2]), into: 0)
        }
        #expect(throws: TensorError.self) {
            try execution.gather(rows: [0, 1], of: TensorValue(scalar: 0), into: 0)
        }
        #expect(throws: TensorError.self) { try execution.bind(table, to: 0) }
        #expect(throws: TensorError.self) { try execution.bind(TensorValue(scalar: 0), to: -1) }
        let error = #expect(throws: TensorError.self) { try execution.run() }
        #expect(error?.description == "x: expected uint8 [2, 3], got no value")
    }

    @Test("a gather that fails leaves the input as it was: without a value, or with the old one")
    func failedGather() throws {
        let execution = Execution(try doubling())
        let table = try TensorValue([UInt8](repeating: 3, count: 9), shape: [3, 3])
        #expect(throws: TensorError.self) { try execution.gather(rows: [0, 7], of: table, into: 0) }
        #expect(throws: TensorError.self) { try execution.run() }
        try execution.bind(TensorValue([UInt8](repeating: 1, count: 6), shape: [2, 3]), to: 0)
        #expect(throws: TensorError.self) { try execution.gather(rows: [0, 7], of: table, into: 0) }
        try execution.run()
        #expect(try execution.output(0).floats == [Float](repeating: 2, count: 6))
    }

    @Test("sums of outputs add up over runs")
    func accumulating() throws {
        let execution = Execution(try doubling())
        var sums = [Double](repeating: 1, count: 6)
        for byte in [1, 2] as [UInt8] {
            try execution.bind(TensorValue([UInt8](repeating: byte, count: 6), shape: [2, 3]), to: 0)
            try execution.run()
            try execution.accumulate(output: 0, into: &sums)
        }
        #expect(sums == [Double](repeating: 7, count: 6))
        var short = [0.0]
        #expect(throws: TensorError.self) { try execution.accumulate(output: 0, into: &short) }
    }

    @Test("whole numbers accumulate as well")
    func accumulatingIntegers() throws {
        let sketch = Sketch()
        let x = sketch.input("x", [2])
        let graph = sketch.graph([
            sketch(.cast(to: .int64), x), sketch(.cast(to: .int32), x), sketch(.cast(to: .uint8), x),
        ])
        let execution = Execution(try Plan(graph))
        try execution.bind(TensorValue([3, 200] as [Float]), to: 0)
        try execution.run()
        var sums = [0.5, 0.5]
        for output in 0..<3 { try execution.accumulate(output: output, into: &sums) }
        #expect(sums == [9.5, 600.5])
    }

    @Test("a run stops where it is told to")
    func cancelling() throws {
        let sketch = Sketch()
        var x = sketch.input("x", [4])
        for _ in 0..<10 { x = sketch(.softmax(axis: 0), x) }
        let execution = Execution(try Plan(sketch.graph([x])))
        try execution.bind(TensorValue.zeros([4]), to: 0)
        let asked = Atomic(0)
        let flag = CancelFlag { asked.add(1, ordering: .relaxed).newValue == 4 }
        #expect(try !execution.run(flag: flag))
        #expect(asked.load(ordering: .relaxed) == 4)
        #expect(try execution.run())
    }

    @Test("a label out of range stops the run with its name")
    func labels() throws {
        let sketch = Sketch()
        let logits = sketch.input("logits", [2, 3]), labels = sketch.input("labels", [2], .int64)
        let execution = Execution(
            try Plan(sketch.graph([sketch(.softmaxCrossEntropy(.mean), logits, labels)])))
        try execution.bind(.zeros([2, 3]), to: 0)
        try execution.bind(TensorValue([0, 9] as [Int64]), to: 1)
        let error = #expect(throws: TensorError.self) { try execution.run() }
        #expect(error?.description == "softmaxCrossEntropy: the label of row 1: expected 0 to 2, got 9")
        try execution.bind(TensorValue([0, 2] as [Int64]), to: 1)
        #expect(try execution.run())
    }

    @Test("states move to the plan of another batch size")
    func takingStates() throws {
        func plan(_ batch: Int) throws -> Plan {
            let sketch = Sketch()
            let w = sketch.input("w", [2]), x = sketch.input("x", [batch, 2])
            let new = sketch(.add, w, sketch(.sum(axes: [0], keepsDimensions: false), x))
            return try Plan(sketch.graph([new]), updates: [Plan.Update(output: 0, input: 0)])
        }
        let large = Execution(try plan(3)), small = Execution(try plan(1))
        #expect(throws: TensorError.self) { try small.takeStates(from: large) }
        try large.bind(.zeros([2]), to: 0)
        try large.bind(TensorValue([1, 1, 1, 1, 1, 1] as [Float], shape: [3, 2]), to: 1)
        try large.run()
        try small.takeStates(from: large)
        try small.bind(TensorValue([10, 10] as [Float], shape: [1, 2]), to: 1)
        try small.run()
        #expect(try small.input(0).floats == [13, 13])
        #expect(try large.input(0).floats == [3, 3])
    }

    @Test("empty batches run")
    func emptyBatch() throws {
        let sketch = Sketch()
        let x = sketch.input(Graph.Input(name: "x", elementType: .uint8, dimensions: [nil, 3]))
        let sum = sketch(.sum(axes: [0], keepsDimensions: false), sketch(.cast(to: .float32), x))
        let graph = sketch.graph([sum])
        let execution = Execution(try Plan(graph, inputs: [ValueType(.uint8, Shape([0, 3]))]))
        try execution.gather(rows: [], of: TensorValue([1, 2, 3] as [UInt8], shape: [1, 3]), into: 0)
        try execution.run()
        #expect(try execution.output(0).floats == [0, 0, 0])
    }
}
