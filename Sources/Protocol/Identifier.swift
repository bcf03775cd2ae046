/// Sixteen bytes that name a thing, kept as two words so that no allocation is needed to carry or compare them.
package struct Identifier: Sendable, Hashable {
    /// The number of bytes on the wire.
    package static let byteCount = 16
    /// Names nothing.
    package static let none = Identifier(high: 0, low: 0)

    /// Bytes 0 to 7, little-endian.
    package let high: UInt64
    /// Bytes 8 to 15, little-endian.
    package let low: UInt64

    /// Puts two words together.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Draws a new identifier; the generator is an argument so that simulations can repeat themselves.
    package static func random(using generator: inout some RandomNumberGenerator) -> Identifier {
        Identifier(high: generator.next(), low: generator.next() | 1)
    }

    /// Draws a new identifier from the system's generator.
    package static func random() -> Identifier {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    /// Reads sixteen bytes.
    ///
    /// - Throws: `ProtocolError.malformed` for any other number of bytes.
    package init(_ bytes: some Collection<UInt8>) throws(ProtocolError) {
        guard bytes.count == Identifier.byteCount else {
            throw .malformed("an identifier has \(Identifier.byteCount) bytes, got \(bytes.count)")
        }
        self.init(firstBytesOf: bytes)
    }

    /// Takes as many bytes as an identifier has off the beginning of others, such as a digest's.
    package init(firstBytesOf bytes: some Sequence<UInt8>) {
        var words: (UInt64, UInt64) = (0, 0)
        for (offset, byte) in bytes.prefix(Identifier.byteCount).enumerated() {
            if offset < 8 {
                words.0 |= UInt64(byte) << UInt64(8 * offset)
            } else {
                words.1 |= UInt64(byte) << UInt64(8 * (offset - 8))
            }
        }
        self.init(high: words.0, low: words.1)
    }

    /// Equal when all bytes are.
    @inlinable
    package static func == (left: Identifier, right: Identifier) -> Bool {
        left.low == right.low && left.high == right.high
    }

    /// Hashes one word made of both: identifiers are looked up for every message.
    @inlinable
    package func hash(into hasher: inout Hasher) { hasher.combine(high ^ low) }

    /// The sixteen bytes as they travel.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Identifier.byteCount)
        for word in [high, low] {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }
}

extension Identifier: CustomStringConvertible {
    /// Eight hexadecimal digits: enough to tell things apart in a log.
    package var description: String {
        let digits = String(UInt32(truncatingIfNeeded: high &+ low), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// Names a peer's process for as long as it runs, through reconnects and broker restarts.
package typealias SessionID = Identifier
/// Names a job from its first submission to its answer, through every attempt.
package typealias JobID = Identifier
