/// The list of members of a ZIP file, such as NumPy's NPZ: APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
///
/// Only what NumPy writes is read: members stored or deflated, sizes below 4 GiB, no encryption.
struct ZipArchive {
    /// A file in the archive.
    struct Member {
        /// Its name.
        let name: String
        /// Whether its bytes are deflated, or stored as they are.
        let isDeflated: Bool
        /// Where its bytes begin.
        let offset: Int
        /// How many they are in the archive.
        let packedByteCount: Int
        /// How many they are unpacked.
        let byteCount: Int
        /// Their CRC-32, unpacked.
        let crc: UInt32
    }

    /// The members in the order of the archive's list.
    let members: [Member]

    private static let endByteCount = 22
    private static let entryByteCount = 46
    private static let localByteCount = 30

    /// Reads the list at the end of a file.
    ///
    /// - Throws: `DatasetError.invalidFile`.
    init(_ bytes: [UInt8], path: String) throws(DatasetError) {
        let reader = ByteReader(bytes, path: path)
        guard let end = ZipArchive.end(reader) else {
            throw .invalidFile(path: path, reason: "not a ZIP file: it has no end record")
        }
        let count = try reader.number(at: end + 10, byteCount: 2)
        guard count <= DatasetLimits.zipMemberCountMaximum else {
            throw .invalidFile(
                path: path, reason: "\(count) members, the limit is \(DatasetLimits.zipMemberCountMaximum)")
        }
        var position = try reader.number(at: end + 16, byteCount: 4)
        var members: [Member] = []
        for _ in 0..<count {
            let (member, next) = try ZipArchive.entry(reader, at: position)
            members.append(member)
            position = next
        }
        self.members = members
    }

    /// Where the end record begins: it is the last thing but for a comment.
    private static func end(_ reader: ByteReader) -> Int? {
        let count = reader.bytes.count
        guard count >= endByteCount else { return nil }
        for position in stride(
            from: count - endByteCount, through: max(0, count - endByteCount - 0xFFFF), by: -1)
        where reader.bytes[position] == 0x50 && reader.matches([0x50, 0x4B, 0x05, 0x06], at: position) {
            return position
        }
        return nil
    }

    private static func entry(
        _ reader: ByteReader, at position: Int
    ) throws(DatasetError) -> (Member, next: Int) {
        guard reader.matches([0x50, 0x4B, 0x01, 0x02], at: position) else {
            throw reader.fault("the list of ZIP members is damaged")
        }
        let flags = try reader.number(at: position + 8, byteCount: 2)
        let method = try reader.number(at: position + 10, byteCount: 2)
        let crc = try reader.number(at: position + 16, byteCount: 4)
        let packed = try reader.number(at: position + 20, byteCount: 4)
        let unpacked = try reader.number(at: position + 24, byteCount: 4)
        let nameCount = try reader.number(at: position + 28, byteCount: 2)
        let extraCount = try reader.number(at: position + 30, byteCount: 2)
        let commentCount = try reader.number(at: position + 32, byteCount: 2)
        let local = try reader.number(at: position + 42, byteCount: 4)
        let name = String(
            decoding: try reader.slice(at: position + entryByteCount, byteCount: nameCount), as: UTF8.self)
        guard flags & 1 == 0, method == 0 || method == 8, method == 8 || packed == unpacked else {
            throw reader.fault("\(quoted(name)) is neither stored nor deflated")
        }
        guard unpacked <= DatasetLimits.fileByteCountMaximum else {
            throw .fileTooLarge(path: reader.path, limit: DatasetLimits.fileByteCountMaximum)
        }
        guard reader.matches([0x50, 0x4B, 0x03, 0x04], at: local) else {
            throw reader.fault("\(quoted(name)) is not where the list of ZIP members says")
        }
        let start = local + localByteCount
        let offset =
            try start + reader.number(at: local + 26, byteCount: 2)
            + reader.number(at: local + 28, byteCount: 2)
        guard packed <= reader.bytes.count - min(offset, reader.bytes.count) else {
            throw reader.fault("\(quoted(name)) is truncated")
        }
        let member = Member(
            name: name, isDeflated: method == 8, offset: offset, packedByteCount: packed, byteCount: unpacked,
            crc: UInt32(truncatingIfNeeded: crc))
        return (member, position + entryByteCount + nameCount + extraCount + commentCount)
    }
}

/// Little-endian numbers in foreign bytes; whatever lies outside of them is an error.
struct ByteReader {
    let bytes: [UInt8]
    let path: String

    init(_ bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// An error in the file.
    func fault(_ reason: String) -> DatasetError { .invalidFile(path: path, reason: reason) }

    /// Some bytes.
    func slice(at position: Int, byteCount: Int) throws(DatasetError) -> ArraySlice<UInt8> {
        guard position >= 0, position <= bytes.count, byteCount <= bytes.count - position else {
            throw fault("truncated at byte \(position)")
        }
        return bytes[position..<position + byteCount]
    }

    /// A number of at most seven bytes.
    func number(at position: Int, byteCount: Int) throws(DatasetError) -> Int {
        try slice(at: position, byteCount: byteCount).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Whether some bytes are there.
    func matches(_ pattern: [UInt8], at position: Int) -> Bool {
        guard position >= 0, position <= bytes.count, pattern.count <= bytes.count - position else {
            return false
        }
        return bytes[position..<position + pattern.count].elementsEqual(pattern)
    }
}
