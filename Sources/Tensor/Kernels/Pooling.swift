/// The windows of a pool along three spatial axes, those there are not of size 1.
struct PoolGeometry: Sendable, Hashable {
    /// How many planes there are: rows times channels.
    let planeCount: Int
    private let axes: [WindowAxis]
    private let sizes: [Int]
    private let counts: [Int]

    init(_ pool: Pool, x: Shape, windows: Shape) {
        let missing = 3 - pool.sizes.count
        let whole = WindowAxis(size: 1, stride: 1, padding: 0, dilation: 1)
        planeCount = x[0] * x[1]
        axes = [WindowAxis](repeating: whole, count: missing) + pool.axes
        sizes = [Int](repeating: 1, count: missing) + x.dimensions[2...]
        counts = [Int](repeating: 1, count: missing) + windows.dimensions[2...]
    }

    /// The elements of a plane.
    var planeSize: Int { sizes[0] * sizes[1] * sizes[2] }
    /// The windows of a plane.
    var windowCount: Int { counts[0] * counts[1] * counts[2] }

    /// Where the elements of a window begin and end along an axis, padding left out.
    @inline(__always)
    private func bounds(_ axis: Int, _ window: Int) -> Range<Int> {
        let first = window &* axes[axis].stride &- axes[axis].padding
        let start = Swift.max(0, first)
        return start..<Swift.max(start, Swift.min(sizes[axis], first &+ axes[axis].size))
    }

    /// Calls `body` with the number of each window and, of the plane's elements, the runs that are in it.
    @inline(__always)
    fileprivate func forEachWindow(
        _ flag: CancelFlag, _ body: (_ window: Int, _ plane: Int, _ block: Block) -> Void
    ) {
        let cost = (0..<3).reduce(1) { $0 * Swift.min(axes[$1].size, sizes[$1]) }
        let (rowLength, sliceLength) = (sizes[2], sizes[1] &* sizes[2])
        var pace = Pace(flag)
        var window = 0
        for plane in 0..<planeCount {
            for depth in 0..<counts[0] {
                let slices = bounds(0, depth)
                for row in 0..<counts[1] {
                    let rows = bounds(1, row)
                    for column in 0..<counts[2] {
                        let block = Block(
                            slices: slices, rows: rows, columns: bounds(2, column), rowLength: rowLength,
                            sliceLength: sliceLength)
                        body(window, plane, block)
                        window &+= 1
                        if pace.isOver(after: cost) { return }
                    }
                }
            }
        }
    }

    /// The elements of one window.
    fileprivate struct Block {
        let slices: Range<Int>
        let rows: Range<Int>
        let columns: Range<Int>
        let rowLength: Int
        let sliceLength: Int

        /// The place of the first element in the plane.
        @inline(__always)
        var first: Int {
            slices.lowerBound &* sliceLength &+ rows.lowerBound &* rowLength &+ columns.lowerBound
        }

        /// Calls `body` with the place of each element in the plane, in their order.
        @inline(__always)
        func forEach(_ body: (Int) -> Void) {
            var slice = slices.lowerBound
            while slice < slices.upperBound {
                var row = rows.lowerBound
                while row < rows.upperBound {
                    let start = slice &* sliceLength &+ row &* rowLength
                    var column = columns.lowerBound
                    while column < columns.upperBound {
                        body(start &+ column)
                        column &+= 1
                    }
                    row &+= 1
                }
                slice &+= 1
            }
        }
    }
}

extension Kernel {
    /// The largest element of each window and, as the second result, its place in the plane.
    static func maxPool(_ geometry: PoolGeometry) -> Kernel {
        Kernel { operands in
            let x = unsafe operands.first.floats, output = unsafe operands.output.floats
            let places = unsafe operands.others[0].elements(as: Int64.self)
            let planeSize = geometry.planeSize
            geometry.forEachWindow(operands.flag) { window, plane, block in
                let own = unsafe x + plane &* planeSize
                var place = block.first
                var largest = unsafe own[place]
                block.forEach { index in
                    let element = unsafe own[index]
                    if element > largest || (element.isNaN && !largest.isNaN) {
                        largest = element
                        place = index
                    }
                }
                unsafe output[window] = largest
                unsafe places[window] = Int64(place)
            }
        }
    }

    /// The sum of the elements of each window.
    static func sumPool(_ geometry: PoolGeometry) -> Kernel {
        Kernel { operands in
            let x = unsafe operands.first.floats, output = unsafe operands.output.floats
            let planeSize = geometry.planeSize
            geometry.forEachWindow(operands.flag) { window, plane, block in
                let own = unsafe x + plane &* planeSize
                var sum: Float = 0
                block.forEach { sum += unsafe own[$0] }
                unsafe output[window] = sum
            }
        }
    }

    /// To each element the sum of what the windows it lies in have.
    static func sumPoolGradient(_ geometry: PoolGeometry) -> Kernel {
        let byteCount = geometry.planeCount * geometry.planeSize * MemoryLayout<Float>.size
        return Kernel { operands in
            operands.output.clear(byteCount: byteCount, operands.flag)
            let cotangent = unsafe operands.first.floats, output = unsafe operands.output.floats
            let planeSize = geometry.planeSize
            geometry.forEachWindow(operands.flag) { window, plane, block in
                let own = unsafe output + plane &* planeSize
                let share = unsafe cotangent[window]
                block.forEach { unsafe own[$0] += share }
            }
        }
    }
}

extension PoolGeometry: CustomStringConvertible {
    /// The windows and how many there are, such as `1x2x2 by 1x2x2, 1x14x14 in 1024 planes`.
    var description: String {
        let window = axes.map { "\($0.size)" }.joined(separator: "x")
        let steps = axes.map { "\($0.stride)" }.joined(separator: "x")
        let places = counts.map { "\($0)" }.joined(separator: "x")
        return "\(window) by \(steps), \(places) in \(planeCount) planes"
    }
}
