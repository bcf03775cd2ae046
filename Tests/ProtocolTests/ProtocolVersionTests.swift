import Testing

@testable import Protocol

@Suite("Protocol versions")
struct ProtocolVersionTests {
    @Test(
        "the highest common major is chosen, if there is one",
        arguments: [(1...1, 1), (0...1, 1), (1...9, 1), (0...0, nil), (2...9, nil), (0...UInt32.max, 1)]
            as [(ClosedRange<UInt32>, UInt32?)])
    func negotiates(theirs: ClosedRange<UInt32>, common: UInt32?) {
        #expect(ProtocolVersion.highestCommon(theirs) == common)
    }

    @Test("what headers say is among what is supported")
    func current() {
        #expect(ProtocolVersion.supported.contains(UInt32(ProtocolVersion.current.major)))
        #expect("\(ProtocolVersion.current)" == "1.1")
    }
}
