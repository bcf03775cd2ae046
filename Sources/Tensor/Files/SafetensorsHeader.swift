/// The first part of a safetensors file: which tensors there are and which bytes are theirs.
struct SafetensorsHeader {
    /// A tensor and its bytes, counted from where the tensors' bytes begin.
    struct Entry {
        let name: String
        let type: ValueType
        let range: Range<Int>
    }

    /// The key under which metadata stands among the tensors.
    static let metadataKey = "__metadata__"

    /// The tensors in the order of their bytes.
    private(set) var entries: [Entry] = []
    /// What else the file says.
    private(set) var metadata: [String: String]
    /// Where the tensors' bytes begin in a file that was read.
    private(set) var dataStart = 0
    /// The number of bytes of all tensors.
    private(set) var dataByteCount = 0

    private static let lengthByteCount = 8

    /// Starts a header to write.
    init(metadata: [String: String]) {
        self.metadata = metadata
    }

    /// Adds a tensor whose bytes follow those of the tensor before.
    mutating func append(_ name: String, _ type: ValueType) {
        let range = dataByteCount..<(dataByteCount + type.byteCount)
        entries.append(Entry(name: name, type: type, range: range))
        dataByteCount = range.upperBound
    }

    // MARK: Reading

    /// Reads and checks the header of a whole file: every byte after it belongs to exactly one tensor.
    ///
    /// - Throws: `TensorError.invalidFile`.
    init(_ bytes: [UInt8], path: String) throws(TensorError) {
        func invalid(_ reason: String) -> TensorError { .invalidFile(path: path, reason: reason) }
        guard !bytes.isEmpty else { throw invalid("no safetensors file: it is empty") }
        guard bytes.count >= SafetensorsHeader.lengthByteCount else {
            throw invalid(
                "no safetensors file: it has \(bytes.count) bytes, too few for the length of a header")
        }
        let length = bytes.prefix(SafetensorsHeader.lengthByteCount).reversed()
            .reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // Whatever begins otherwise was never one, and what its first bytes would mean says nothing to anybody.
        guard bytes.dropFirst(SafetensorsHeader.lengthByteCount).first == UInt8(ascii: "{") else {
            throw invalid("no safetensors file: it does not begin with a header")
        }
        guard length <= UInt64(Safetensors.headerByteCountMaximum) else {
            throw invalid("a header of \(length) bytes, the limit is \(Safetensors.headerByteCountMaximum)")
        }
        self.metadata = [:]
        self.dataStart = SafetensorsHeader.lengthByteCount + Int(length)
        guard bytes.count >= dataStart else {
            throw invalid("truncated: a header of \(length) bytes in a file of \(bytes.count)")
        }
        let text = Array(bytes[SafetensorsHeader.lengthByteCount..<dataStart])
        var reader = JSONReader(text, path: path)
        try readMembers(&reader)
        try reader.end()
        try checkCover(bytes.count - dataStart, path)
    }

    private mutating func readMembers(_ reader: inout JSONReader) throws(TensorError) {
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        try reader.object { (reader, key) throws(TensorError) in
            if key == SafetensorsHeader.metadataKey {
                try reader.object { (reader, key) throws(TensorError) in metadata[key] = try reader.string() }
            } else {
                entries.append(try SafetensorsHeader.entry(key, &reader))
            }
        }
        self.metadata = metadata
        self.entries = entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
    }

    private static func entry(_ name: String, _ reader: inout JSONReader) throws(TensorError) -> Entry {
        var elementType: ElementType?
        var sizes: [Int]?
        var offsets: [Int]?
        try reader.object { (reader, key) throws(TensorError) in
            switch key {
            case "dtype":
                let code = try reader.string()
                elementType = ElementType.allCases.first { $0.safetensorsCode == code }
                if elementType == nil {
                    throw reader.error("'\(name)' has element type '\(code)', which is not known here")
                }
            case "shape": sizes = try reader.numbers(limit: Shape.rankMaximum)
            case "data_offsets": offsets = try reader.numbers(limit: 2)
            default: throw reader.error("'\(name)' has an unknown property '\(key)'")
            }
        }
        guard let elementType, let sizes, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw reader.error("'\(name)' lacks dtype, shape or data_offsets")
        }
        guard let shape = try? Shape(sizes) else {
            throw reader.error("'\(name)' cannot have the shape \(sizes)")
        }
        let type = ValueType(elementType, shape)
        guard offsets[1] - offsets[0] == type.byteCount else {
            throw reader.error("'\(name)' is \(type) but has \(offsets[1] - offsets[0]) bytes")
        }
        return Entry(name: name, type: type, range: offsets[0]..<offsets[1])
    }

    private mutating func checkCover(_ byteCount: Int, _ path: String) throws(TensorError) {
        for entry in entries {
            guard entry.range.lowerBound == dataByteCount else {
                throw .invalidFile(
                    path: path,
                    reason: "'\(entry.name)' begins at byte \(entry.range.lowerBound), not \(dataByteCount)")
            }
            dataByteCount = entry.range.upperBound
        }
        guard dataByteCount == byteCount else {
            throw .invalidFile(path: path, reason: "tensors of \(dataByteCount) bytes in \(byteCount)")
        }
    }

    // MARK: Writing

    /// The length and the header, padded with spaces so that the tensors begin at a multiple of eight.
    ///
    /// - Throws: `TensorError.limitExceeded` for a header nobody would read.
    func encoded() throws(TensorError) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { "\(JSONReader.quoted($0.key)):\(JSONReader.quoted($0.value))" }
            let key = JSONReader.quoted(SafetensorsHeader.metadataKey)
            members.append("\(key):{\(pairs.joined(separator: ","))}")
        }
        for entry in entries {
            let sizes = entry.type.shape.dimensions.map { "\($0)" }.joined(separator: ",")
            let code = entry.type.elementType.safetensorsCode, range = entry.range
            members.append(
                "\(JSONReader.quoted(entry.name)):{\"dtype\":\"\(code)\",\"shape\":[\(sizes)],"
                    + "\"data_offsets\":[\(range.lowerBound),\(range.upperBound)]}")
        }
        var text = Array("{\(members.joined(separator: ","))}".utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        guard text.count <= Safetensors.headerByteCountMaximum else {
            throw .limitExceeded(
                what: "the number of bytes of a safetensors header", got: text.count,
                limit: Safetensors.headerByteCountMaximum)
        }
        let length = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text
    }
}

extension ElementType {
    /// The name of the element type in a safetensors header.
    fileprivate var safetensorsCode: String {
        switch self {
        case .float32: "F32"
        case .int32: "I32"
        case .int64: "I64"
        case .uint8: "U8"
        }
    }
}
