import TestSupport
import Testing

@testable import Protocol

@Suite("A line")
struct LineTests {
    /// A line that carries so many bytes a second, with a delay each way, in ticks of a millisecond.
    private struct Wire {
        let bytesPerSecond: Double
        let delay: Int64
        var line = Line()
        var far = Line()
        var now: Int64 = 0
        var freeAt = 0.0
        var flight: [(at: Int64, byteCount: Int)] = []
        var words: [(at: Int64, word: UInt32)] = []
        var carried = 0
        /// How long a word waits on its way back at most, behind what the other side sends.
        var wordWait: ClosedRange<Int64>?
        var random = SplitMix64(seed: 1)
        /// The longest a byte that was sent now would wait behind others.
        var longestWait = 0.0

        init(bytesPerSecond: Double, delay: Int64) {
            self.bytesPerSecond = bytesPerSecond
            self.delay = delay
        }

        mutating func pass(milliseconds: Int64, sending: Bool = true) {
            for _ in 0..<milliseconds {
                now += 1
                while let first = flight.first, first.at <= now {
                    flight.removeFirst()
                    far.receive(first.byteCount)
                    carried += first.byteCount
                    if far.owesWord {
                        let wait = wordWait.map { Int64.random(in: $0, using: &random) } ?? 0
                        words.append((max(now + delay + wait, words.last?.at ?? 0), far.taken()))
                    }
                }
                while let first = words.first, first.at <= now {
                    words.removeFirst()
                    line.hear(first.word, at: now)
                }
                while sending, line.hasRoom { send(line.pieceByteCount) }
                longestWait = max(longestWait, freeAt - Double(now))
            }
        }

        mutating func send(_ byteCount: Int) {
            line.send(byteCount, at: now)
            freeAt = max(freeAt, Double(now)) + Double(byteCount) * 1_000 / bytesPerSecond
            flight.append((Int64(freeAt) + delay, byteCount))
        }
    }

    @Test(
        "a line of any rate and delay is kept busy, and never has more than a second before it",
        arguments: [40_000, 250_000, 1_000_000, 12_500_000, 125_000_000] as [Double],
        [0, 20, 150, 400] as [Int64])
    func adapts(bytesPerSecond: Double, delay: Int64) {
        var wire = Wire(bytesPerSecond: bytesPerSecond, delay: delay)
        wire.pass(milliseconds: 12_000)
        let before = wire.carried
        wire.pass(milliseconds: 8_000)
        #expect(wire.longestWait < 1_000)
        // Beyond the largest window a long fat line is not filled.
        let product = bytesPerSecond * Double(2 * delay) / 1_000
        guard product < Double(ProtocolLimits.windowByteCountMaximum) / 2 else { return }
        #expect(Double(wire.carried - before) > 0.85 * 8 * bytesPerSecond)
    }

    @Test(
        "words that wait and come together do not make a slow line look fast",
        arguments: 1...200 as ClosedRange<UInt64>)
    func lateWords(seed: UInt64) {
        var wire = Wire(bytesPerSecond: 40_000, delay: 10)
        wire.random = SplitMix64(seed: seed)
        wire.wordWait = 0...400
        wire.pass(milliseconds: 60_000)
        #expect(wire.longestWait < 2_000)
        #expect(Double(wire.carried) > 0.85 * 60 * 40_000)
    }

    @Test("a line that becomes slow is soon believed to be slow")
    func slowsDown() {
        var wire = Wire(bytesPerSecond: 4_000_000, delay: 10)
        wire.pass(milliseconds: 5_000)
        var slow = Wire(bytesPerSecond: 40_000, delay: 10)
        slow.line = wire.line
        slow.far = wire.far
        (slow.now, slow.flight, slow.words, slow.freeAt) = (wire.now, wire.flight, wire.words, wire.freeAt)
        slow.pass(milliseconds: 120_000)
        slow.longestWait = 0
        slow.pass(milliseconds: 10_000)
        #expect(slow.longestWait < 1_500)
    }

    @Test("words that are old, false or beyond what was sent change nothing they should not")
    func words() {
        var line = Line()
        line.send(1_000, at: 0)
        line.hear(600, at: 1)
        #expect(line.onTheWay == 400)
        line.hear(500, at: 2)
        #expect(line.onTheWay == 400)
        line.hear(5_000, at: 3)
        #expect(line.onTheWay == 0)
        line.send(100, at: 4)
        #expect(line.onTheWay == 100)
    }

    @Test("counts go on where 32 bits end")
    func wraps() {
        var (line, far) = (Line(), Line())
        for number in 0..<5_000 {
            line.send(1 << 20, at: Int64(number))
            far.receive(1 << 20)
            line.hear(far.taken(), at: Int64(number))
            #expect(line.onTheWay == 0)
        }
        #expect(line.sent > 1 << 32)
    }

    @Test("both sides never wait for each other: what fills the least window is told")
    func noStandstill() {
        #expect(ProtocolLimits.untoldByteCountMaximum < ProtocolLimits.windowByteCountMinimum)
        var far = Line()
        far.receive(ProtocolLimits.windowByteCountMinimum)
        #expect(far.owesWord)
    }
}

extension Line {
    /// What is said now, without anything else.
    fileprivate mutating func taken() -> UInt32 {
        tell()
        return word
    }
}
