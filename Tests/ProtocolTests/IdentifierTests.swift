import TestSupport
import Testing

@testable import Protocol

@Suite("Identifiers")
struct IdentifierTests {
    @Test("sixteen bytes and back, little-endian words")
    func roundTrips() throws {
        var random = SplitMix64(seed: 1)
        for _ in 0..<100 {
            let bytes = random.bytes(count: 16)
            #expect(try Identifier(bytes).bytes == bytes)
        }
        #expect(Identifier(high: 1, low: 2).bytes == [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test("any other number of bytes is malformed", arguments: [0, 1, 15, 17, 1_000])
    func counts(count: Int) {
        #expect(throws: ProtocolError.self) { try Identifier([UInt8](repeating: 1, count: count)) }
    }

    @Test("drawn ones differ, repeat with their seed, and are never nothing")
    func draws() {
        var one = SplitMix64(seed: 5)
        var two = SplitMix64(seed: 5)
        let drawn = (0..<1_000).map { _ in Identifier.random(using: &one) }
        #expect(drawn == (0..<1_000).map { _ in Identifier.random(using: &two) })
        #expect(Set(drawn).count == 1_000 && !drawn.contains(.none))
        #expect(Identifier.random() != Identifier.random())
    }

    @Test("are shown by eight digits")
    func shows() {
        #expect("\(Identifier(high: 0xABC, low: 0))" == "00000abc")
        #expect("\(Identifier(high: 0x1_FFFF_FFFF, low: 0))" == "ffffffff")
    }
}
