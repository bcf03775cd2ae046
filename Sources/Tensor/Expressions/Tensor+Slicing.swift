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
