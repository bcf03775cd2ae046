// Slicing. A range that does not lie within its axis is reported where the value is needed, never cut short.
extension Tensor {
    /// Some rows: a part of the first axis, the others whole. Negative bounds count from the end.
    public subscript(
        rows: Range<Int>, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        sliced(starts: [rows.lowerBound], stops: [rows.upperBound], file: file, line: line)
    }

    /// The rows from one on; `data[(-2)...]` is the last two.
    public subscript(
        rows: PartialRangeFrom<Int>, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        sliced(starts: [rows.lowerBound], stops: [.max], file: file, line: line)
    }

    /// The rows up to one, without it; `data[..<(-1)]` is all but the last.
    public subscript(
        rows: PartialRangeUpTo<Int>, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        sliced(starts: [0], stops: [rows.upperBound], file: file, line: line)
    }

    /// The rows from one to another, both included.
    public subscript(
        rows: ClosedRange<Int>, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        sliced(starts: [rows.lowerBound], stops: [after(rows.upperBound)], file: file, line: line)
    }

    /// The rows up to one, with it; `data[...(-2)]` is all but the last.
    public subscript(
        rows: PartialRangeThrough<Int>, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        sliced(starts: [0], stops: [after(rows.upperBound)], file: file, line: line)
    }

    /// One row, without its axis: `data[0]` of a matrix is a vector. A negative index counts from the end; one
    /// that is not there is reported where the value is needed.
    ///
    /// - Complexity: O(steps recorded), as the shape must be known.
    public subscript(index: Int, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        indexed([index], file, line)
    }

    /// One element of each of the first two axes, without them: `data[0, 2]` of a matrix is a scalar.
    ///
    /// - Complexity: O(steps recorded), as the shape must be known.
    public subscript(
        first: Int, second: Int, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        indexed([first, second], file, line)
    }

    private func indexed(_ indices: [Int], _ file: StaticString, _ line: Int) -> Tensor {
        let origin = Origin(file: file, line: line)
        do throws(TensorError) {
            let type = try type()
            try requireIndices(indices, of: type.shape, origin)
            let sizes = [Int](type.shape.dimensions.dropFirst(indices.count))
            // To reshape, a size of 0 is one to keep; what has no elements depends on nothing.
            guard !sizes.contains(0) else {
                return .zeros(sizes, elementType: type.elementType, file: file, line: line)
            }
            return sliced(starts: indices, stops: indices.map(after), file: file, line: line)
                .applying(.reshape(to: sizes), file: file, line: line)
        } catch {
            return .failing(error, origin)
        }
    }

    /// Checks that there is an axis for each index and that it is long enough.
    private func requireIndices(
        _ indices: [Int], of shape: Shape, _ origin: Origin
    ) throws(TensorError) {
        guard indices.count <= shape.rank else {
            let what = shape.rank == 0 ? "a scalar has none" : "there are \(shape.rank)"
            throw .shapeMismatch(
                operation: "index", shapes: [shape], reason: "\(indices.count) axes are asked for, \(what)",
                origin: origin)
        }
        for (axis, index) in indices.enumerated() where index < -shape[axis] || index >= shape[axis] {
            throw .shapeMismatch(
                operation: "index", shapes: [shape],
                reason: "axis \(axis) of size \(shape[axis]) has no index \(index)", origin: origin)
        }
    }

    /// The stop of a slice that ends with an index: what follows the last one, -1, is the end. No other is: an
    /// index no axis has must not be cut short.
    private func after(_ index: Int) -> Int { index == -1 ? .max : Swift.min(index, .max - 2) + 1 }

    /// A part of each leading axis: from `starts` up to, not including, `stops`, every `steps`-th element.
    ///
    /// Axes that are not listed stay whole. Negative starts and stops count from the end; a stop of `Int.max`
    /// is the end, whatever the size. Steps are 1 unless given, and at least 1.
    public func sliced(
        starts: [Int], stops: [Int], steps: [Int]? = nil, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        let steps = steps ?? [Int](repeating: 1, count: starts.count)
        return applying(.slice(starts: starts, stops: stops, steps: steps), file: file, line: line)
    }
}
