import Testing

@testable import Tensor

@Suite("slicing")
struct SliceTests {
    private let data: Tensor = [[0, 1], [10, 11], [20, 21], [30, 31]]

    @Test("rows by range, from the front and from the back")
    func rows() throws {
        #expect(try data[1..<3].value().floats == [10, 11, 20, 21])
        #expect(try data[3...].value().floats == [30, 31])
        #expect(try data[..<1].value().floats == [0, 1])
        #expect(try data[(-2)...].value().floats == [20, 21, 30, 31])
        #expect(try data[..<(-3)].value().floats == [0, 1])
        #expect(try data[(-3)..<(-1)].value().floats == [10, 11, 20, 21])
        #expect(try data[4..<4].value().shape.dimensions == [0, 2])
        #expect(try data[0...].value() == data.value())
    }

    @Test("several axes, with steps")
    func axes() throws {
        let columns = data.sliced(starts: [0, 1], stops: [.max, .max])
        #expect(try columns.value().floats == [1, 11, 21, 31])
        let odd = data.sliced(starts: [1], stops: [.max], steps: [2])
        #expect(try odd.value() == TensorValue([10, 11, 30, 31] as [Float], shape: [2, 2]))
        #expect(try data.sliced(starts: [], stops: []).value() == data.value())
        #expect(try Tensor(labels: [7, 8, 9])[1...].value().int64s == [8, 9])
    }

    @Test("a range beyond its axis is an error that names the operation, axis, range, size and line")
    func misfits() {
        let line = #line + 1
        let rows = data[2..<5]
        let error = #expect(throws: TensorError.self) { try rows.value() }
        #expect(
            error?.description
                == "slice: axis 0 of size 4 has no 2..<5, shapes [4, 2] (TensorTests/SliceTests.swift:\(line))"
        )
        let odd = data.sliced(starts: [0, -3], stops: [4, .max], steps: [1, 2])
        let other = #expect(throws: TensorError.self) { try odd.value() }
        #expect(other?.description.contains("axis 1 of size 2 has no -3... by 2, ") == true)
    }

    @Test("the gradient of rows is zeros but for these rows, and adds up where slices overlap")
    func gradients() throws {
        let x: Tensor = [[1, 2], [3, 4], [5, 6]]
        let loss = (x[0..<2] * x[1...]).sum()
        let slope = gradient(of: loss, withRespectTo: [x])[0]
        #expect(try slope.value().floats == [3, 4, 6, 8, 3, 4])
    }

    @Test("rows of a batch of any size: the graph knows no shape")
    func polymorphicBatch() throws {
        let x = Tensor.input("x", dimensions: [nil, 2])
        let loss = x[(-1)...].sum()
        let graph = try Graph(inputs: [x], outputs: [loss] + gradient(of: loss, withRespectTo: [x]))
        for count in [1, 4] {
            let rows = try TensorValue((0..<2 * count).map { Float($0) }, shape: [count, 2])
            let values = try graph.evaluate([rows])
            #expect(try values[0].scalar() == Float(4 * count - 3))
            let zeros = [Float](repeating: 0, count: 2 * count - 2)
            #expect(try values[1].floats == zeros + [1, 1])
        }
    }

    @Test("a slice that leaves everything is the value itself: no kernel runs")
    func alias() throws {
        let x = Tensor.input("x", dimensions: [4])
        let plan = try Plan(
            Graph(inputs: [x], outputs: [x[0..<4].exp()]), inputs: [ValueType(.float32, try Shape([4]))])
        #expect(plan.steps.count == 1)
    }
}
