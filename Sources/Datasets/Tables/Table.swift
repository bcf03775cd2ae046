import Ground
public import Tensor

/// Rows of data: one value per column, rows along axis 0.
///
/// Copies share storage; nothing can change a table once made.
public struct Table: Sendable {
    /// The columns.
    public let schema: Schema
    /// One value per column, in the schema's order.
    public let values: [TensorValue]
    /// The number of rows, the size of axis 0 of every value.
    public let rowCount: Int

    /// Checks values against the schema and makes a table of them.
    ///
    /// - Throws: `DatasetError.invalidTable` when a value has another type or shape than its column, or
    ///   another number of rows than its neighbours.
    public init(schema: Schema, values: [TensorValue]) throws(DatasetError) {
        guard values.count == schema.columns.count else {
            throw .invalidTable(reason: "\(schema.columns.count) columns and \(values.count) values")
        }
        let rowCount = values[0].shape.dimensions.first ?? 0
        for (column, value) in zip(schema.columns, values) {
            let expected = try column.valueType(rowCount: rowCount)
            guard value.type == expected else {
                throw .invalidTable(
                    reason: "column '\(column.name)': expected \(expected), got \(value.type)")
            }
        }
        self.schema = schema
        self.values = values
        self.rowCount = rowCount
    }

    /// The value of the column of a name.
    public subscript(name: String) -> TensorValue? {
        schema.columns.firstIndex { $0.name == name }.map { values[$0] }
    }

    /// The number of bytes its values hold.
    public var byteCount: Int { values.reduce(0) { $0 + $1.type.byteCount } }

    /// Copies some rows, in the order named; a row may be named more than once.
    ///
    /// - Throws: `DatasetError.invalidTable` for a row that is not there.
    /// - Complexity: O(bytes of the rows).
    public func selecting(rows: [Int32]) throws(DatasetError) -> Table {
        for row in rows where row < 0 || Int(row) >= rowCount {
            throw .invalidTable(reason: "row \(row) of \(rowCount) rows")
        }
        var selected: [TensorValue] = []
        for (column, value) in zip(schema.columns, values) {
            selected.append(try value.gathering(rows: rows, of: column))
        }
        return try Table(schema: schema, values: selected)
    }
}

extension TensorValue {
    /// Copies rows that the caller has checked.
    fileprivate func gathering(rows: [Int32], of column: Column) throws(DatasetError) -> TensorValue {
        let type = try column.valueType(rowCount: rows.count)
        let rowByteCount = column.rowShape.elementCount * elementType.byteCount
        let gathered = Storage(byteCount: type.byteCount)
        storage.withBytes { source in
            // The one door from a RawSpan to bytes that strict memory safety lets through.
            let bytes = Span<UInt8>(_bytes: source)
            gathered.withMutableBytes { target in
                for (position, row) in rows.enumerated() {
                    let from = Int(row) * rowByteCount
                    let to = position * rowByteCount
                    for offset in 0..<rowByteCount {
                        target.storeBytes(of: bytes[from + offset], toByteOffset: to + offset, as: UInt8.self)
                    }
                }
            }
        }
        return try checked(TensorValue(type, storage: gathered))
    }
}
