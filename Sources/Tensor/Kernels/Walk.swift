/// A way through several tensors of one iteration space at once: rows, and a step per tensor within a row.
///
/// Axes of size 1 are dropped and axes that follow each other in every tensor are merged, so that operands of
/// equal shape become one long row and a bias added to a matrix becomes rows of one stride each.
struct Walk: Sendable, Hashable {
    /// The number of rows.
    let rowCount: Int
    /// The number of elements in a row.
    let length: Int
    /// For each tensor, the distance between neighbours within a row.
    let steps: SIMD4<Int>

    private let sizes: [Int]
    /// For each axis over the rows, the distance per tensor when its index goes up by one.
    private let strides: [SIMD4<Int>]

    /// The number of positions.
    var positionCount: Int { rowCount * length }

    /// Plans a way.
    ///
    /// - Parameters:
    ///   - dimensions: the sizes of the iteration space, outermost first.
    ///   - strides: for each tensor (at most four), its distance in elements along each axis; 0 repeats it.
    ///   - hasLongRows: whether the last axes become the length of a row; else every position is a row of one
    ///     element.
    init(_ dimensions: [Int], strides tensorStrides: [[Int]], hasLongRows: Bool = true) {
        var sizes: [Int] = [], strides: [SIMD4<Int>] = []
        for axis in dimensions.indices where dimensions[axis] != 1 {
            var stride = SIMD4<Int>()
            for (tensor, distances) in tensorStrides.enumerated() { stride[tensor] = distances[axis] }
            if let outer = strides.last, outer == stride &* SIMD4(repeating: dimensions[axis]) {
                sizes[sizes.count - 1] *= dimensions[axis]
                strides[strides.count - 1] = stride
            } else {
                sizes.append(dimensions[axis])
                strides.append(stride)
            }
        }
        self.length = hasLongRows ? sizes.popLast() ?? 1 : 1
        self.steps = hasLongRows ? strides.popLast() ?? SIMD4(repeating: 1) : SIMD4(repeating: 1)
        self.rowCount = sizes.reduce(1, *)
        self.sizes = sizes
        self.strides = strides
    }

    /// The way through operands that broadcast to a shape.
    init(broadcasting shapes: [Shape], to output: Shape) {
        self.init(output.dimensions, strides: shapes.map { $0.strides(broadcastTo: output) })
    }

    /// Calls `body` with the number of each row and its first element's offset in each tensor, for as long
    /// as nobody says stop.
    ///
    /// - Parameter cost: about how many elements `body` works on.
    @inline(__always)
    func forEachRow(
        _ flag: CancelFlag, cost: Int, _ body: (_ row: Int, _ offsets: SIMD4<Int>) -> Void
    ) {
        var indices = SIMD8<Int>(), offsets = SIMD4<Int>()
        var row = 0
        var pace = Pace(flag)
        while row < rowCount {
            body(row, offsets)
            row &+= 1
            if pace.isOver(after: cost &+ 1) { return }
            var axis = sizes.count &- 1
            while axis >= 0 {
                indices[axis] &+= 1
                offsets &+= strides[axis]
                guard indices[axis] == sizes[axis] else { break }
                offsets &-= strides[axis] &* SIMD4(repeating: sizes[axis])
                indices[axis] = 0
                axis &-= 1
            }
        }
    }

    /// Calls `body` with rows and pieces of long rows: the number of elements before it, its first element's
    /// offset in each tensor, and how many elements it has.
    @inline(__always)
    func forEachRun(
        _ flag: CancelFlag, _ body: (_ position: Int, _ offsets: SIMD4<Int>, _ count: Int) -> Void
    ) {
        forEachRow(flag, cost: length) { row, offsets in
            let first = row &* length
            flag.forEachPiece(of: length) { start, end in
                body(first &+ start, offsets &+ steps &* SIMD4(repeating: start), end &- start)
            }
        }
    }
}

extension Shape {
    /// The distance along each axis of `output` when this shape is broadcast to it: 0 where it is repeated.
    func strides(broadcastTo output: Shape) -> [Int] {
        let missing = output.rank - rank
        let own = strides
        return (0..<output.rank).map { axis in
            axis < missing || (dimensions[axis - missing] == 1 && output[axis] != 1) ? 0 : own[axis - missing]
        }
    }
}
