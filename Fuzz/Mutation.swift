/// Changes of bytes that know nothing of what the bytes mean, but for the words that are given.
enum Mutation {
    /// What an input may grow to: size itself is not what is looked for.
    static let byteCountMaximum = 1 << 18

    /// Numbers at which arithmetic goes wrong.
    static let numbers: [UInt64] = [
        0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000,
        0xFFFF_FFFF, 0x1_0000_0000, 1 << 40, 1 << 53, 1 << 62, 0x7FFF_FFFF_FFFF_FFFF, 1 << 63, .max - 1, .max,
    ]

    /// One to four changes.
    static func changed(
        _ bytes: [UInt8], beside other: [UInt8], words: [String] = [], _ random: inout Randomness
    ) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.below(4) { change(&bytes, beside: other, words, &random) }
        return Array(bytes.prefix(byteCountMaximum))
    }

    private static func change(
        _ bytes: inout [UInt8], beside other: [UInt8], _ words: [String], _ random: inout Randomness
    ) {
        guard !bytes.isEmpty else { return bytes = other }
        let position = random.below(bytes.count)
        switch random.below(words.isEmpty ? 8 : 12) {
        case 0: bytes[position] ^= 1 << UInt8(random.below(8))
        case 1: bytes[position] = UInt8(truncatingIfNeeded: random.next())
        case 2: overwrite(&bytes, at: position, &random)
        case 3: bytes.removeSubrange(position...)
        case 4: bytes.removeSubrange(position..<min(bytes.count, position + 1 + random.below(32)))
        case 5: repeatPart(&bytes, from: position, &random)
        case 6: splice(&bytes, at: position, other, &random)
        case 7: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: position)
        default:
            let end = random.once(in: 2) ? position : min(bytes.count, position + random.below(8))
            bytes.replaceSubrange(position..<end, with: Array(random.pick(words).utf8))
        }
    }

    /// Writes a number of one, two, four or eight bytes, little- or big-endian, where there are others.
    private static func overwrite(_ bytes: inout [UInt8], at position: Int, _ random: inout Randomness) {
        let number = random.pick(numbers), width = 1 << random.below(4), isBig = random.once(in: 2)
        // Numbers stand where their width says, more often than not.
        let start = random.once(in: 4) ? position : position / width * width
        for index in 0..<width where start + index < bytes.count {
            let shift = 8 * UInt64(isBig ? width - 1 - index : index)
            bytes[start + index] = UInt8(truncatingIfNeeded: number >> shift)
        }
    }

    private static func repeatPart(_ bytes: inout [UInt8], from start: Int, _ random: inout Randomness) {
        let part = Array(bytes[start..<min(bytes.count, start + 1 + random.below(64))])
        let times = random.once(in: 16) ? random.below(2_000) : 1 + random.below(3)
        guard part.count * times + bytes.count <= byteCountMaximum else { return }
        bytes.insert(contentsOf: (0..<times).flatMap { _ in part }, at: start)
    }

    /// Goes on as the other does from a place of its own.
    private static func splice(
        _ bytes: inout [UInt8], at position: Int, _ other: [UInt8], _ random: inout Randomness
    ) {
        let from = random.below(other.count)
        bytes.replaceSubrange(position..., with: other[min(from, other.count)...])
    }
}
