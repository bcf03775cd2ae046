extension Shape {
    /// The sizes two shapes take when aligned at their last axes, as in NumPy; `nil` where they do not fit.
    ///
    /// The result may be no valid shape: its product has not been checked.
    package func broadcast(with other: Shape) -> [Int]? {
        let rank = Swift.max(self.rank, other.rank)
        var sizes = [Int](repeating: 1, count: rank)
        for axis in 0..<rank {
            let left = size(atAlignedAxis: axis, of: rank)
            let right = other.size(atAlignedAxis: axis, of: rank)
            guard left == right || left == 1 || right == 1 else { return nil }
            sizes[axis] = left == 1 ? right : left
        }
        return sizes
    }

    /// Whether broadcasting this shape with `other` gives `other`.
    package func broadcasts(to other: Shape) -> Bool {
        broadcast(with: other) == other.dimensions
    }

    /// The size along one axis of a shape of higher rank, the last axes being aligned; 1 where this shape has
    /// none.
    package func size(atAlignedAxis axis: Int, of rank: Int) -> Int {
        let own = axis - (rank - self.rank)
        return own < 0 ? 1 : dimensions[own]
    }

    /// Axes as numbers from 0 in rising order: negative ones count from the end, `nil` means all.
    ///
    /// `nil` is returned for axes out of range, repeated, or an empty list, which libraries read in opposite
    /// ways.
    package static func resolve(axes: [Int]?, rank: Int) -> [Int]? {
        guard let axes else { return Array(0..<rank) }
        guard !axes.isEmpty else { return nil }
        var isTaken = [Bool](repeating: false, count: rank)
        for axis in axes {
            guard let resolved = resolve(axis: axis, rank: rank), !isTaken[resolved] else { return nil }
            isTaken[resolved] = true
        }
        return (0..<rank).filter { isTaken[$0] }
    }

    /// An axis as a number from 0, or `nil` where there is no such axis.
    package static func resolve(axis: Int, rank: Int) -> Int? {
        guard axis >= -rank, axis < rank else { return nil }
        return axis < 0 ? axis + rank : axis
    }

    /// The sizes left after reducing over axes that `resolve` has checked.
    package func reduced(over axes: [Int], keepsDimensions: Bool) -> [Int] {
        var sizes: [Int] = []
        for (axis, size) in dimensions.enumerated() {
            if !axes.contains(axis) {
                sizes.append(size)
            } else if keepsDimensions {
                sizes.append(1)
            }
        }
        return sizes
    }
}
