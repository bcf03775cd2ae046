import Protocol
import Testing

@testable import Fagure

private func shard(_ index: Int, of count: Int = 2, _ dataset: String = "digits", partition: String = "iid")
    -> ShardReference
{
    ShardReference(dataset: dataset, partition: partition, index: index, count: count)
}

private func catalogue(_ workers: [(name: String, shards: [ShardReference])], draining: Set<String> = [])
    -> Catalogue
{
    var catalogue = Catalogue()
    for (number, worker) in workers.enumerated() {
        catalogue.workers.append(
            WorkerDescription(
                name: worker.name, session: Identifier(high: UInt64(number + 1), low: 1), software: "test",
                isDraining: draining.contains(worker.name),
                shards: worker.shards.map { ShardDescription(reference: $0, trainRows: 10, heldOutRows: 2) },
                openJobs: 0, silentMilliseconds: 0))
        for shard in worker.shards where !catalogue.datasets.contains(where: { $0.name == shard.dataset }) {
            catalogue.datasets.append(DatasetDescription(name: shard.dataset, tags: [], columns: []))
        }
    }
    return catalogue
}

private let both = catalogue([("alice", [shard(0)]), ("bob", [shard(1)])])
private let digits = DatasetDescription(name: "digits", tags: [], columns: [])
private let lost = Failure(.workerLost, "gone")

@Suite("The run's machine")
struct TrainingMachineTests {
    private func machine(
        _ dataset: String? = nil, epochs: Int = 2, workersMin: Int = 1
    ) -> TrainingMachine {
        TrainingMachine(dataset: dataset, epochs: epochs, workersMin: workersMin, now: 0)
    }

    /// A machine whose round 0 has begun with two shards.
    private func begun() -> TrainingMachine {
        var machine = machine()
        _ = machine.handle(.catalogue(both), at: 0)
        return machine
    }

    /// Ends a round in which both shards answer.
    private func finishRound(_ machine: inout TrainingMachine, at now: Int64) -> [TrainingMachine.Action] {
        _ = machine.handle(.answered(shard: 0), at: now)
        _ = machine.handle(.answered(shard: 1), at: now)
        return machine.handle(.finished, at: now)
    }

