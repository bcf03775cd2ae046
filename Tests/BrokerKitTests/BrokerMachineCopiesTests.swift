import Protocol
import TestSupport
import Testing

@testable import BrokerKit

@Suite("Broker machine: copies of a shard")
struct BrokerMachineCopiesTests {
    private func holder(_ name: String, _ session: SessionID, rows: Int, heldOut: Int = 0) -> Hello {
        var hello = worker(name, session: session)
        hello.shards = [ShardDescription(reference: shard(0), trainRows: rows, heldOutRows: heldOut)]
        return hello
    }

    private func reasons(_ rig: Rig) -> [String] {
        rig.machine.catalogue.workers.flatMap(\.shards).map(\.leftOut)
    }

    private func logged(_ actions: [BrokerMachine.Action]) -> [String] {
        actions.compactMap { if case .log(.warning, let text) = $0 { text } else { nil } }
    }

    private func remarks(_ actions: [BrokerMachine.Action]) -> [String] {
        actions.flatMap { action -> [String] in
            if case .welcome(_, _, let welcome) = action { welcome.remarks } else { [] }
        }
    }

    private func patients(_ features: [String]) -> DatasetDescription {
        DatasetDescription(
            name: "patients", tags: [],
            columns: [
                ColumnDescription(
                    name: "features", role: .feature, elementType: 1, dimensions: [features.count],
                    classes: [],
                    features: features.map { .init(name: $0, kind: .number) })
            ])
    }

    private func site(_ name: String, _ session: SessionID, _ features: [String] = ["age"], rows: Int = 600)
        -> Hello
    {
        var hello = worker(name, session: session)
        hello.datasets = [patients(features)]
        hello.shards = [
            ShardDescription(
                reference: ShardReference(dataset: "patients", site: "north"), trainRows: rows,
                heldOutRows: 0,
                schema: hello.datasets[0].schemaHash)
        ]
        return hello
    }

