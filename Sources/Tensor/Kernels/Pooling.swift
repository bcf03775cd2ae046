/// The windows of a pool along three spatial axes, those there are not of size 1.
struct PoolGeometry: Sendable, Hashable {
    /// How many planes there are: rows times channels.
    let planeCount: Int
    private let axes: [WindowAxis]
    private let sizes: [Int]
    private let counts: [Int]
    /// The windows that have an element at a place of theirs along the last axis, where there are any: every line has
    /// the same.
    private let runs: [Run]

    /// Windows of a line that have an element at one place of theirs.
    private struct Run: Hashable {
        let windows: Range<Int>
        /// The element of the first of them.
        let element: Int
    }

    init(_ pool: Pool, x: Shape, windows: Shape) {
        let missing = 3 - pool.sizes.count
        let whole = WindowAxis(size: 1, stride: 1, padding: 0, dilation: 1)
        planeCount = x[0] * x[1]
        axes = [WindowAxis](repeating: whole, count: missing) + pool.axes
        sizes = [Int](repeating: 1, count: missing) + x.dimensions[2...]
        counts = [Int](repeating: 1, count: missing) + windows.dimensions[2...]
        let (axis, size, count) = (axes[2], sizes[2], counts[2])
        runs = (0..<axis.size).compactMap { place in
            let outside = axis.padding - place, room = size - 1 + outside
            let first = outside <= 0 ? 0 : (outside + axis.stride - 1) / axis.stride
            let end = room < 0 ? 0 : min(count, room / axis.stride + 1)
            return first < end ? Run(windows: first..<end, element: first * axis.stride - outside) : nil
        }
    }

    /// The elements of a plane.
    var planeSize: Int { sizes[0] * sizes[1] * sizes[2] }
    /// The windows of a line along the last axis.
    var lineCount: Int { counts[2] }

    /// Where the elements of a window begin and end along an axis, padding left out.
    @inline(__always)
    private func bounds(_ axis: Int, _ window: Int) -> Range<Int> {
        let first = window &* axes[axis].stride &- axes[axis].padding
        let start = Swift.max(0, first)
        return start..<Swift.max(start, Swift.min(sizes[axis], first &+ axes[axis].size))
    }

    /// Calls `body` with the plane and the first window of each line of windows, for as long as nobody says stop.
    @inline(__always)
    fileprivate func forEachLine(
        _ flag: CancelFlag, _ body: (_ plane: Int, _ window: Int, _ line: inout Line) -> Void
    ) {
        var window = 0
        var pace = Pace(flag)
        for plane in 0..<planeCount {
            for depth in 0..<counts[0] {
                for row in 0..<counts[1] {
                    var line = Line(self, slices: bounds(0, depth), rows: bounds(1, row), pace: pace)
                    body(plane, window, &line)
                    if line.isOver { return }
                    pace = line.pace
                    window &+= lineCount
                }
            }
        }
    }

    /// A line of windows along the last axis: all have the same rows.
    fileprivate struct Line {
        private let slices: Range<Int>
        private let rows: Range<Int>
        private let axis: WindowAxis
        private let length: Int
        private let sliceLength: Int
        private let runs: [Run]
        var pace: Pace
        /// Whether somebody said stop.
        var isOver = false

        init(_ geometry: PoolGeometry, slices: Range<Int>, rows: Range<Int>, pace: Pace) {
            (self.slices, self.rows, self.pace) = (slices, rows, pace)
            axis = geometry.axes[2]
            length = geometry.sizes[2]
            sliceLength = geometry.sizes[1] &* length
            runs = geometry.runs
        }

        /// The place in the plane of the first element of a window.
        @inline(__always)
        func first(of window: Int) -> Int {
            slices.lowerBound &* sliceLength &+ rows.lowerBound &* length
                &+ Swift.max(0, window &* axis.stride &- axis.padding)
        }

        /// Calls `body` with runs of windows that have an element at one place of theirs, place by place in order: the
        /// first window, how many, the place in the plane of its element, and how far it is to the next one's.
        @inline(__always)
        mutating func forEachRun(
            _ body: (_ window: Int, _ count: Int, _ place: Int, _ stride: Int) -> Void
        ) {
            for slice in slices {
                for row in rows {
                    let start = slice &* sliceLength &+ row &* length
                    // By index: in debug builds an array's iterator allocates.
                    for index in 0..<runs.count {
                        let run = runs[index]
                        body(run.windows.lowerBound, run.windows.count, start &+ run.element, axis.stride)
                        if pace.isOver(after: run.windows.count) {
                            isOver = true
                            return
                        }
                    }
                }
            }
        }
    }
}

// The loops are without branches, so that LLVM makes vector code of them.

extension Kernel {
    /// The largest element of each window and, as the second result, its place in the plane.
    static func maxPool(_ geometry: PoolGeometry) -> Kernel {
        Kernel { operands in
            let x = unsafe operands.first.floats, output = unsafe operands.output.floats
            let places = unsafe operands.others[0].elements(as: Int64.self)
            let planeSize = geometry.planeSize
            geometry.forEachLine(operands.flag) { plane, window, line in
                let own = unsafe x + plane &* planeSize
                let largest = unsafe output + window, found = unsafe places + window
                for index in 0..<geometry.lineCount {
                    unsafe largest[index] = -.infinity
                    unsafe found[index] = Int64(line.first(of: index))
                }
                line.forEachRun { window, count, place, stride in
                    let best = unsafe largest + window, spot = unsafe found + window
                    var i = 0, at = place
                    while i < count {
                        let element = unsafe own[at], last = unsafe best[i]
                        // Also where the element is no number and the last is one.
                        let isLarger = !(element <= last) && last == last
                        unsafe best[i] = isLarger ? element : last
                        unsafe spot[i] = isLarger ? Int64(at) : spot[i]
                        i &+= 1
                        at &+= stride
                    }
                }
            }
        }
    }

    /// The sum of the elements of each window.
    static func sumPool(_ geometry: PoolGeometry) -> Kernel {
        Kernel { operands in
            let x = unsafe operands.first.floats, output = unsafe operands.output.floats
            let planeSize = geometry.planeSize
            geometry.forEachLine(operands.flag) { plane, window, line in
                let own = unsafe x + plane &* planeSize, sums = unsafe output + window
                unsafe sums.update(repeating: 0, count: geometry.lineCount)
                line.forEachRun { window, count, place, stride in
                    let sum = unsafe sums + window, first = unsafe own + place
                    var i = 0
                    while i < count { unsafe sum[i] += first[i &* stride]; i &+= 1 }
                }
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
            geometry.forEachLine(operands.flag) { plane, window, line in
                let own = unsafe output + plane &* planeSize, shares = unsafe cotangent + window
                line.forEachRun { window, count, place, stride in
                    let share = unsafe shares + window, first = unsafe own + place
                    var i = 0
                    while i < count { unsafe first[i &* stride] += share[i]; i &+= 1 }
                }
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
