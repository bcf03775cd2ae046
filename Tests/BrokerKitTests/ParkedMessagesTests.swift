import Testing

@testable import BrokerKit
@testable import ZMQ

@Suite("Parked messages")
struct ParkedMessagesTests {
    private func message(_ bytes: [UInt8]) -> Message {
        var message = Message()
        message.append(bytes)
        return message
    }

    @Test("leave in the order they came, and stay when there is no room again")
    func ordered() {
        var parked = ParkedMessages()
        for byte in 0..<5 as Range<UInt8> {
            let fits = parked.append(message([byte, byte]), for: 1)
            #expect(fits)
        }
        _ = parked.append(message([9]), for: 2)
        #expect(parked.count == 6 && parked.byteCount == 11)
        var sent: [UInt8] = []
        parked.drain(1) { message in
            if sent.count == 3 { return .full }
            sent.append(message.bytes(at: 0)[0])
            return .sent
        }
        #expect(sent == [0, 1, 2] && parked.count == 3 && parked.isWaiting(for: 1))
        parked.drain(1) { message in
            sent.append(message.bytes(at: 0)[0])
            return .sent
        }
        #expect(sent == [0, 1, 2, 3, 4] && !parked.isWaiting(for: 1))
        parked.remove(2)
        #expect(parked.isEmpty && parked.byteCount == 0)
    }

    @Test("are bounded for each peer")
    func bounded() {
        var parked = ParkedMessages()
        for _ in 0..<BrokerLimits.parkedCountMaximum {
            let fits = parked.append(message([1]), for: 1)
            guard fits else {
                Issue.record("full too early")
                return
            }
        }
        let fits = parked.append(message([1]), for: 1)
        #expect(!fits)
        let fitsAnother = parked.append(message([1]), for: 2)
        #expect(fitsAnother)
        #expect(parked.count == BrokerLimits.parkedCountMaximum + 1)
    }
}
