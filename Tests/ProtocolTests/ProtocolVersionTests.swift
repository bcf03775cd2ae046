import Testing

@testable import Protocol

@Suite("Protocol versions")
struct ProtocolVersionTests {
    @Test(
        "the highest common major is chosen, if there is one",
        arguments: [(2...2, 2), (0...2, 2), (1...9, 2), (1...1, nil), (3...9, nil), (0...UInt32.max, 2)]
            as [(ClosedRange<UInt32>, UInt32?)])
    func negotiates(theirs: ClosedRange<UInt32>, common: UInt32?) {
        #expect(ProtocolVersion.highestCommon(theirs) == common)
    }

    @Test("what headers say is among what is supported")
    func current() {
        #expect(ProtocolVersion.supported.contains(UInt32(ProtocolVersion.current.major)))
        #expect("\(ProtocolVersion.current)" == "2.0")
    }
}
