import Protocol
import Testing

@testable import Fagure

private let data = DatasetDescription(name: "patients", tags: [], columns: [])
private let lost = Failure(.workerLost, "gone")

private func site(_ name: String, rows: Int = 600) -> ShardDescription {
    ShardDescription(
        reference: ShardReference(dataset: "patients", site: name), trainRows: rows, heldOutRows: 2)
}

private func part(_ index: Int) -> ShardDescription {
    ShardDescription(
        reference: ShardReference(dataset: "patients", partition: "iid", index: index, count: 3),
        trainRows: 10,
        heldOutRows: 2)
}

/// A catalogue in which each shard has a worker of its own; `run` tells its processes apart.
private func catalogue(_ shards: [ShardDescription], run: UInt64 = 1) -> Catalogue {
    var catalogue = Catalogue()
    catalogue.datasets = [data]
    catalogue.workers = shards.map { shard in
        WorkerDescription(
            name: "\(shard.reference.name)", session: Identifier(high: shard.reference.key.high, low: run),
            software: "test", state: .ready, shards: [shard], openJobs: 0, silentMilliseconds: 0)
    }
    return catalogue
}

@Suite("Whole rounds")
struct WholeRoundTests {
    private func machine(
        patience: Int64 = 60_000, shardsMin: Int = 0, workersMin: Int = 1, isStrict: Bool = false
    ) -> TrainingMachine {
        TrainingMachine(
            .init(
                rounds: 9, workersMin: workersMin, shardsMin: shardsMin, patienceMilliseconds: patience,
                isStrict: isStrict, standardizes: false), now: 0)
    }

    private func start(_ round: Int, _ shards: [ShardDescription]) -> TrainingMachine.Action {
        .start(.training(round: round), shards: shards, workers: shards.count)
    }