    @Test("whoever serves what another serves hears so with its welcome, and what differs")
    func remarks() {
        let rig = Rig()
        #expect(remarks(rig.join(1, site("alice", 1))) == [])
        #expect(
            remarks(rig.join(2, site("bob", 2, rows: 300))) == [
                "no jobs for patients of north go here: alice holds 600 rows, bob 300"
            ])
        let twin = remarks(rig.join(3, site("carol", 3)))
        #expect(twin.count == 1 && twin[0].hasPrefix("worker alice serves patients of north too"), "\(twin)")
        // Said again by whoever came first it is no copy.
        #expect(remarks(rig.join(1, site("alice", 1))) == [])
        let other = remarks(rig.join(4, site("dan", 4, ["age", "bp"])))
        #expect(
            other.count == 2 && other[1] == "worker alice describes patients otherwise: here bp is new",
            "\(other)")
        // Parts of a file that everybody has are copies by nature.
        rig.join(5, holder("erin", 5, rows: 10))
        #expect(remarks(rig.join(6, holder("frank", 6, rows: 10))) == [])
    }

    @Test("what is only asked about is remarked on, and neither served nor listed")
    func considered() {
        let rig = Rig()
        rig.join(1, site("alice", 1))
        var check = site("bob", 2, ["age", "bp"], rows: 300)
        (check.considered, check.shards) = (check.shards, [])
        #expect(remarks(rig.join(2, check)).count == 2)
        #expect(reasons(rig) == [""])
        #expect(rig.machine.catalogue.datasets.count == 1)
    }

    @Test("a site that runs is not told of itself when it is checked")
    func checkedWhileItRuns() {
        let rig = Rig()
        rig.join(1, site("alice", 1))
        func check(_ name: String, _ session: SessionID) -> Hello {
            var check = site(name, session)
            (check.considered, check.shards) = (check.shards, [])
            return check
        }
        #expect(remarks(rig.join(2, check("alice", 2))) == [])
        #expect(
            remarks(rig.join(3, check("bob", 3))) == [
                "worker alice serves patients of north already: if that is you, all is well; another site needs a name "
                    + "of its own"
            ])
    }

    @Test("there are only so many remarks")
    func manyRemarks() {
        let rig = Rig()
        func many(_ name: String, _ session: SessionID) -> Hello {
            var hello = worker(name, session: session)
            hello.shards = (0..<100).map { number in
                ShardDescription(
                    reference: ShardReference(dataset: "patients", site: "s\(number)"), trainRows: 9,
                    heldOutRows: 0)
            }
            return hello
        }
        rig.join(1, many("alice", 1))
        #expect(remarks(rig.join(2, many("bob", 2))).count == ProtocolLimits.remarksMaximum)
    }

    @Test("one that differs gets no jobs and is named with both counts, once in the log")
    func leavesOut() {
        let rig = Rig()
        rig.join(0, trainer("t", session: 9))
        rig.join(1, holder("alice", 1, rows: 600))
        let texts = logged(rig.join(2, holder("bob", 2, rows: 300)))
        #expect(texts.count == 1 && texts[0].contains("alice holds 600 rows, bob 300"))
        #expect(reasons(rig) == ["", "alice holds 600 rows, bob 300"])
        for job in 1...5 as ClosedRange<UInt64> {
            let actions = rig.say(0, .submit, job: Identifier(high: job, low: 1), target: shard(0).key)
            #expect(summary(actions) == ["dispatch>1#1"])
        }
        // Said again, it is as before.
        #expect(logged(rig.join(2, holder("bob", 2, rows: 300))).isEmpty)
    }

    @Test("when the first leaves, the oldest that remains decides")
    func succeeds() {
        let rig = Rig()
        rig.join(0, trainer("t", session: 9))
        rig.join(1, holder("alice", 1, rows: 600))
        rig.join(2, holder("bob", 2, rows: 300))
        rig.join(3, holder("carol", 3, rows: 600))
        rig.join(4, holder("dan", 4, rows: 300))
        let goodbye = Header(.goodbye, job: .none, attempt: 0, epoch: Rig.epoch)
        rig.handle(.goodbye(1, goodbye, reason: "done"))
        // Bob's is the oldest now, and Dan's is like it.
        #expect(reasons(rig) == ["", "bob holds 300 rows, carol 600", ""])
        let first = rig.say(0, .submit, job: 5, target: shard(0).key)
        let second = rig.say(0, .submit, job: 6, target: shard(0).key)
        #expect(summary(first) == ["dispatch>2#1"] && summary(second) == ["dispatch>4#1"])
    }

    @Test("the first keeps its position when it reconnects, and loses it when it says something else")
    func keepsPosition() {
        let rig = Rig()
        rig.join(1, holder("alice", 1, rows: 600))
        rig.join(2, holder("bob", 2, rows: 300))
        rig.handle(.disconnected(1))
        rig.join(5, holder("alice", 1, rows: 600))
        #expect(reasons(rig) == ["", "alice holds 600 rows, bob 300"])
        rig.join(5, holder("alice", 1, rows: 500))
        #expect(reasons(rig) == ["bob holds 300 rows, alice 500", ""])
    }

    @Test("the parts count, and so do schemas")
    func differences() {
        let rig = Rig()
        rig.join(1, holder("alice", 1, rows: 600, heldOut: 100))
        rig.join(2, holder("bob", 2, rows: 500, heldOut: 200))
        var carol = holder("carol", 3, rows: 600, heldOut: 100)
        carol.shards[0].schema = carol.datasets[0].schemaHash
        rig.join(3, carol)
        let reasons = reasons(rig)
        #expect(reasons[1] == "alice holds out 100 of 700 rows, bob 200")
        #expect(reasons[2].hasPrefix("alice and carol hold 700 rows each, with schemas that differ"))
    }

    @Test("a worker's word on what is left out is not repeated")
    func ignoresClaims() {
        let rig = Rig()
        var hello = holder("alice", 1, rows: 600)
        hello.shards[0].leftOut = "nonsense"
        rig.join(1, hello)
        #expect(reasons(rig) == [""])
    }

    @Test("in any history jobs go to copies like the oldest present", arguments: 0..<100 as Range<UInt64>)
    func histories(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let rig = Rig()
        rig.join(0, trainer("t", session: 99))
        // By age: a session, its connection and its rows.
        var copies: [(session: UInt64, peer: Int32, rows: Int)] = []
        for step in 0..<200 as Range<UInt64> {
            let session = UInt64.random(in: 1...5, using: &random)
            let peer = Int32(session)
            let known = copies.firstIndex { $0.session == session }
            if let known, Int.random(in: 0..<3, using: &random) == 0 {
                let goodbye = Header(.goodbye, job: .none, attempt: 0, epoch: Rig.epoch)
                rig.handle(.goodbye(PeerID(rawValue: peer), goodbye, reason: "bye"))
                copies.remove(at: known)
            } else {
                let rows = Int.random(in: 1...3, using: &random)
                rig.join(PeerID(rawValue: peer), holder("w", Identifier(high: session, low: 1), rows: rows))
                if let known, copies[known].rows != rows { copies.remove(at: known) }
                if !copies.contains(where: { $0.session == session }) { copies.append((session, peer, rows)) }
            }
            let likes = copies.filter { $0.rows == copies[0].rows }
            let job = Identifier(high: step, low: 3)
            let told = summary(rig.say(0, .submit, job: job, target: shard(0).key))
            let expected =
                likes.map { "dispatch>\($0.peer)#1" } + (likes.isEmpty ? ["failed(no-worker)>0"] : [])
            #expect(told.count == 1 && expected.contains(told[0]), "seed \(seed), step \(step): \(told)")
            rig.say(0, .cancel, job: job, attempt: 1)
            #expect(reasons(rig).count { !$0.isEmpty } == copies.count - likes.count)
        }
    }
}
