@testable import Protocol

/// Sebastiano Vigna's SplitMix64: the same seed gives the same numbers everywhere.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

extension Header {
    /// The header as it travels.
    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0xAA, count: Header.byteCount)
        var span = bytes.mutableSpan
        var raw = MutableRawSpan(_elements: &span)
        encode(into: &raw)
        return bytes
    }

    init(_ bytes: [UInt8]) throws(ProtocolError) { try self.init(decoding: bytes.span) }
}

/// The error a closure throws.
func thrown(_ body: () throws(ProtocolError) -> Void) -> ProtocolError? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
