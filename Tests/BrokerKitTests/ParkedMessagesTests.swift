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
        let (count, byteCount) = (parked.count, parked.byteCount)
        #expect(count == 6 && byteCount == 11)
        var sent: [UInt8] = []
        parked.drain(1) { message in
            if sent.count == 3 { return .full }
            sent.append(message.bytes(at: 0)[0])
            return .sent
        }
        let (left, isWaiting) = (parked.count, parked.isWaiting(for: 1))
        #expect(sent == [0, 1, 2] && left == 3 && isWaiting)
        parked.drain(1) { message in
            sent.append(message.bytes(at: 0)[0])
            return .sent
        }
        let isWaitingStill = parked.isWaiting(for: 1)
        #expect(sent == [0, 1, 2, 3, 4] && !isWaitingStill)
        parked.remove(2)
        let (isEmpty, noBytes) = (parked.isEmpty, parked.byteCount)
        #expect(isEmpty && noBytes == 0)
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
        let count = parked.count
        #expect(count == BrokerLimits.parkedCountMaximum + 1)
    }
}
