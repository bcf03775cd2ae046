import Testing

@testable import Tensor

@Suite("philox")
struct PhiloxTests {
    /// The known answers of the Random123 library for philox4x32 with ten rounds.
    static let vectors: [(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, block: SIMD4<UInt32>)] = [
        (.zero, .zero, SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)),
        (
            SIMD4(repeating: .max), SIMD2(repeating: .max),
            SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
        ),
        (
            SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), SIMD2(0xA409_3822, 0x299F_31D0),
            SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
        ),
    ]

    @Test("the known answers of Random123", arguments: vectors)
    func knownAnswers(_ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>, _ block: SIMD4<UInt32>) {
        #expect(Philox.block(counter: counter, key: key) == block)
    }

    @Test("seed, round, shard and purpose each give numbers of their own")
    func keys() {
        var generators = [
            Philox(seed: 1, purpose: .shuffle), Philox(seed: 1 << 32, purpose: .shuffle),
            Philox(seed: 1, round: 1, purpose: .shuffle), Philox(seed: 1, shard: 1, purpose: .shuffle),
            Philox(seed: 1, purpose: .partition),
        ]
        let first = generators.indices.map { generators[$0].next() }
        #expect(Set(first).count == generators.count)
        var again = Philox(seed: 1, purpose: .shuffle)
        #expect(again.next() == first[0])
    }

    @Test("the first numbers of a seed stay what they are")
    func pinned() {
        var random = Philox(seed: 0, purpose: Philox.Purpose(rawValue: 0))
        #expect(random.nextWord() == 0x6627_E8D5)
        #expect(random.next() == 0xBC57_AC4C_E169_C58D)
        #expect(random.nextWord() == 0x9B00_DBD8)
    }

    @Test("uniform numbers fill 0 to 1 evenly")
    func uniform() {
        var random = Philox(seed: 7, purpose: .samples)
        let numbers = (0..<20_000).map { _ in Double(random.uniform()) }
        #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
        let mean = numbers.reduce(0, +) / 20_000
        let variance = numbers.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 20_000
        #expect(abs(mean - 0.5) < 0.01)
        #expect(abs(variance - 1.0 / 12) < 0.002)
        let bounded = random.uniform(1_000, within: 0.25)
        #expect(bounded.allSatisfy { abs($0) <= 0.25 })
    }

    @Test("normal numbers have the mean, deviation and tails they should")
    func normal() {
        var random = Philox(seed: 7, purpose: .samples)
        let numbers = random.normal(20_001, deviation: 2).map(Double.init)
        #expect(numbers.count == 20_001)
        let mean = numbers.reduce(0, +) / 20_001
        let variance = numbers.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 20_001
        #expect(abs(mean) < 0.05)
        #expect(abs(variance - 4) < 0.15)
        let beyond = Double(numbers.filter { abs($0) > 4 }.count) / 20_001
        #expect(abs(beyond - 0.0455) < 0.006)
    }

    @Test("a permutation has every number once", arguments: [0, 1, 2, 3, 100, 4_097])
    func permutation(_ count: Int) {
        var random = Philox(seed: 3, purpose: .shuffle)
        #expect(random.permutation(count).sorted() == (0..<count).map(Int32.init))
    }

    @Test("permutations stay what they are")
    func pinnedPermutation() {
        var random = Philox(seed: 1, purpose: .shuffle)
        #expect(random.permutation(10) == [3, 4, 1, 7, 6, 5, 2, 9, 0, 8])
        #expect(random.permutation(10) == [5, 2, 7, 4, 8, 9, 6, 0, 3, 1])
    }

    @Test("all orders of three are equally likely")
    func unbiased() {
        var random = Philox(seed: 5, purpose: .shuffle)
        var counts: [[Int32]: Int] = [:]
        for _ in 0..<12_000 { counts[random.permutation(3), default: 0] += 1 }
        #expect(counts.count == 6)
        // Five deviations of a binomial count around 2,000.
        for count in counts.values { #expect(abs(count - 2_000) < 205) }
    }

    @Test("an index below a bound stays below it")
    func index() {
        var random = Philox(seed: 5, purpose: .samples)
        for bound: UInt32 in [1, 2, 3, 1_000, 1 << 31, .max] {
            for _ in 0..<100 { #expect(random.index(below: bound) < bound) }
        }
    }
}
