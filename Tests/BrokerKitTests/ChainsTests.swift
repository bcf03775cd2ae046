import TestSupport
import Testing

@testable import BrokerKit

@Suite("Chains")
struct ChainsTests {
    @Test("behave as a naive twin does, whatever is done to them", arguments: 0..<20 as Range<UInt64>)
    func twin(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var chains = Chains()
        var twin: [Int32: [Int32]] = [:]
        for _ in 0..<2_000 {
            let member = Int32.random(in: 0..<40, using: &random)
            let chain = Int32.random(in: 0..<6, using: &random)
            for key in twin.keys { twin[key]?.removeAll { $0 == member } }
            if Bool.random(using: &random) {
                chains.insert(member, into: chain)
                twin[chain, default: []].insert(member, at: 0)
            } else {
                chains.remove(member)
            }
            for chain in 0..<6 as Range<Int32> {
                let (members, count) = (walk(chains, chain), chains.count(of: chain))
                #expect(members == twin[chain] ?? [])
                #expect(count == twin[chain]?.count ?? 0)
            }
            let chainOfMember = chains.chain(of: member)
            #expect(chainOfMember == twin.first { $0.value.contains(member) }?.key)
        }
    }

    private func walk(_ chains: borrowing Chains, _ chain: Int32) -> [Int32] {
        var members: [Int32] = []
        var next = chains.first(of: chain)
        while let member = next {
            members.append(member)
            next = chains.next(after: member)
        }
        return members
    }
}
