/// The id a ROUTER gives a peer: five bytes normally, held inline.
///
/// It is an address to answer to and nothing more: ids say nothing about who the peer is, and repeat after a
/// restart.
package struct RoutingID: Hashable, Sendable {
    /// The longest id kept; libzmq lets a foreign peer choose up to 255 bytes, ours never choose.
    package static let byteCountMaximum = 16

    private let low: UInt64
    private let high: UInt64
    private let count: UInt8

    /// Reads an id from a frame; nil where it is empty or longer than `byteCountMaximum`.
    package init?(_ bytes: RawSpan) {
        let count = bytes.byteCount
        guard count > 0, count <= Self.byteCountMaximum else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for offset in 0..<count {
            let byte = UInt64(unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self))
            if offset < 8 { words.0 |= byte << (8 * offset) } else { words.1 |= byte << (8 * (offset - 8)) }
        }
        (low, high) = words
        self.count = UInt8(count)
    }

    /// How many bytes the id has on the wire.
    package var byteCount: Int { Int(count) }

    /// Whether a ROUTER gave this id after another one: it counts those who greet, and the count goes round.
    ///
    /// An id that a peer chose itself tells nothing; it is taken for the later one.
    package func wasGiven(after other: RoutingID) -> Bool {
        guard let count = countOfGreetings, let before = other.countOfGreetings else { return self != other }
        return Int32(bitPattern: count &- before) > 0
    }

    /// Which greeting it was, for an id the ROUTER made itself: a zero, then a big-endian number.
    private var countOfGreetings: UInt32? {
        guard count == 5, byte(at: 0) == 0 else { return nil }
        return (1..<5).reduce(0) { $0 << 8 | UInt32(byte(at: $1)) }
    }

    /// The byte at an offset below `byteCount`.
    private func byte(at offset: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: offset < 8 ? low >> (8 * offset) : high >> (8 * (offset - 8)))
    }

    /// Writes the id over a frame of exactly `byteCount` bytes.
    func write(to span: inout MutableRawSpan) {
        for offset in 0..<byteCount {
            span.storeBytes(of: byte(at: offset), toByteOffset: offset, as: UInt8.self)
        }
    }
}

extension RoutingID: CustomStringConvertible {
    package var description: String {
        let digits = Array("0123456789abcdef")
        return String(
            (0..<byteCount).flatMap { offset in
                let byte = byte(at: offset)
                return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            })
    }
}