    @Test("the only data set is taken, and rounds follow each other to the end")
    func wholeRun() {
        var machine = machine()
        let shards = [shard(0), shard(1)]
        #expect(
            machine.handle(.catalogue(both), at: 0) == [
                .select(digits), .start(round: 0, shards: shards, workers: 2),
            ])
        #expect(machine.handle(.answered(shard: 1), at: 1) == [])
        #expect(machine.handle(.answered(shard: 0), at: 2) == [.finish(round: 0)])
        #expect(machine.handle(.finished, at: 3) == [.start(round: 1, shards: shards, workers: 2)])
        #expect(finishRound(&machine, at: 4) == [.start(round: 2, shards: shards, workers: 2)])
        #expect(finishRound(&machine, at: 5) == [.end(.finished)])
        for event in [
            TrainingMachine.Event.tick, .catalogue(both), .answered(shard: 0), .finished, .diverged,
        ] {
            #expect(machine.handle(event, at: 6) == [])
        }
    }

    @Test("waits name their blocker, with counts and seconds, every few seconds")
    func waiting() {
        var machine = machine(workersMin: 2)
        let one = catalogue([("alice", [shard(0)])])
        #expect(machine.handle(.tick, at: 1_999) == [])
        #expect(machine.handle(.tick, at: 2_000) == [.wait("waiting for 2 workers, 0 present, 2 s")])
        #expect(machine.handle(.catalogue(one), at: 3_000) == [])
        #expect(machine.handle(.tick, at: 7_500) == [.wait("waiting for 2 workers, 1 present, 7 s")])
        #expect(machine.handle(.tick, at: 8_000) == [])
        #expect(machine.handle(.tick, at: 14_600) == [.wait("waiting for 2 workers, 1 present, 14 s")])
        #expect(machine.handle(.catalogue(both), at: 15_000).count == 2)
        var single = self.machine()
        #expect(single.handle(.tick, at: 2_000) == [.wait("waiting for 1 worker, 0 present, 2 s")])
    }

    @Test("a data set nobody serves, or one of several, ends the run with what there is")
    func whichDataset() {
        var unknown = machine("moons")
        #expect(
            unknown.handle(.catalogue(both), at: 0) == [
                .end(.failed(.unknownDataset(name: "moons", known: ["digits"])))
            ])
        let two = catalogue([("alice", [shard(0)]), ("bob", [shard(0, of: 1, "toy")])])
        var ambiguous = machine()
        #expect(
            ambiguous.handle(.catalogue(two), at: 0) == [.end(.failed(.ambiguousDataset(["digits", "toy"])))])
        var named = machine("toy")
        #expect(
            named.handle(.catalogue(two), at: 0).last
                == .start(round: 0, shards: [shard(0, of: 1, "toy")], workers: 1))
        var early = machine("moons")
        #expect(early.handle(.catalogue(Catalogue()), at: 0) == [])
    }

    @Test("workers that cut or describe the data differently end the run, named")
    func conflicts() {
        var machine = machine()
        let cut = catalogue([("alice", [shard(0)]), ("bob", [shard(1, of: 3)])])
        let conflict = RunError.partitionConflict(
            dataset: "digits", first: .init(worker: "alice", shard: shard(0)),
            second: .init(worker: "bob", shard: shard(1, of: 3)))
        #expect(machine.handle(.catalogue(cut), at: 0) == [.end(.failed(conflict))])
        #expect("\(conflict)".contains("alice (digits 0/2 (iid)) and bob (digits 1/3 (iid))"))

        var described = both
        described.datasets.append(DatasetDescription(name: "digits", tags: ["other"], columns: []))
        var other = self.machine()
        #expect(
            other.handle(.catalogue(described), at: 0) == [
                .end(.failed(.schemaConflict(dataset: "digits", workers: ["alice", "bob"])))
            ])
    }

    @Test("once the run has begun, a worker that cuts differently is left out, and said so once")
    func stranger() {
        var machine = begun()
        let strange = catalogue([("alice", [shard(0)]), ("bob", [shard(1)]), ("eve", [shard(0, of: 9)])])
        #expect(
            machine.handle(.catalogue(strange), at: 1) == [
                .notice("worker eve cuts data set digits differently from this run and is left out")
            ])
        #expect(machine.handle(.catalogue(strange), at: 2) == [])
        #expect(finishRound(&machine, at: 3) == [.start(round: 1, shards: [shard(0), shard(1)], workers: 2)])
    }

    @Test("a shard whose worker is lost is left out of the round; the round goes on with the others")
    func leftOut() {
        var machine = begun()
        #expect(machine.handle(.failed(shard: 1, lost), at: 1) == [.leaveOut(shard: shard(1), lost)])
        #expect(machine.handle(.failed(shard: 1, lost), at: 1) == [])
        #expect(machine.handle(.answered(shard: 0), at: 2) == [.finish(round: 0)])
        let alone = catalogue([("alice", [shard(0)])])
        _ = machine.handle(.catalogue(alone), at: 3)
        #expect(machine.handle(.finished, at: 3) == [.start(round: 1, shards: [shard(0)], workers: 1)])
    }

    @Test("a round that loses all its shards is begun again, after a rest")
    func abandoned() {
        var machine = begun()
        _ = machine.handle(.failed(shard: 0, lost), at: 1)
        #expect(
            machine.handle(.failed(shard: 1, lost), at: 2) == [
                .leaveOut(shard: shard(1), lost), .abandon(round: 0),
            ])
        #expect(machine.handle(.catalogue(both), at: 3) == [])
        #expect(
            machine.handle(.tick, at: 2 + SessionLimits.roundRetryMilliseconds) == [
                .start(round: 0, shards: [shard(0), shard(1)], workers: 2)
            ])
    }

    @Test("a job that cannot be done ends the run with its reason")
    func impossibleJob() {
        var machine = begun()
        let refusal = Failure(.invalidJob, "the step graph has 3 inputs")
        #expect(machine.handle(.failed(shard: 0, refusal), at: 1) == [.end(.failed(.job(shard(0), refusal)))])
        #expect(
            "\(RunError.job(shard(0), refusal))"
                == "shard digits 0/2 (iid): invalid-job: the step graph has 3 inputs")
    }

    @Test("a worker about to leave counts neither for the minimum nor for its shards")
    func draining() {
        var machine = machine()
        let leaving = catalogue([("alice", [shard(0)]), ("bob", [shard(1)])], draining: ["bob"])
        #expect(
            machine.handle(.catalogue(leaving), at: 0).last
                == .start(round: 0, shards: [shard(0)], workers: 1))
    }

    @Test("after a restart of the broker the next round waits for the shards it had, but not for ever")
    func restart() {
        var machine = begun()
        _ = machine.handle(.brokerLost, at: 10)
        _ = machine.handle(.answered(shard: 0), at: 11)
        _ = machine.handle(.answered(shard: 1), at: 12)
        #expect(machine.handle(.finished, at: 12) == [])
        #expect(machine.handle(.tick, at: 2_012) == [.wait("waiting for the broker, 2 s")])
        #expect(
            machine.handle(.brokerReturned(isNewRun: true), at: 3_000) == [
                .start(round: 1, shards: [shard(0), shard(1)], workers: 2)
            ])

        var slow = begun()
        _ = slow.handle(.brokerReturned(isNewRun: true), at: 10)
        let half = catalogue([("alice", [shard(0)])])
        _ = slow.handle(.catalogue(half), at: 11)
        _ = slow.handle(.answered(shard: 0), at: 12)
        _ = slow.handle(.failed(shard: 1, lost), at: 12)
        #expect(slow.handle(.finished, at: 12) == [])
        #expect(
            slow.handle(.tick, at: 2_012) == [
                .wait("waiting for shard 1/2 to return after the broker's restart, 2 s")
            ])
        var patient = slow
        #expect(
            patient.handle(.catalogue(both), at: 2_013).last
                == .start(round: 1, shards: [shard(0), shard(1)], workers: 2))
        let end = 10 + ProtocolLimits.returnGraceMilliseconds
        #expect(slow.handle(.tick, at: end) == [.start(round: 1, shards: [shard(0)], workers: 1)])
    }

    @Test("a loss that is no number and the end of the session end the run")
    func otherEnds() {
        var diverging = begun()
        _ = finishRound(&diverging, at: 1)
        _ = diverging.handle(.answered(shard: 0), at: 2)
        _ = diverging.handle(.answered(shard: 1), at: 2)
        #expect(diverging.handle(.diverged, at: 3) == [.end(.diverged(round: 1))])
        var ended = begun()
        let failure = Failure(.brokerUnreachable, "no broker")
        #expect(ended.handle(.sessionEnded(failure), at: 1) == [.end(.failed(.session(failure)))])
    }
}
