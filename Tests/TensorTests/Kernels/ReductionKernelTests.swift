import Testing

@testable import Tensor

@Suite("reduction kernels")
struct ReductionKernelTests {
    @Test("any axes of any shape")
    func anyAxes() throws {
        var draw = Draw(seed: 21)
        for _ in 0..<150 {
            let rank = draw.number(below: 4) + 1
            let shape = draw.shape(rank: rank, sizes: [1, 2, 3, 5])
            let axes = Array(draw.order(rank).prefix(draw.number(below: rank) + 1))
            let x = try draw.steps(shape), keeps = draw.flag()
            try expectTwin(.sum(axes: axes, keepsDimensions: keeps), [x])
            try expectTwin(.mean(axes: axes.map { $0 - rank }, keepsDimensions: keeps), [x])
            try expectTwin(.max(axes: axes, keepsDimensions: keeps), [x])
            try expectTwin(.min(axes: axes, keepsDimensions: keeps), [x])
            try expectTwin(.argmax(axis: axes[0]), [x])
        }
    }

    @Test("what undoes broadcasting, for any shapes that broadcast")
    func likeness() throws {
        var draw = Draw(seed: 22)
        for _ in 0..<150 {
            let shape = draw.shape(rank: draw.number(below: 4) + 1, sizes: [1, 2, 3, 5])
            let part = draw.part(of: shape)
            try expectTwin(.sumLike, [draw.steps(shape), draw.steps(part)])
            let axes = Array(draw.order(shape.count).prefix(draw.number(below: shape.count) + 1))
            for keeps in [false, true] {
                let reduced = try evaluate(.sum(axes: axes, keepsDimensions: keeps), [draw.steps(shape)])
                try expectTwin(
                    .broadcastLike(axes: axes, keepsDimensions: keeps, averaging: draw.flag()),
                    [reduced, draw.steps(shape)])
            }
        }
    }

    @Test("sums of nothing are zero, their means are none")
    func empty() throws {
        let x = try TensorValue.zeros([3, 0])
        #expect(try evaluate(.sum(axes: [1], keepsDimensions: false), [x]).floats == [0, 0, 0])
        #expect(try evaluate(.mean(axes: [1], keepsDimensions: false), [x]).floats.allSatisfy { $0.isNaN })
        #expect(try evaluate(.sum(axes: [0], keepsDimensions: false), [x]).floats.isEmpty)
        #expect(
            try evaluate(.sumLike, [try TensorValue.zeros([0, 3]), try TensorValue.zeros([3])]).floats == [
                0, 0, 0,
            ])
    }

    @Test("long sums keep their digits, along rows and columns")
    func longSums() throws {
        // 0.1 is no float: the sum of a million of them is off by 1,000 when carried in float32 alone.
        let count = 1_000_000
        let x = try TensorValue([Float](repeating: 0.1, count: count))
        let exact = Double(Float(0.1)) * Double(count)
        let total = try Double(evaluate(.sum(axes: nil, keepsDimensions: false), [x]).scalar())
        #expect(abs(total - exact) < exact * 1e-6)
        let tall = try TensorValue([Float](repeating: 0.1, count: count), shape: [count / 100, 100])
        let columns = try evaluate(.sum(axes: [0], keepsDimensions: false), [tall]).floats
        #expect(columns.allSatisfy { abs(Double($0) - exact / 100) < exact / 100 * 1e-6 })
    }

    @Test("wide columns are summed in every part")
    func wideColumns() throws {
        let rows = 300, columns = 200
        let x = try TensorValue((0..<rows * columns).map { Float($0 % columns) }, shape: [rows, columns])
        let sums = try evaluate(.sum(axes: [0], keepsDimensions: false), [x]).floats
        #expect(sums == (0..<columns).map { Float($0 * rows) })
        let means = try evaluate(.mean(axes: [1], keepsDimensions: false), [x]).floats
        #expect(means == [Float](repeating: 99.5, count: rows))
    }

    @Test("a row's result does not depend on the rows around it")
    func rowsStandAlone() throws {
        var draw = Draw(seed: 23)
        let x = try draw.floats([7, 133])
        let row = try TensorValue(Array(x.floats[133 * 4..<133 * 5]), shape: [1, 133])
        for operation in [
            Operation.sum(axes: [1], keepsDimensions: false), .softmax(axis: 1), .logSoftmax(axis: -1),
        ] {
            let all = try evaluate(operation, [x]).floats, alone = try evaluate(operation, [row]).floats
            #expect(Array(all[(4 * all.count / 7)..<(5 * all.count / 7)]) == alone)
        }
    }
}
