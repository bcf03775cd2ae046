import Ground
import Protocol
import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

@Suite("The relay")
struct RelayTests {
    /// Peers behind a relay whose lines are quick or slow: they hear what is sent, and say so when they are told to.
    private final class House {
        var relay: Relay
        var now: Int64 = 0
        var sent: [PeerID: [[UInt8]]] = [:]
        /// What becomes of what is sent.
        var outcome = SendOutcome.sent
        private var heard: [PeerID: UInt32] = [:]

        init(contentByteCountMaximum: Int = 1 << 30) {
            relay = Relay(epoch: 7, contentByteCountMaximum: contentByteCountMaximum)
        }

        func flush() {
            var news: [(PeerID, [UInt8])] = []
            relay.flush(at: now) { peer, message in
                news.append((peer, message.bytes(at: message.frameCount - 1)))
                if outcome == .sent { message = Message() }
                return outcome
            }
            for (peer, frame) in news { sent[peer, default: []].append(frame) }
        }

        /// What a peer was sent since it was asked last; it says that it has heard it.
        func take(_ peer: PeerID) -> [(Record, [UInt8])] {
            let frames = sent.removeValue(forKey: peer) ?? []
            var records: [(Record, [UInt8])] = []
            for frame in frames {
                heard[peer, default: 0] &+= UInt32(frame.count)
                var offset = 0
                while offset < frame.count, let record = try? Record(decoding: frame.span, at: offset) {
                    records.append((record, frame))
                    offset = record.end
                }
            }
            guard !frames.isEmpty else { return [] }
            now += 1
            relay.receive(80, from: peer)
            relay.hear(heard[peer, default: 0], from: peer, at: now)
            flush()
            return records
        }

        /// A provider that hands out what it is asked for until nothing more is asked.
        func provide(_ bytes: [UInt8], from peer: PeerID) -> Int {
            var count = 0
            while case let records = take(peer), !records.isEmpty {
                for (record, frame) in records where record.header.command == .want {
                    guard let extent = frame.withBytes({ try? record.extent(of: $0) }) else { continue }
                    count += extent.count
                    _ = piece(bytes, extent, record.header.job, from: peer)
                }
            }
            return count
        }

        func piece(_ bytes: [UInt8], _ extent: Extent, _ job: JobID, from peer: PeerID) -> Bool {
            let header = Header(.piece, job: job, attempt: 1, epoch: 7)
            let frame = header.pieceHead(extent, heard: 0) + bytes[extent.from..<extent.to]
            guard let record = try? Record(decoding: frame.span, at: 0) else { return false }
            var message = Message()
            message.append([1, 2, 3, 4, 5])
            message.append(frame)
            relay.receive(frame.count, from: peer)
            let isTaken = relay.take(header, extent, record, message, from: peer)
            flush()
            return isTaken
        }

        func open(
            _ job: JobID, to receiver: PeerID, from provider: PeerID, _ count: Int, name: ContentName? = nil,
            at from: Int = 0
        ) {
            relay.open(
                Flow(
                    Flow.Key(job: job, attachment: 0, isAnswer: false), to: receiver, from: provider,
                    attempt: 1,
                    content: name.map { Flow.Content(owner: 9, name: $0, byteCount: count) },
                    Extent(attachment: 0, from: from, to: count)))
            flush()
        }

        /// The bytes of the pieces a receiver was sent, which come in order.
        func received(_ peer: PeerID, from start: Int = 0) -> [UInt8] {
            var bytes: [UInt8] = []
            while case let records = take(peer), !records.isEmpty {
                for (record, frame) in records where record.header.command == .piece {
                    guard let extent = frame.withBytes({ try? record.extent(of: $0) }) else { continue }
                    #expect(extent.from == start + bytes.count)
                    bytes += frame[record.inline]
                }
            }
            return bytes
        }
    }

    private func bytes(_ count: Int) -> [UInt8] {
        var random = SplitMix64(seed: 5)
        return random.bytes(count: count)
    }

