import Protocol
import TestSupport
import Testing

@testable import WorkerKit

@Suite("Work that waits")
struct FairQueueTests {
    private static func work(_ run: UInt64, _ owner: UInt64, byteCount: Int = 1) -> Work {
        Work(
            job: JobID(high: run, low: 1), run: run, owner: Identifier(high: owner, low: 1),
            isTransferred: false,
            body: Array(repeating: 0, count: byteCount), frames: [])
    }

    @Test("owners take turns, each in its own order")
    func turns() {
        var queue = FairQueue()
        for run in 1...4 { queue.append(Self.work(UInt64(run), 1)) }
        queue.append(Self.work(5, 2))
        queue.append(Self.work(6, 3))
        var order: [UInt64] = []
        while let work = queue.popFirst(runs: { _ in 0 }) { order.append(work.run) }
        #expect(order == [1, 5, 6, 2, 3, 4])
    }

    @Test("who has fewer runs comes first; who has as many as the limit gets nothing")
    func runs() {
        var queue = FairQueue()
        queue.append(Self.work(1, 1))
        queue.append(Self.work(2, 2))
        let busy = Identifier(high: 1, low: 1)
        #expect(queue.popFirst(runs: { $0 == busy ? 2 : 1 })?.run == 2)
        #expect(queue.popFirst(fewerThan: 1, runs: { $0 == busy ? 2 : 0 }) == nil)
        #expect(queue.popFirst(runs: { $0 == busy ? 2 : 0 })?.run == 1)
    }

    @Test(
        "nothing is lost or doubled, bytes are counted, nobody waits longer than there are owners",
        arguments: 0..<20)
    func properties(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var queue = FairQueue()
        var waiting: [UInt64: Work] = [:]
        var passedOver: [Identifier: Int] = [:]
        var last: UInt64 = 0
        for _ in 0..<2_000 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0...1:
                last += 1
                let work = Self.work(
                    last, UInt64.random(in: 0..<5, using: &random),
                    byteCount: Int.random(in: 0...9, using: &random))
                waiting[last] = work
                queue.append(work)
            case 2:
                let run = UInt64.random(in: 0...last + 1, using: &random)
                queue.remove(run)
                guard let owner = waiting.removeValue(forKey: run)?.owner else { break }
                if !waiting.values.contains(where: { $0.owner == owner }) { passedOver[owner] = 0 }
            default:
                guard let work = queue.popFirst(runs: { _ in 0 }) else {
                    #expect(waiting.isEmpty)
                    continue
                }
                #expect(waiting.removeValue(forKey: work.run) != nil)
                #expect(!waiting.values.contains { $0.owner == work.owner && $0.run < work.run })
                passedOver[work.owner] = 0
                for owner in Set(waiting.values.map(\.owner)) where owner != work.owner {
                    passedOver[owner, default: 0] += 1
                    #expect(passedOver[owner, default: 0] < 5)
                }
            }
            #expect(queue.count == waiting.count)
            #expect(queue.byteCount == waiting.values.reduce(0) { $0 + $1.byteCount })
        }
        #expect(queue.removeAll().map(\.run) == waiting.keys.sorted())
        #expect(queue.isEmpty && queue.byteCount == 0)
    }
}
