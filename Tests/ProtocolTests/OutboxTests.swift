import TestSupport
import Testing

@testable import Protocol

@Suite("An outbox")
struct OutboxTests {
    @Test("records come out in order, bundled, whatever is put back", arguments: 0..<20 as Range<UInt64>)
    func order(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var outbox = Outbox()
        var (written, read): (UInt64, [UInt64]) = (0, [])
        for _ in 0..<400 {
            for _ in 0..<random.next() % 5 {
                written += 1
                outbox.append(
                    Header(.submit, job: Identifier(high: written, low: 1), attempt: 1, epoch: 1),
                    body: random.bytes(count: Int(random.next() % 9_000)))
            }
            while let frame = outbox.takeFrame() {
                if random.next() % 4 == 0 {
                    outbox.putBack(frame)
                    break
                }
                outbox.line.send(frame.count, at: 0)
                outbox.line.hear(UInt32(truncatingIfNeeded: outbox.line.sent), at: 0)
                var offset = 0
                while offset < frame.count {
                    let record = try Record(decoding: frame.span, at: offset)
                    read.append(record.header.job.high)
                    offset = record.end
                }
            }
        }
        while let frame = outbox.takeFrame() {
            var offset = 0
            while offset < frame.count {
                let record = try Record(decoding: frame.span, at: offset)
                read.append(record.header.job.high)
                offset = record.end
            }
        }
        #expect(written > 0 && read == Array(1...written))
        #expect(outbox.isEmpty && outbox.byteCount == 0)
    }

    @Test("a frame that waited says what has come until it goes, and until then nobody is told")
    func words() throws {
        var outbox = Outbox()
        outbox.append(Header(.heartbeat))
        outbox.append(Header(.heartbeat))
        outbox.line.receive(ProtocolLimits.untoldByteCountMaximum)
        #expect(outbox.line.owesWord)
        let taken = outbox.takeFrame()
        let frame = try #require(taken)
        let first = try Record(decoding: frame.span, at: 0)
        #expect(first.heard == UInt32(ProtocolLimits.untoldByteCountMaximum))
        // It did not go out.
        outbox.putBack(frame)
        #expect(outbox.line.owesWord)
        outbox.line.receive(1)
        let takenAgain = outbox.takeFrame()
        let again = try #require(takenAgain)
        outbox.line.send(again.count, at: 0)
        #expect(!outbox.line.owesWord)
        #expect(try Record(decoding: again.span, at: 0).heard == first.heard + 1)
    }

    @Test("a full line takes nothing, and pieces wait for records")
    func room() {
        var outbox = Outbox()
        #expect(outbox.pieceRoom == ProtocolLimits.pieceByteCountMinimum)
        outbox.append(Header(.heartbeat))
        #expect(outbox.pieceRoom == nil)
        #expect(outbox.takeFrame()?.count == Header.byteCount)
        outbox.line.send(ProtocolLimits.windowByteCountMinimum, at: 0)
        outbox.append(Header(.heartbeat))
        #expect(outbox.takeFrame() == nil && outbox.pieceRoom == nil)
        outbox.line.hear(UInt32(ProtocolLimits.windowByteCountMinimum), at: 1)
        #expect(outbox.takeFrame() != nil && outbox.pieceRoom != nil)
    }
}