    @Test("bytes without a name pass through in order, and never pile up for one who does not hear")
    func passes() {
        let house = House()
        let all = bytes(3 << 20)
        house.open(5, to: 1, from: 0, all.count)
        // Receiver 1 hears nothing yet: no more is asked for than its line takes in a moment.
        let asked = house.provide(all, from: 0)
        #expect(
            asked > 0
                && asked <= BrokerLimits.aheadByteCountMinimum + ProtocolLimits.windowByteCountMinimum + 8_192
        )
        var got: [UInt8] = []
        while got.count < all.count {
            let before = got.count
            got += house.received(1, from: got.count)
            _ = house.provide(all, from: 0)
            guard got.count > before else { break }
        }
        #expect(got == all)
        #expect(house.relay.byteCounts.waiting == 0 && house.relay.byteCounts.kept == 0)
    }

    @Test("bytes with a name are asked for once, however many want them, and kept")
    func keeps() {
        let house = House()
        let all = bytes(2_500_000)
        let name = ContentName(1, 2, 3, 4)
        for receiver in 1...4 as ClosedRange<Int32> {
            house.open(
                Identifier(high: UInt64(receiver), low: 1), to: PeerID(rawValue: receiver), from: 0,
                all.count,
                name: name)
        }
        #expect(house.provide(all, from: 0) == all.count)
        for receiver in 1...4 as ClosedRange<Int32> {
            #expect(house.received(PeerID(rawValue: receiver)) == all)
        }
        // One that comes later, and one that goes on where it stopped, cost the trainer nothing.
        house.open(6, to: 5, from: 0, all.count, name: name, at: 2_000_000)
        #expect(house.provide(all, from: 0) == 0)
        #expect(house.received(5, from: 2_000_000) == Array(all[2_000_000...]))
        #expect(house.relay.byteCounts.kept == all.count)
        house.relay.forget(9)
        #expect(house.relay.byteCounts.kept == 0)
    }

    @Test(
        "whoever hands out bytes that were all asked for at once is told how many have come, again and again")
    func tells() throws {
        let house = House()
        let all = bytes(1 << 20)
        house.open(5, to: 1, from: 0, all.count, name: ContentName(1, 2, 3, 4))
        #expect(house.take(0).map(\.0.header.command) == [.want])
        var told: UInt32 = 0
        for from in stride(from: 0, to: all.count, by: 16 << 10) {
            let extent = Extent(attachment: 0, from: from, to: from + 16 << 10)
            #expect(house.piece(all, extent, 5, from: 0))
            // Nothing but the count is to be said to it.
            let words = (house.sent.removeValue(forKey: 0) ?? []).map {
                try? Record(decoding: $0.span, at: 0)
            }
            #expect(words.map { $0?.header.command } == [.heard])
            let word = try #require(words.first??.heard)
            #expect(word > told)
            told = word
        }
        #expect(house.received(1) == all)
    }

    @Test(
        "who cannot be told what has come is not told for ever",
        arguments: [SendOutcome.unreachable, .full, .lost])
    func untold(_ outcome: SendOutcome) {
        let house = House()
        house.outcome = outcome
        house.relay.receive(1 << 20, from: 0)
        house.flush()
        #expect(house.sent[0]?.count == 1)
        #expect(house.relay.blocked == (outcome == .full ? [0] : []))
    }

    @Test("whoever was asked and goes is followed by another who has the same")
    func follows() {
        let house = House()
        let all = bytes(3 << 20)
        let name = ContentName(1, 2, 3, 4)
        house.open(5, to: 1, from: 0, all.count, name: name)
        house.open(6, to: 2, from: 0, all.count, name: name)
        // The first of the pieces come; then the job they were asked for ends.
        for (record, frame) in house.take(0).prefix(1) where record.header.command == .want {
            guard let extent = frame.withBytes({ try? record.extent(of: $0) }) else { continue }
            #expect(record.header.job == 5 && house.piece(all, extent, 5, from: 0))
        }
        house.relay.drop(5)
        house.flush()
        let first = house.received(2)
        #expect(house.provide(all, from: 0) < all.count)
        #expect(first + house.received(2, from: first.count) == all)
    }

    @Test("pieces nobody asked for, of other places or other peers are not taken")
    func refuses() {
        let house = House()
        let all = bytes(10_000)
        house.open(5, to: 1, from: 0, all.count)
        let extent = Extent(attachment: 0, from: 0, to: 4_096)
        #expect(!house.piece(all, extent, 6, from: 0))
        #expect(!house.piece(all, extent, 5, from: 2))
        #expect(!house.piece(all, Extent(attachment: 0, from: 1, to: 4_097), 5, from: 0))
        #expect(!house.piece(all, Extent(attachment: 1, from: 0, to: 4_096), 5, from: 0))
        #expect(house.piece(all, extent, 5, from: 0))
        #expect(!house.piece(all, extent, 5, from: 0))
    }

    @Test("a name that has no room is not kept, and passes through")
    func bounded() {
        let house = House(contentByteCountMaximum: 5_000)
        let all = bytes(9_000)
        house.open(5, to: 1, from: 0, all.count, name: ContentName(1, 2, 3, 4))
        #expect(house.provide(all, from: 0) == all.count)
        #expect(house.received(1) == all)
        #expect(house.relay.byteCounts.kept == 0)
    }

    @Test("of what nobody is being sent there is twice what the largest job needed, but some MiB at least")
    func allowance() {
        let house = House()
        var kept: [Int] = []
        for (number, count) in ([3, 3, 3, 3, 6, 6, 6, 3] as [UInt64]).enumerated() {
            let all = bytes(Int(count) << 20)
            let job = Identifier(high: UInt64(number + 1), low: 1)
            house.open(job, to: 1, from: 0, all.count, name: ContentName(1, 2, 3, UInt64(number)))
            #expect(house.provide(all, from: 0) == all.count)
            #expect(house.received(1) == all)
            house.relay.drop(job)
            kept.append(house.relay.byteCounts.kept >> 20)
        }
        #expect(kept == [3, 6, 6, 6, 12, 12, 12, 9])
    }

    @Test("who leaves with bytes that others wait for is told of")
    func orphans() {
        let house = House()
        house.open(5, to: 1, from: 0, 100)
        house.open(6, to: 2, from: 1, 100)
        #expect(house.relay.remove(0) == [5])
        #expect(house.relay.remove(2) == [])
        #expect(house.relay.remove(1) == [])
    }

    @Test("a peer that hears nothing is overwhelmed in the end, and nothing of it stays")
    func overwhelmed() {
        let house = House()
        let body = [UInt8](repeating: 1, count: 16_000)
        var count = 0
        while house.relay.takeOverwhelmed().isEmpty {
            count += 1
            house.relay.append(Header(.dispatch, job: 5, attempt: 1, epoch: 7), body: body, to: 1)
            house.flush()
            guard count < 10_000 else { break }
        }
        #expect(count * (body.count + 100) > BrokerLimits.waitingByteCountMaximum && count < 10_000)
        #expect(house.relay.byteCounts.waiting == 0)
    }
}
