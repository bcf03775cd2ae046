/// Containers with right lengths and check sums, so that changes inside of them are seen by whoever unpacks them.
enum Packing {
    /// A ZIP file of members that are stored as they are.
    static func zip(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var file: [UInt8] = [], list: [UInt8] = []
        for (name, bytes) in members {
            let name = Array(name.utf8)
            let sums = little(crc(bytes), 4) + little(UInt32(bytes.count), 4) + little(UInt32(bytes.count), 4)
            let shared = little(0, 4) + little(0, 4) + sums + little(UInt32(name.count), 2) + little(0, 2)
            list += [0x50, 0x4B, 0x01, 0x02, 20, 0, 20, 0] + shared + little(0, 2) + little(0, 8)
            list += little(UInt32(file.count), 4) + name
            file += [0x50, 0x4B, 0x03, 0x04, 20, 0] + shared + name + bytes
        }
        let count = little(UInt32(members.count), 2)
        let end = [0x50, 0x4B, 0x05, 0x06, 0, 0, 0, 0] + count + count + little(UInt32(list.count), 4)
        return file + list + end + little(UInt32(file.count), 4) + [0, 0]
    }

    /// A gzip file of bytes that are stored as they are.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var file: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var start = 0
        repeat {
            let end = min(bytes.count, start + 0xFFFF), count = UInt32(end - start)
            file += [end == bytes.count ? 1 : 0] + little(count, 2) + little(~count, 2) + bytes[start..<end]
            start = end
        } while start < bytes.count
        return file + little(crc(bytes), 4) + little(UInt32(bytes.count), 4)
    }

    private static func little(_ number: UInt32, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { $0 < 4 ? UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) : 0 }
    }

    /// The CRC-32 of ZIP and gzip (RFC 1952, section 8).
    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes { crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
        return ~crc
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
    }
}
