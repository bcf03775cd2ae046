/// Changes of bytes that know nothing of what the bytes mean, but for the words that are given.
enum Mutation {
    /// What an input may grow to: size itself is not what is looked for.
    static let byteCountMaximum = 1 << 18

    /// Numbers at which arithmetic goes wrong.
    static let numbers: [UInt64] = [
        0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000,
        0xFFFF_FFFF, 0x1_0000_0000, 1 << 40, 1 << 53, 1 << 62, 0x7FFF_FFFF_FFFF_FFFF, 1 << 63, .max - 1, .max,
    ]

    /// Some changes: one, as often as more.
    static func changed(
        _ bytes: [UInt8], beside other: [UInt8], words: [String] = [], _ random: inout Randomness
    ) -> [UInt8] {
        var bytes = bytes
        repeat { change(&bytes, beside: other, words, &random) } while random.once(in: 2)
        return Array(bytes.prefix(byteCountMaximum))
    }

    private static func change(
        _ bytes: inout [UInt8], beside other: [UInt8], _ words: [String], _ random: inout Randomness
    ) {
        guard !bytes.isEmpty else { return bytes = other }
        guard words.isEmpty || random.once(in: 2) else { return changeText(&bytes, other, words, &random) }
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

    /// Replaces, repeats or drops a whole line, or what stands between two marks.
    private static func changeText(
        _ bytes: inout [UInt8], _ other: [UInt8], _ words: [String], _ random: inout Randomness
    ) {
        let isLine = random.once(in: 3), marks = isLine ? lineMarks : cellMarks
        let range = part(of: bytes, between: marks, &random)
        switch random.below(8) {
        case 0: bytes.removeSubrange(range)
        case 1: bytes.insert(contentsOf: bytes[range] + [random.pick(marks)], at: range.lowerBound)
        case 2, 3: bytes.replaceSubrange(range, with: other[part(of: other, between: marks, &random)])
        case 4, 5: bytes.replaceSubrange(range, with: bytes[part(of: bytes, between: marks, &random)])
        default: bytes.replaceSubrange(range, with: Array(random.pick(words).utf8))
        }
    }

    private static let lineMarks = Array("\n\r".utf8)
    private static let cellMarks = Array("\n\r\t,;:[]{} ".utf8)

    private static func part(
        of bytes: [UInt8], between marks: [UInt8], _ random: inout Randomness
    ) -> Range<Int> {
        guard !bytes.isEmpty else { return 0..<0 }
        let position = random.below(bytes.count)
        let start = bytes[..<position].lastIndex(where: marks.contains).map { $0 + 1 } ?? 0
        return start..<(bytes[position...].firstIndex(where: marks.contains) ?? bytes.count)
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
