import Testing

@testable import Console

@Suite("The limit of log lines")
struct LogLimitTests {
    @Test("a flood of one kind is cut to the burst and one an interval, and nothing is lost from the count")
    func flood() {
        var limit = LogLimit()
        var (written, told) = (0, 0)
        for now in Int64(0)..<7_000 {
            for _ in 0..<50 {
                guard let heldBack = limit.admit("accept", "not accepted", at: now) else { continue }
                written += 1
                told += heldBack
            }
        }
        #expect(written == Int(LogLimit.burst) + 69)
        told += limit.all().map(\.count).reduce(0, +)
        #expect(written + told == 350_000)
    }

    @Test("one kind's flood leaves another's lines alone")
    func kinds() {
        var limit = LogLimit()
        for _ in 0..<1_000 { _ = limit.admit("flood", "x", at: 0) }
        #expect(limit.admit("flood", "x", at: 0) == nil)
        #expect(limit.admit("news", "worker joined", at: 0) == 0)
    }

    @Test("what was held back is told once its kind is quiet, with the last text")
    func overdue() {
        var limit = LogLimit()
        for index in 0..<60 { _ = limit.admit("kind", "line \(index)", at: 5) }
        #expect(limit.overdue(at: 5 + LogLimit.tellAfterMilliseconds - 1).isEmpty)
        let told = limit.overdue(at: 5 + LogLimit.tellAfterMilliseconds)
        #expect(told == [LogLimit.HeldBack(count: 10, text: "line 59")])
        #expect(limit.all().isEmpty)
        #expect(limit.admit("kind", "x", at: 100_000) == 0)
    }

    @Test("kinds without end share what is left, and are forgotten once they owe nothing")
    func manyKinds() {
        var limit = LogLimit()
        var written = 0
        for index in 0..<10_000 where limit.admit("kind \(index)", "x", at: 0) != nil { written += 1 }
        #expect(written == LogLimit.kindCountMaximum + Int(LogLimit.burst))
        #expect(limit.admit("another", "x", at: 1_000_000) == 0)
    }

    @Test("counts are grouped by thousands")
    func grouped() {
        #expect(ConsoleLog.grouped(7) == "7")
        #expect(ConsoleLog.grouped(12_345) == "12,345")
        #expect(ConsoleLog.grouped(1_234_567) == "1,234,567")
    }
}