    @Test(
        "all parts of a data set that everyone has are waited for, then the run goes on without and says so")
    func parts() {
        var machine = machine()
        #expect(machine.handle(.catalogue(catalogue([part(0), part(2)])), at: 0) == [.select(data)])
        #expect(
            machine.handle(.tick, at: 2_000) == [.wait("waiting for patients 1/3 (iid) (60 s at most), 2 s")])
        let lacking = TrainingMachine.Action.lack([part(1).reference])
        #expect(machine.handle(.tick, at: 60_000) == [lacking, start(1, [part(0), part(2)])])
        var early = self.machine()
        _ = early.handle(.catalogue(catalogue([part(0), part(2)])), at: 0)
        #expect(
            early.handle(.catalogue(catalogue([part(0), part(1), part(2)])), at: 9_000) == [
                start(1, [part(0), part(1), part(2)])
            ])
    }

    @Test("so many shards as are asked for are waited for without end")
    func shardsMin() {
        var machine = machine(shardsMin: 2)
        #expect(machine.handle(.catalogue(catalogue([site("a")])), at: 0) == [.select(data)])
        #expect(machine.handle(.tick, at: 900_000) == [.wait("waiting for 2 shards, 1 present, 900 s")])
        #expect(
            machine.handle(.catalogue(catalogue([site("a"), site("b")])), at: 900_001) == [
                start(1, [site("a"), site("b")])
            ])
    }

    /// A machine whose round 1 has begun with sites a and b.
    private func begun(patience: Int64 = 60_000, isStrict: Bool = false) -> TrainingMachine {
        var machine = machine(patience: patience, isStrict: isStrict)
        _ = machine.handle(.catalogue(catalogue([site("a"), site("b")])), at: 0)
        return machine
    }

    @Test("a shard whose worker is lost in a round is asked again once somebody serves it")
    func resumed() {
        var machine = begun()
        #expect(machine.handle(.failed(shard: 1, lost), at: 10) == [])
        #expect(machine.handle(.catalogue(catalogue([site("a")])), at: 20) == [])
        #expect(machine.handle(.answered(shard: 0), at: 30) == [])
        #expect(
            machine.handle(.tick, at: 2_500) == [.wait("round 1 waits for patients of b to return, 2 s")])
        // It comes back with more rows: they are what it answers for.
        var back = catalogue([site("a"), site("b", rows: 700)], run: 2)
        back.workers[0].session = catalogue([site("a")]).workers[0].session
        #expect(
            machine.handle(.catalogue(back), at: 5_000) == [
                .resume(.training(round: 1), shard: 1, site("b", rows: 700))
            ])
        #expect(machine.handle(.tick, at: 99_000).count == 1, "it says that it is silent, and nothing else")
        #expect(machine.handle(.answered(shard: 1), at: 99_001) == [.finish(.training(round: 1))])
    }

    @Test("it is not asked again at once: the catalogue may not know yet that its worker is gone")
    func rests() {
        var machine = begun()
        _ = machine.handle(.failed(shard: 1, lost), at: 10)
        let again = TrainingMachine.Action.resume(.training(round: 1), shard: 1, site("b"))
        #expect(machine.handle(.tick, at: 9 + SessionLimits.roundRetryMilliseconds) == [])
        #expect(machine.handle(.tick, at: 10 + SessionLimits.roundRetryMilliseconds) == [again])
        #expect(machine.handle(.failed(shard: 1, lost), at: 2_000) == [])
        #expect(machine.handle(.tick, at: 2_001) == [])
        #expect(machine.handle(.tick, at: 2_000 + SessionLimits.roundRetryMilliseconds).first == again)
    }

    @Test("patience counts from the first loss, and anew once the job has come further")
    func patience() {
        var machine = begun()
        _ = machine.handle(.failed(shard: 1, lost), at: 0)
        _ = machine.handle(.catalogue(catalogue([site("a")])), at: 1)
        _ = machine.handle(.answered(shard: 0), at: 2)
        #expect(machine.handle(.tick, at: 59_999).count == 1)
        #expect(
            machine.handle(.tick, at: 60_000) == [
                .leaveOut(shard: 1, lost, culprits: []), .finish(.training(round: 1)),
            ])
        // The next round does not wait for it again.
        #expect(
            machine.handle(.finished, at: 60_001) == [.lack([site("b").reference]), start(2, [site("a")])])
        var anew = begun()
        _ = anew.handle(.failed(shard: 1, lost), at: 0)
        _ = anew.handle(.tick, at: 1_000)
        _ = anew.handle(.heard(shard: 1), at: 59_000)
        _ = anew.handle(.failed(shard: 1, lost), at: 59_500)
        #expect(anew.handle(.tick, at: 60_000).allSatisfy { if case .leaveOut = $0 { false } else { true } })
    }

    @Test("a site that was there is waited for before a round, and is part of the first one after its return")
    func between() {
        var machine = begun()
        for shard in 0...1 { _ = machine.handle(.answered(shard: shard), at: 1) }
        _ = machine.handle(.catalogue(catalogue([site("a")])), at: 2)
        #expect(machine.handle(.finished, at: 3) == [])
        #expect(
            machine.handle(.catalogue(catalogue([site("a"), site("b")])), at: 4_000) == [
                start(2, [site("a"), site("b")])
            ])
        for shard in 0...1 { _ = machine.handle(.answered(shard: shard), at: 5_000) }
        _ = machine.handle(.catalogue(catalogue([site("a")])), at: 5_000)
        _ = machine.handle(.finished, at: 5_000)
        #expect(
            machine.handle(.tick, at: 65_000) == [.lack([site("b").reference]), start(3, [site("a")])])
        _ = machine.handle(.answered(shard: 0), at: 65_001)
        _ = machine.handle(.catalogue(catalogue([site("a"), site("b")])), at: 65_002)
        #expect(machine.handle(.finished, at: 65_003) == [start(4, [site("a"), site("b")])])
    }

    @Test("a strict run ends rather than go on without, before a round and in one")
    func strict() {
        var machine = machine(isStrict: true)
        _ = machine.handle(.catalogue(catalogue([part(0), part(2)])), at: 0)
        let error = RunError.incomplete(stage: "round 1", shards: ["patients 1/3 (iid)"])
        #expect(machine.handle(.tick, at: 60_000) == [.end(.failed(error))])
        #expect("\(error)".contains("round 1 lacks patients 1/3 (iid)"))
        var later = begun(isStrict: true)
        _ = later.handle(.failed(shard: 1, lost), at: 0)
        _ = later.handle(.catalogue(catalogue([site("a")])), at: 1)
        #expect(
            later.handle(.tick, at: 60_000) == [
                .end(.failed(.incomplete(stage: "round 1", shards: ["patients of b"])))
            ])
    }

    @Test("whose answers are wrong is not waited for")
    func dismissed() {
        var machine = begun()
        let refusal = Failure(.malformed, "it answered for 9 examples")
        _ = machine.handle(.failed(shard: 1, refusal), at: 1)
        _ = machine.handle(.answered(shard: 0), at: 2)
        #expect(machine.handle(.finished, at: 3) == [start(2, [site("a")])])
    }
}
