extension Memory {
    /// Copies rows of a table, one after the other, in the type they are stored in.
    ///
    /// - Throws: `TensorError.valueMismatch` naming a row that the table does not have; what came before it is copied.
    func gather(
        _ rows: Span<Int32>, of table: Memory, rowCount: Int, rowByteCount: Int
    ) throws(TensorError) {
        for place in rows.indices {
            let row = Int(rows[place])
            guard row >= 0, row < rowCount else {
                throw .valueMismatch(name: "gathered row \(place)", expected: "0 to \(rowCount - 1)", got: "\(row)")
            }
            unsafe (base + place * rowByteCount).copyMemory(
                from: table.base + row * rowByteCount, byteCount: rowByteCount)
        }
    }
}
