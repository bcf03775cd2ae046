extension Kernel {
    /// The first elements along an axis in order and, as the second result, where they were.
    ///
    /// - Complexity: O(elements · log of how many are kept), and nothing is allocated.
    static func order(_ shape: Shape, axis: Int, count: Int, isDescending: Bool) -> Kernel {
        let lanes = AxisLanes(shape, axis: axis)
        return Kernel { operands in
            guard count > 0 else { return }
            let input = unsafe operands.first.floats, values = unsafe operands.output.floats
            let places = unsafe operands.others[0].elements(as: Int64.self)
            lanes.forEachLane(operands.flag) { lane, offset in
                // A line of the results is shorter than one of the input.
                let (outer, inner) = lane.quotientAndRemainder(dividingBy: lanes.stride)
                let first = outer &* lanes.stride &* count &+ inner
                let heap = unsafe PlaceHeap(
                    line: input + offset, places: places + first, stride: lanes.stride,
                    isDescending: isDescending)
                heap.keep(count, of: lanes.count)
                for index in 0..<count {
                    let place = unsafe places[first &+ index &* lanes.stride]
                    unsafe values[first &+ index &* lanes.stride] =
                        input[offset &+ Int(place) &* lanes.stride]
                }
            }
        }
    }
}

/// Places of a line of elements, as a heap where they end up in order: whichever comes last is at its root.
@safe private struct PlaceHeap {
    let line: UnsafeMutablePointer<Float>
    let places: UnsafeMutablePointer<Int64>
    let stride: Int
    let isDescending: Bool

    /// Leaves the first places in order.
    func keep(_ count: Int, of size: Int) {
        for index in 0..<count { unsafe places[index &* stride] = Int64(index) }
        for root in (0..<count / 2).reversed() { siftDown(root, count) }
        for index in count..<size where isBefore(Int64(index), unsafe places[0]) {
            unsafe places[0] = Int64(index)
            siftDown(0, count)
        }
        for last in (1..<count).reversed() {
            let root = unsafe places[0]
            unsafe places[0] = places[last &* stride]
            unsafe places[last &* stride] = root
            siftDown(0, last)
        }
    }

    private func siftDown(_ root: Int, _ count: Int) {
        let sinking = unsafe places[root &* stride]
        var hole = root
        while true {
            var child = 2 &* hole &+ 1
            guard child < count else { break }
            if child &+ 1 < count, unsafe isBefore(places[child &* stride], places[(child &+ 1) &* stride]) {
                child &+= 1
            }
            guard unsafe isBefore(sinking, places[child &* stride]) else { break }
            unsafe places[hole &* stride] = places[child &* stride]
            hole = child
        }
        unsafe places[hole &* stride] = sinking
    }

    /// Whether one place comes before another: by their elements, a NaN being the largest, then as they lie.
    @inline(__always)
    private func isBefore(_ left: Int64, _ right: Int64) -> Bool {
        let a = unsafe line[Int(left) &* stride], b = unsafe line[Int(right) &* stride]
        if isSmaller(a, b) { return !isDescending }
        if isSmaller(b, a) { return isDescending }
        return left < right
    }

    @inline(__always)
    private func isSmaller(_ a: Float, _ b: Float) -> Bool { a < b || (b.isNaN && !a.isNaN) }
}
