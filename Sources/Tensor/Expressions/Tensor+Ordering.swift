// Order, and elements by their indices.
extension Tensor {
    /// The largest elements along an axis in falling order, and their indices, int64; both with `count` in place of the
    /// axis' size.
    ///
    /// Of equal elements the first comes first; a NaN counts as the largest. Values have a gradient.
    public func topK(
        _ count: Int, axis: Int = -1, file: StaticString = #fileID, line: Int = #line
    ) -> (values: Tensor, indices: Tensor) {
        let values = applying(.topK(count: count, axis: axis), file: file, line: line)
        return (values, values.result(1))
    }

    /// The elements along an axis in order, and their indices, int64.
    ///
    /// Equal elements stay as they were; a NaN counts as the largest. Values have a gradient.
    public func sorted(
        axis: Int = -1, descending: Bool = false, file: StaticString = #fileID, line: Int = #line
    ) -> (values: Tensor, indices: Tensor) {
        let values = applying(.sort(axis: axis, descending: descending), file: file, line: line)
        return (values, values.result(1))
    }

    /// The sum of each element and all before it along an axis; reversed, all after it.
    public func cumulativeSum(
        axis: Int = -1, reversed: Bool = false, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.cumulativeSum(axis: axis, reversed: reversed), file: file, line: line)
    }

    /// For each index the row of this tensor: [indices' axes, this tensor's but the first]. An embedding.
    ///
    /// - Parameter indices: int32 or int64, from 0 to below the number of rows.
    public func rows(at indices: Tensor, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.takeRows, indices, file: file, line: line)
    }

    /// Zeros of another tensor's shape, and to the row of each index this tensor's part of that index added.
    ///
    /// - Parameters:
    ///   - indices: int32 or int64; this tensor's shape is theirs, then the other's but for its first axis.
    ///   - other: lends its shape.
    public func scatterRows(
        at indices: Tensor, like other: Tensor, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.scatterRows, indices, other, file: file, line: line)
    }

    /// The elements of each plane, so many last axes taken as one, at the indices of the same plane.
    ///
    /// - Parameter indices: int32 or int64, of this tensor's shape but for the plane's axes: such as `maxPool` gives.
    public func takePlanes(
        axes: Int, at indices: Tensor, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.takePlanes(axes: axes), indices, file: file, line: line)
    }

    /// Zeros of another tensor's shape, each element of this one added where its index says in its plane.
    ///
    /// - Parameters:
    ///   - indices: int32 or int64, of this tensor's shape: such as `maxPool` gives.
    ///   - other: lends its shape, which differs from the indices' in the plane's axes alone.
    public func scatterPlanes(
        axes: Int, at indices: Tensor, like other: Tensor, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.scatterPlanes(axes: axes), indices, other, file: file, line: line)
    }

    /// The elements of each line along an axis at the indices of the same line.
    ///
    /// - Parameter indices: int32 or int64, of this tensor's shape but along the axis; from 0 to below its size.
    public func take(
        along axis: Int, at indices: Tensor, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.takeAlong(axis: axis), indices, file: file, line: line)
    }

    /// Zeros of another tensor's shape, each element of this one added where its index says along an axis.
    ///
    /// - Parameters:
    ///   - indices: int32 or int64, of this tensor's shape; from 0 to below the other's size along the axis.
    ///   - other: lends its shape, which differs from the indices' along the axis alone.
    public func scatter(
        along axis: Int, at indices: Tensor, like other: Tensor, file: StaticString = #fileID,
        line: Int = #line
    ) -> Tensor {
        applying(.scatterAlong(axis: axis), indices, other, file: file, line: line)
    }
}
