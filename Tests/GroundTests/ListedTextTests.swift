import Ground
import Testing

@Suite("lists in messages")
struct ListedTextTests {
    @Test("are cut where they are long, and say how many more there are")
    func listed() {
        #expect([Int]().listed(atMost: 2).isEmpty)
        #expect([1, 2].listed(atMost: 2) == "1, 2")
        #expect([1, 2, 3].listed(atMost: 2) == "1, 2 and 1 more")
        #expect((0..<8_000).listed(atMost: 1, separator: "; ") == "0 and 7999 more")
    }
}
