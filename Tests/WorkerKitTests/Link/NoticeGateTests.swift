import Testing

@testable import Link

@Suite("Notes at a bounded rate")
struct NoticeGateTests {
    @Test("one note in an interval passes, the next says how many were held back")
    func rate() {
        var gate = NoticeGate(intervalMilliseconds: 1_000)
        #expect(gate.admit("a", at: -5) == "a")
        #expect(gate.admit("b", at: 0) == nil)
        #expect(gate.admit("c", at: 994) == nil)
        #expect(gate.admit("d", at: 995) == "d (and 2 more since the last such line)")
        #expect(gate.admit("e", at: 1_994) == nil)
        #expect(gate.admit("f", at: 5_000) == "f (and 1 more since the last such line)")
        #expect(gate.admit("g", at: 6_000) == "g")
    }
}
