extension Memory {
    /// Copies rows of a table, one after the other, in the type they are stored in.
    /// The caller has checked that the table has them and that there is room.
    func gather(_ rows: Span<Int32>, of table: Memory, rowByteCount: Int, _ flag: CancelFlag) {
        var pace = Pace(flag)
        for position in rows.indices {
            if pace.isOver(after: rowByteCount / MemoryLayout<Float>.size) { return }
            unsafe (base + position * rowByteCount).copyMemory(
                from: table.base + Int(rows[position]) * rowByteCount, byteCount: rowByteCount)
        }
    }

    /// Makes sure that a table has all the rows that will be gathered.
    ///
    /// - Throws: `TensorError.valueMismatch` naming the first that it does not have.
    static func check(_ rows: Span<Int32>, below rowCount: Int) throws(TensorError) {
        for position in rows.indices where rows[position] < 0 || Int(rows[position]) >= rowCount {
            throw .valueMismatch(
                name: "gathered row \(position)", expected: "0 to \(rowCount - 1)", got: "\(rows[position])")
        }
    }
}
