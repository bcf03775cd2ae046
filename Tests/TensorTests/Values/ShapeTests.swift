import Testing

@testable import Tensor

@Suite("shape")
struct ShapeTests {
    @Test("sizes below zero, too many axes and too many elements are refused, zeros do not hide them")
    func refused() {
        let wrong = [
            [-1], [Int.min], [Int](repeating: 1, count: 9), [Int.max, 2], [1 << 31], [1 << 16, 1 << 15],
            [0, 1 << 31, 1 << 31, 1 << 31], [Int.max, 0],
        ]
        for sizes in wrong { #expect(throws: TensorError.self) { try Shape(sizes) } }
    }

    @Test("counts and strides")
    func counts() throws {
        #expect(Shape.scalar.elementCount == 1)
        #expect(try Shape([2, 3, 4]).strides == [12, 4, 1])
        #expect(try Shape([2, 0, 4]).elementCount == 0)
        #expect(try Shape([Int(Int32.max)]).elementCount == Int(Int32.max))
    }

    @Test(
        "broadcasting aligns last axes",
        arguments: [
            ([3, 4], [4], [3, 4]), ([3, 1], [1, 4], [3, 4]), ([], [5], [5]),
            ([2, 3, 4], [3, 1], [2, 3, 4]),
            ([0, 3], [1], [0, 3]), ([1], [0], [0]),
        ])
    func broadcasting(_ left: [Int], _ right: [Int], _ result: [Int]) throws {
        #expect(try Shape(left).broadcast(with: Shape(right)) == result)
        #expect(try Shape(right).broadcast(with: Shape(left)) == result)
        #expect(try Shape(right).broadcasts(to: Shape(result)))
    }

    @Test("what does not broadcast is nil")
    func mismatch() throws {
        #expect(try Shape([3]).broadcast(with: Shape([4])) == nil)
        #expect(try !Shape([3, 4]).broadcasts(to: Shape([4])))
    }

    @Test("axes count from either end")
    func axes() {
        #expect(Shape.resolve(axes: nil, rank: 3) == [0, 1, 2])
        #expect(Shape.resolve(axes: [-1, 0], rank: 3) == [0, 2])
        #expect(Shape.resolve(axes: nil, rank: 0) == [])
        for axes in [[], [3], [-4], [0, -3], [Int.min], [Int.max]] {
            #expect(Shape.resolve(axes: axes, rank: 3) == nil)
        }
    }
}
