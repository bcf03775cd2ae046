/// How the windows of a convolution lie: a number for each of one to three spatial axes.
public struct Convolution: Sendable, Hashable {
    /// The distance between neighbouring windows.
    public var strides: [Int]
    /// How many zeros lie before and after the elements.
    public var padding: [Int]
    /// The distance between neighbours within a window.
    public var dilations: [Int]
    /// Into how many parts channels are cut, each made of one.
    public var groups: Int

    /// Names all of it; nothing is checked before it meets a shape.
    public init(strides: [Int], padding: [Int], dilations: [Int], groups: Int = 1) {
        self.strides = strides
        self.padding = padding
        self.dilations = dilations
        self.groups = groups
    }
}

/// How the windows of a pool lie: a number for each of one to three spatial axes.
public struct Pool: Sendable, Hashable {
    /// How many elements a window has.
    public var sizes: [Int]
    /// The distance between neighbouring windows.
    public var strides: [Int]
    /// How many places without elements lie before and after them.
    public var padding: [Int]

    /// Names all of it; nothing is checked before it meets a shape.
    public init(sizes: [Int], strides: [Int], padding: [Int]) {
        self.sizes = sizes
        self.strides = strides
        self.padding = padding
    }
}

/// The windows along one axis.
struct WindowAxis: Sendable, Hashable {
    /// The elements of a window.
    let size: Int
    let stride: Int
    let padding: Int
    let dilation: Int

    /// What strides, paddings, dilations and groups may be at most, so that no product of them overflows.
    static let extentMaximum = 65_536
    /// The most elements of a window: oneDNN writes code for each.
    static let sizeMaximum = 4_096

    /// How far it is from before a window's first element to behind its last.
    var span: Int { (size - 1) * dilation + 1 }

    /// How many windows fit into so many elements; none where not one does.
    func count(of elementCount: Int) -> Int? {
        let room = elementCount + 2 * padding - span
        return room < 0 ? nil : room / stride + 1
    }

    /// The element a place of a window falls on; none where that is padding.
    func element(of window: Int, _ place: Int, among elementCount: Int) -> Int? {
        let element = window * stride - padding + place * dilation
        return element >= 0 && element < elementCount ? element : nil
    }

    /// Whether all numbers are ones that a window can have.
    var isValid: Bool {
        let extents = 1...WindowAxis.extentMaximum
        return (1...WindowAxis.sizeMaximum).contains(size) && extents.contains(stride)
            && extents.contains(dilation)
            && (0...WindowAxis.extentMaximum).contains(padding)
    }
}

extension Convolution {
    /// What completes it on the wire.
    var attributes: OperationAttributes { OperationAttributes([groups] + strides + padding + dilations) }

    init(_ reader: inout AttributeReader) throws(TensorError) {
        let groups = try reader.integer(), lists = try reader.lists(3)
        self.init(strides: lists[0], padding: lists[1], dilations: lists[2], groups: groups)
    }

    /// The windows along each spatial axis, for a weight [out, in / groups, spatial…] that fits.
    func axes(_ weight: [Int]) -> [WindowAxis] {
        strides.indices.map {
            WindowAxis(
                size: weight[$0 + 2], stride: strides[$0], padding: padding[$0], dilation: dilations[$0])
        }
    }

    /// What it makes of x [rows, in, spatial…] and such a weight.
    ///
    /// - Throws: `TensorError.shapeMismatch`.
    func output(_ x: Shape, _ weight: Shape, _ rule: ShapeRule) throws(TensorError) -> Shape {
        try rule.requireSpatialAxes(of: x, strides.count)
        try rule.require(
            padding.count == strides.count && dilations.count == strides.count && weight.rank == x.rank,
            "\(strides.count) strides, \(padding.count) paddings, \(dilations.count) dilations and a weight "
                + "of \(weight.rank) axes")
        try rule.require((1...WindowAxis.extentMaximum).contains(groups), "\(groups) groups")
        try rule.require(
            x[1] % groups == 0 && weight[0] % groups == 0 && weight[1] == x[1] / groups,
            "\(x[1]) channels to \(weight[0]) in \(groups) groups, the weight takes \(weight[1])")
        return try rule.shape(
            [x[0], weight[0]] + rule.windowCounts(axes(weight.dimensions), along: x))
    }
}

extension Pool {
    /// What completes it on the wire.
    var attributes: OperationAttributes { OperationAttributes(sizes + strides + padding) }

    init(_ reader: inout AttributeReader) throws(TensorError) {
        let lists = try reader.lists(3)
        self.init(sizes: lists[0], strides: lists[1], padding: lists[2])
    }

    /// The windows along each spatial axis.
    var axes: [WindowAxis] {
        sizes.indices.map {
            WindowAxis(size: sizes[$0], stride: strides[$0], padding: padding[$0], dilation: 1)
        }
    }

    /// What it makes of x [rows, channels, spatial…].
    ///
    /// - Throws: `TensorError.shapeMismatch`.
    func output(_ x: Shape, _ rule: ShapeRule) throws(TensorError) -> Shape {
        try rule.requireSpatialAxes(of: x, sizes.count)
        try rule.require(
            strides.count == sizes.count && padding.count == sizes.count,
            "\(sizes.count) sizes, \(strides.count) strides and \(padding.count) paddings")
        for (size, padding) in zip(sizes, padding) {
            try rule.require(
                size <= WindowAxis.sizeMaximum && padding <= size / 2,
                "a window of \(size) with a padding of \(padding)")
        }
        return try rule.shape([x[0], x[1]] + rule.windowCounts(axes, along: x))
    }
}

extension ShapeRule {
    /// A value has axes for rows and channels, and so many for space.
    fileprivate func requireSpatialAxes(of x: Shape, _ count: Int) throws(TensorError) {
        try require(
            (1...3).contains(count) && x.rank == count + 2,
            "x has \(x.rank) axes, not rows, channels and \(count) of 1 to 3")
    }

    /// How many windows there are along each spatial axis.
    fileprivate func windowCounts(_ axes: [WindowAxis], along x: Shape) throws(TensorError) -> [Int] {
        var counts: [Int] = []
        for (axis, windows) in axes.enumerated() {
            try require(
                windows.isValid,
                "a window of \(windows.size), stride \(windows.stride), padding \(windows.padding), "
                    + "dilation \(windows.dilation)")
            guard let count = windows.count(of: x[axis + 2]) else {
                throw mismatch("a window that spans \(windows.span) does not fit \(x[axis + 2])")
            }
            counts.append(count)
        }
        return counts
    }
}
