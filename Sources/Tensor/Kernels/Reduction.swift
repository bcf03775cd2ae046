/// Which axes of a tensor are folded into one value, as walks over what is kept and what is folded.
///
/// DESIGN: the innermost run of axes is either folded or kept. Folded: every output element folds whole runs,
/// one after another. Kept: a run of output elements is folded at once, column beside column. Sums are
/// carried in float32 over `blockLength` terms at most and in double beyond, always in the order in which the
/// elements lie in memory: the result depends on the values and their number, never on how the work was cut
/// up.
struct ReductionGeometry: Sendable, Hashable {
    /// How many terms are added up in float32 before they join a sum in double.
    static let blockLength = 128

    /// Over the kept axes but those of the innermost run.
    let kept: Walk
    /// Over the folded axes but those of the innermost run.
    let folded: Walk
    /// The number of elements in the innermost run.
    let length: Int
    /// Whether the innermost run is folded.
    let foldsInnermost: Bool
    /// The number of elements folded into one.
    let foldedCount: Int

    /// Plans a reduction over axes counted from 0.
    init(_ shape: Shape, over axes: [Int]) {
        let strides = shape.strides
        let isFolded = shape.dimensions.indices.map { axes.contains($0) }
        var innermost = shape.rank
        while innermost > 0, isFolded[innermost - 1] == isFolded[shape.rank - 1] { innermost -= 1 }
        func walk(_ chosen: [Int]) -> Walk {
            Walk(chosen.map { shape[$0] }, strides: [chosen.map { strides[$0] }], hasLongRows: false)
        }
        self.kept = walk((0..<innermost).filter { !isFolded[$0] })
        self.folded = walk((0..<innermost).filter { isFolded[$0] })
        self.length = shape.dimensions[innermost...].reduce(1, *)
        self.foldsInnermost = isFolded.last ?? false
        self.foldedCount = shape.dimensions.indices.reduce(1) { isFolded[$1] ? $0 * shape[$1] : $0 }
    }

    /// Plans what undoes broadcasting a shape to a larger one: folding every axis along which it was
    /// repeated.
    init(_ larger: Shape, to smaller: Shape) {
        self.init(
            larger,
            over: (0..<larger.rank).filter { smaller.size(atAlignedAxis: $0, of: larger.rank) != larger[$0] })
    }

    /// Calls `body` with each output run's or element's position and the offset of the first element folded into
    /// it.
    @inline(__always)
    fileprivate func forEachOutput(_ flag: CancelFlag, _ body: (_ output: Int, _ input: Int) -> Void) {
        let outputLength = foldsInnermost ? 1 : length
        kept.forEachRow(flag, cost: folded.rowCount &* length) { row, offsets in
            body(row &* outputLength, offsets[0])
        }
    }
}

extension Kernel {
    /// Sums, divided by a number: 1, or the number of terms for a mean.
    static func sum(_ geometry: ReductionGeometry, dividedBy divisor: Double) -> Kernel {
        if geometry.foldsInnermost {
            Kernel { sumRuns($0, geometry, divisor) }
        } else {
            Kernel { sumColumns($0, geometry, divisor) }
        }
    }

    /// The largest elements; a NaN wins.
    static func max(_ geometry: ReductionGeometry) -> Kernel {
        Kernel { choose($0, geometry, from: -.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 } }
    }

    /// The smallest elements; a NaN wins.
    static func min(_ geometry: ReductionGeometry) -> Kernel {
        Kernel { choose($0, geometry, from: .infinity) { $1 < $0 || $1.isNaN ? $1 : $0 } }
    }

    /// The index of the largest element along an axis, the first of equals; a NaN wins.
    static func argmax(_ shape: Shape, axis: Int) -> Kernel {
        let lanes = AxisLanes(shape, axis: axis)
        return Kernel { operands in
            let output = unsafe operands.output.elements(as: Int64.self), input = unsafe operands.first.floats
            let flag = operands.flag
            lanes.forEachLane(flag) { lane, offset in
                var best = 0
                var value = unsafe input[offset]
                flag.forEachPiece(of: lanes.count) { start, end in
                    for index in start..<end {
                        let next = unsafe input[offset + index * lanes.stride]
                        guard next > value || (next.isNaN && !value.isNaN) else { continue }
                        best = index
                        value = next
                    }
                }
                unsafe output[lane] = Int64(best)
            }
        }
    }
}

/// The lines of elements along one axis of a tensor.
struct AxisLanes: Sendable {
    /// The number of elements in a line.
    let count: Int
    /// The distance between neighbours in a line.
    let stride: Int
    private let outerCount: Int

    init(_ shape: Shape, axis: Int) {
        self.count = shape[axis]
        self.stride = shape.dimensions[(axis + 1)...].reduce(1, *)
        self.outerCount = shape.dimensions[..<axis].reduce(1, *)
    }

    /// The number of lines.
    var laneCount: Int { outerCount &* stride }

    /// The offset of a line's first element.
    @inline(__always)
    func offset(ofLane lane: Int) -> Int {
        let (outer, inner) = lane.quotientAndRemainder(dividingBy: stride)
        return outer &* stride &* count &+ inner
    }

    /// Calls `body` with the number of each line and the offset of its first element, for as long as nobody
    /// says stop.
    @inline(__always)
    func forEachLane(_ flag: CancelFlag, _ body: (_ lane: Int, _ offset: Int) -> Void) {
        var pace = Pace(flag)
        for outer in 0..<outerCount {
            for inner in 0..<stride {
                body(outer * stride + inner, outer * stride * count + inner)
                if pace.isOver(after: count) { return }
            }
        }
    }
}

