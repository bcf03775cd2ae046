import Testing

@testable import BrokerKit

@Suite("When freed memory is given back")
struct ThriftTests {
    private let quiet = BrokerLimits.quietTickCount
    private let much = BrokerLimits.freedByteCountMinimum

    /// At which ticks it is given back, of counts of bytes that came.
    private func moments(_ counts: [UInt64], peerCount: Int = 0) -> [Int] {
        var thrift = Thrift()
        var moments: [Int] = []
        for (number, count) in counts.enumerated()
        where thrift.tick(receivedByteCount: count, peerCount: peerCount) { moments.append(number) }
        return moments
    }

    @Test("once, some time after much has passed through")
    func afterMuch() {
        #expect(moments(Array(repeating: much, count: 4 * quiet)) == [quiet])
        let twice = Array(repeating: much, count: 2 * quiet) + Array(repeating: 2 * much, count: 2 * quiet)
        #expect(moments(twice) == [quiet, 3 * quiet])
    }

    @Test("not while much is passing, and not after little; heartbeats are no traffic")
    func traffic() {
        #expect(moments((1...5_000).map { $0 * BrokerLimits.quietByteCount }) == [])
        #expect(moments((1...5_000).map { $0 * 100 }) == [])
        let between = (1...5_000).map { $0 * (BrokerLimits.quietByteCount - 1) }
        #expect(moments(between).count == 4)
        // What thousands say at rest: a heartbeat of some forty bytes in each second.
        let resting = (1...5_000 as ClosedRange<UInt64>).map { $0 * 20_000 * 44 / 10 }
        #expect(moments(resting, peerCount: 20_000).count > 0 && moments(resting) == [])
    }
}
