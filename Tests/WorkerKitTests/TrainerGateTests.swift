import Keys
import Protocol
import Testing
import ZMQ

@testable import WorkerKit

@Suite("Who may ask a worker")
struct TrainerGateTests {
    private let key = [UInt8](repeating: 7, count: 32)

    @Test("without a list every trainer may ask")
    func open() {
        var gate = TrainerGate(nil)
        #expect(gate.objection(to: Identifier(high: 1, low: 1)) == nil)
    }

    @Test("with a list those on it, by name or key, as the broker says who they are")
    func listed() throws {
        var gate = TrainerGate(TrainerList(names: ["anna"], keys: [try CurvePublicKey(bytes: key)]))
        let owners = (1...3 as ClosedRange<UInt64>).map { Identifier(high: $0, low: 1) }
        #expect(gate.objection(to: owners[0])?.message.contains("does not say who asks") == true)
        let other = [UInt8](repeating: 8, count: 32)
        gate.learn(OwnerDescription(owner: owners[0], key: other, name: "anna"))
        gate.learn(OwnerDescription(owner: owners[1], key: key, name: "bob"))
        gate.learn(OwnerDescription(owner: owners[2], key: other, name: "eve"))
        #expect(gate.objection(to: owners[0]) == nil && gate.objection(to: owners[1]) == nil)
        let refusal = gate.objection(to: owners[2])
        #expect(refusal?.code == .notPermitted)
        #expect(refusal?.message.contains("trainer eve, whose key begins with") == true)
    }

    @Test("as many owners are remembered as the broker takes for known, and more")
    func many() throws {
        var gate = TrainerGate(TrainerList(names: ["anna"]))
        for number in 0..<2_048 as Range<UInt64> {
            gate.learn(OwnerDescription(owner: Identifier(high: number, low: 1), key: key, name: "anna"))
        }
        #expect(gate.objection(to: Identifier(high: 0, low: 1)) == nil)
    }
}