extension Kernel {
    /// The sum of each element and all before it along an axis, or all after it: each sum in double precision.
    static func cumulativeSum(_ shape: Shape, axis: Int, isReversed: Bool) -> Kernel {
        let lanes = AxisLanes(shape, axis: axis)
        let step = isReversed ? -lanes.stride : lanes.stride
        let start = isReversed ? (lanes.count - 1) * lanes.stride : 0
        return Kernel { operands in
            let output = unsafe operands.output.floats, input = unsafe operands.first.floats
            lanes.forEachLane(operands.flag) { _, offset in
                var sum = 0.0, place = offset &+ start
                for _ in 0..<lanes.count {
                    sum += unsafe Double(input[place])
                    unsafe output[place] = Float(sum)
                    place &+= step
                }
            }
        }
    }
}

private typealias Floats = UnsafeMutablePointer<Float>

private func sumRuns(_ operands: borrowing Operands, _ geometry: ReductionGeometry, _ divisor: Double) {
    let output = unsafe operands.output.floats, input = unsafe operands.first.floats
    let flag = operands.flag
    geometry.forEachOutput(flag) { position, offset in
        var total = 0.0
        geometry.folded.forEachRow(flag, cost: geometry.length) { _, inner in
            total += unsafe sum(input + offset + inner[0], geometry.length, flag)
        }
        unsafe output[position] = Float(total / divisor)
    }
}

private func sum(_ p: Floats, _ count: Int, _ flag: CancelFlag) -> Double {
    var total = 0.0
    flag.forEachPiece(of: count) { start, end in unsafe add(p, start, end, to: &total) }
    return total
}

/// Adds up elements in blocks counted from `start`.
@inline(__always)
private func add(_ p: Floats, _ start: Int, _ stop: Int, to total: inout Double) {
    var i = start
    while i < stop {
        let end = Swift.min(i &+ ReductionGeometry.blockLength, stop)
        // Four sums side by side: additions need not wait for each other.
        var (s, t, u, v) = (Float(0), Float(0), Float(0), Float(0))
        while i &+ 4 <= end {
            unsafe s += p[i]
            unsafe t += p[i &+ 1]
            unsafe u += p[i &+ 2]
            unsafe v += p[i &+ 3]
            i &+= 4
        }
        while i < end { unsafe s += p[i]; i &+= 1 }
        total += Double((s + t) + (u + v))
    }
}

private func sumColumns(_ operands: borrowing Operands, _ geometry: ReductionGeometry, _ divisor: Double) {
    let output = unsafe operands.output.floats, input = unsafe operands.first.floats
    let width = 64
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { totals in
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { block in
            guard let total = totals.baseAddress, let part = block.baseAddress else { return }
            let flag = operands.flag
            geometry.forEachOutput(flag) { position, offset in
                var pace = Pace(flag)
                for column in stride(from: 0, to: geometry.length, by: width) {
                    let count = Swift.min(width, geometry.length - column)
                    unsafe sumColumns(geometry.folded, input + offset + column, count, total, part, flag)
                    if pace.isOver(after: geometry.folded.rowCount &* count) { return }
                    var i = 0
                    while i < count {
                        unsafe output[position &+ column &+ i] = Float(total[i] / divisor)
                        i &+= 1
                    }
                }
            }
        }
    }
}

/// Adds up to `total` the rows of a few neighbouring columns, in blocks.
private func sumColumns(
    _ rows: Walk, _ p: Floats, _ count: Int, _ total: UnsafeMutablePointer<Double>, _ part: Floats,
    _ flag: CancelFlag
) {
    func flush() {
        var i = 0
        while i < count { unsafe total[i] += Double(part[i]); unsafe part[i] = 0; i &+= 1 }
    }
    unsafe total.initialize(repeating: 0, count: count)
    unsafe part.initialize(repeating: 0, count: count)
    rows.forEachRow(flag, cost: count) { row, offsets in
        let q = unsafe p + offsets[0]
        var i = 0
        while i < count { unsafe part[i] += q[i]; i &+= 1 }
        if row % ReductionGeometry.blockLength == ReductionGeometry.blockLength - 1 { flush() }
    }
    flush()
}

@inline(__always)
private func choose(
    _ operands: borrowing Operands, _ geometry: ReductionGeometry, from start: Float,
    _ choice: (Float, Float) -> Float
) {
    let output = unsafe operands.output.floats, input = unsafe operands.first.floats
    let flag = operands.flag
    geometry.forEachOutput(flag) { position, offset in
        let o = unsafe output + position
        flag.forEachPiece(of: geometry.foldsInnermost ? 1 : geometry.length) { begin, end in
            unsafe (o + begin).update(repeating: start, count: end - begin)
        }
        geometry.folded.forEachRow(flag, cost: geometry.length) { _, inner in
            let p = unsafe input + offset + inner[0]
            flag.forEachPiece(of: geometry.length) { begin, end in
                var i = begin
                if geometry.foldsInnermost {
                    while i < end { unsafe o[0] = choice(o[0], p[i]); i &+= 1 }
                } else {
                    while i < end { unsafe o[i] = choice(o[i], p[i]); i &+= 1 }
                }
            }
        }
    }
}
