import Ground

/// What two sites compare to know that their columns mean the same: see PROTOCOL.md, section 3.3.
public struct SchemaHash: Sendable, Hashable, CustomStringConvertible {
    /// No schema.
    public static let none = SchemaHash(.none)

    package let identifier: Identifier

    package init(_ identifier: Identifier) { self.identifier = identifier }

    /// The first eight hexadecimal digits: enough to tell schemas apart by eye.
    public var description: String {
        identifier.bytes.prefix(4).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}

extension DatasetDescription {
    /// The hash of what the columns mean: ordered names, kinds, categories, classes and what missing means.
    ///
    /// The data set's name, tags, units and the digest of its rows have no part in it.
    /// - Complexity: O(bytes of all names).
    public var schemaHash: SchemaHash {
        var encoding = SchemaEncoding()
        encoding.append(text: "fagure schema 1")
        encoding.append(number: Int(missing.rawValue))
        encoding.append(number: columns.count)
        for column in columns { encoding.append(column) }
        return SchemaHash(Identifier(firstBytesOf: SHA256.hash(encoding.bytes)))
    }
}

/// The bytes a schema is hashed as: numbers of 64 bits, texts with their length before them.
private struct SchemaEncoding {
    private(set) var bytes: [UInt8] = []

    mutating func append(number: Int) {
        let word = UInt64(clamping: number)
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) }
    }

    mutating func append(text: String) {
        append(number: text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(texts: [String]) {
        append(number: texts.count)
        for text in texts { append(text: text) }
    }

    mutating func append(_ column: ColumnDescription) {
        append(text: column.name)
        append(number: column.role == .feature ? 1 : 2)
        append(number: Int(column.elementType))
        append(number: column.dimensions.count)
        for size in column.dimensions { append(number: size) }
        append(texts: column.classes)
        append(number: column.features.count)
        for feature in column.features { append(feature) }
    }

    mutating func append(_ feature: FeatureDescription) {
        append(text: feature.name)
        switch feature.kind {
        case .number:
            append(number: 1)
            append(number: 0)
        case .categories(let names):
            append(number: 2)
            append(texts: names)
        }
    }
}
