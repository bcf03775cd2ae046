import Protocol
import Testing

@testable import Fagure

private func shard(
    _ index: Int, of count: Int = 2, _ dataset: String = "digits", partition: String = "iid", rows: Int = 10
) -> ShardDescription {
    ShardDescription(
        reference: ShardReference(dataset: dataset, partition: partition, index: index, count: count),
        trainRows: rows, heldOutRows: 2)
}

private func site(_ name: String, _ schema: DatasetDescription = patients(), rows: Int = 600)
    -> ShardDescription
{
    ShardDescription(
        reference: ShardReference(dataset: "patients", site: name), trainRows: rows, heldOutRows: 2,
        schema: schema.schemaHash)
}

private func patients(
    _ features: [String] = ["age", "bp"], missing: MissingCells = .refuse
) -> DatasetDescription {
    DatasetDescription(
        name: "patients", tags: [],
        columns: [
            ColumnDescription(
                name: "features", role: .feature, elementType: 1, dimensions: [features.count], classes: [],
                features: features.map { .init(name: $0, kind: .number) }),
            ColumnDescription(
                name: "outcome", role: .label, elementType: 2, dimensions: [], classes: ["sick", "well"]),
        ], missing: missing)
}

private func catalogue(
    _ workers: [(name: String, shards: [ShardDescription])], draining: Set<String> = [],
    datasets: [DatasetDescription] = []
) -> Catalogue {
    var catalogue = Catalogue()
    catalogue.datasets = datasets
    for worker in workers {
        // The same name is the same process.
        let session = worker.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }
        catalogue.workers.append(
            WorkerDescription(
                name: worker.name, session: Identifier(high: session, low: 1), software: "test",
                state: draining.contains(worker.name) ? .draining : .ready, shards: worker.shards,
                openJobs: 0,
                silentMilliseconds: 0))
        for shard in worker.shards
        where !catalogue.datasets.contains(where: { $0.name == shard.reference.dataset }) {
            catalogue.datasets.append(
                DatasetDescription(name: shard.reference.dataset, tags: [], columns: []))
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
        _ dataset: String? = nil, rounds: Int = 2, workersMin: Int = 1, schema: DatasetDescription? = nil,
        standardizes: Bool = false
    ) -> TrainingMachine {
        TrainingMachine(
            .init(
                dataset: dataset, schema: schema, rounds: rounds, workersMin: workersMin,
                standardizes: standardizes), now: 0)
    }

    /// A machine whose round 1 has begun with two shards.
    private func begun(workersMin: Int = 1) -> TrainingMachine {
        var machine = machine(workersMin: workersMin)
        _ = machine.handle(.catalogue(both), at: 0)
        return machine
    }

    private func start(_ round: Int, _ shards: [ShardDescription], workers: Int) -> TrainingMachine.Action {
        .start(.training(round: round), shards: shards, workers: workers)
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
            machine.handle(.catalogue(both), at: 0) == [.select(digits), start(1, shards, workers: 2)])
        #expect(machine.handle(.answered(shard: 1), at: 1) == [])
        #expect(machine.handle(.answered(shard: 0), at: 2) == [.finish(.training(round: 1))])
        #expect(machine.handle(.finished, at: 3) == [start(2, shards, workers: 2)])
        #expect(finishRound(&machine, at: 5) == [.end(.finished)])
        for event in [
            TrainingMachine.Event.tick, .catalogue(both), .answered(shard: 0), .finished, .diverged,
        ] {
            #expect(machine.handle(event, at: 6) == [])
        }
    }

    @Test("standardising takes three passes before the first round, missing means alone one")
    func passes() {
        var machine = machine(rounds: 1, standardizes: true)
        var actions = machine.handle(.catalogue(both), at: 0)
        for pass in 1...3 {
            #expect(
                actions.last
                    == .start(.statistics(pass: pass), shards: [shard(0), shard(1)], workers: 2))
            actions = finishRound(&machine, at: 1)
        }
        #expect(actions == [start(1, [shard(0), shard(1)], workers: 2)])
        let gaps = patients(missing: .mean)
        var plain = self.machine()
        #expect(
            plain.handle(.catalogue(catalogue([("north", [site("north", gaps)])], datasets: [gaps])), at: 0)
                .last
                == .start(.statistics(pass: 1), shards: [site("north", gaps)], workers: 1))
        _ = plain.handle(.answered(shard: 0), at: 1)
        #expect(plain.handle(.finished, at: 1) == [start(1, [site("north", gaps)], workers: 1)])
    }

    @Test("waits name their blocker, with counts and seconds, every few seconds")
    func waiting() {
        var machine = machine(workersMin: 2)
        let one = catalogue([("alice", [shard(0)]), ("carol", [])])
        #expect(machine.handle(.tick, at: 1_999) == [])
        #expect(machine.handle(.tick, at: 2_000) == [.wait("waiting for 2 workers, 0 present, 2 s")])
        #expect(machine.handle(.catalogue(one), at: 3_000) == [])
        #expect(
            machine.handle(.tick, at: 7_500) == [
                .wait("waiting for 2 workers, 1 present (carol has no data), 7 s")
            ])
        #expect(machine.handle(.tick, at: 8_000) == [])
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
            named.handle(.catalogue(two), at: 0).last == start(1, [shard(0, of: 1, "toy")], workers: 1))
        var early = machine("moons")
        #expect(early.handle(.catalogue(Catalogue()), at: 0) == [])
    }

    @Test("what most shards say is right; who says otherwise is left out, named with what differs")
    func majority() {
        let other = patients(["age", "weight"])
        let sites = catalogue(
            [
                ("eve", [site("eve", other)]), ("north", [site("north")]), ("south", [site("south")]),
            ], datasets: [other, patients()])
        var machine = machine(workersMin: 2)
        #expect(
            machine.handle(.catalogue(sites), at: 0) == [
                .select(patients()),
                .notice("worker eve is left out of data set patients: bp is missing, weight is new"),
                start(1, [site("north"), site("south")], workers: 2),
            ])
        #expect(machine.handle(.catalogue(sites), at: 1) == [])
        var patient = self.machine(workersMin: 3)
        #expect(patient.handle(.catalogue(sites), at: 0) == [])
        #expect(
            patient.handle(.tick, at: 2_000) == [
                .wait(
                    "waiting for 3 workers, 2 present (eve does not fit: bp is missing, weight is new), 2 s")
            ])
    }

    @Test("where nobody fits the schema that decides, each is named with what differs, and waited for")
    func nobodyFits() {
        let sites = catalogue(
            [("north", [site("north")]), ("south", [site("south")])], datasets: [patients()])
        var machine = machine(schema: patients(["age", "weight"]))
        let notices = ["north", "south"].map { name in
            TrainingMachine.Action.notice(
                "worker \(name) is left out of data set patients: weight is missing, bp is new")
        }
        #expect(machine.handle(.catalogue(sites), at: 0) == notices)
        #expect(machine.handle(.catalogue(sites), at: 1) == [])
        #expect(
            machine.handle(.tick, at: 2_000) == [
                .wait(
                    "waiting for 1 worker, 0 present (north does not fit: weight is missing, bp is new; "
                        + "south does not fit: weight is missing, bp is new), 2 s")
            ])
    }

    @Test("as many on one side as on the other end the run, both named; a schema decides")
    func tie() {
        let other = patients(["age", "weight"])
        let sites = catalogue(
            [("eve", [site("eve", other)]), ("north", [site("north")])], datasets: [patients(), other])
        var machine = machine(workersMin: 2)
        let error = RunError.disagreement(
            dataset: "patients", first: .init(workers: ["eve"], dataset: other, cut: "sites"),
            second: .init(workers: ["north"], dataset: patients(), cut: "sites"))
        #expect(machine.handle(.catalogue(sites), at: 0) == [.end(.failed(error))])
        #expect("\(error)".contains("worker eve and worker north"))
        #expect("\(error)".contains("weight is missing, bp is new"))
        var told = self.machine(schema: other)
        #expect(
            told.handle(.catalogue(sites), at: 0) == [
                .select(other),
                .notice("worker north is left out of data set patients: weight is missing, bp is new"),
                start(1, [site("eve", other)], workers: 1),
            ])
        let cut = catalogue([("alice", [shard(0)]), ("bob", [shard(1, of: 3)])])
        var cutting = self.machine(workersMin: 2)
        let actions = cutting.handle(.catalogue(cut), at: 0)
        guard case .end(.failed(let conflict))? = actions.first else { return #expect(actions == []) }
        #expect("\(conflict)".contains("one cuts it into 2 parts (iid), the other into 3 parts (iid)"))
    }

    @Test("a newcomer that does not fit is left out with one notice, and the run goes on")
    func stranger() {
        var machine = begun()
        let strange = catalogue([("alice", [shard(0)]), ("bob", [shard(1)]), ("eve", [shard(0, of: 9)])])
        #expect(
            machine.handle(.catalogue(strange), at: 1) == [
                .notice(
                    "worker eve is left out of data set digits: it cuts the data set into 9 parts (iid), the run "
                        + "into 2 parts (iid)")
            ])
        #expect(machine.handle(.catalogue(strange), at: 2) == [])
        #expect(finishRound(&machine, at: 3) == [start(2, [shard(0), shard(1)], workers: 2)])
    }

    @Test("too few rows, a copy that differs and a schema nobody described are reasons too")
    func otherStrangers() {
        var few = site("few", rows: 20)
        few.releaseRowsMinimum = 32
        var copy = site("north")
        copy.leftOut = "alice holds 600 rows, bob 300"
        var mute = site("mute")
        mute.schema = SchemaHash(Identifier(high: 9, low: 9))
        let sites = catalogue(
            [("a", [few]), ("bob", [copy]), ("m", [mute]), ("north", [site("north")])], datasets: [patients()]
        )
        var machine = machine()
        let notices = machine.handle(.catalogue(sites), at: 0).compactMap { action in
            if case .notice(let text) = action { text } else { nil }
        }
        #expect(
            notices == [
                "worker a is left out of data set patients: it has 20 rows to train on, and lets nothing out that is "
                    + "about fewer than 32",
                "worker bob is left out of data set patients: alice holds 600 rows, bob 300",
                "worker m is left out of data set patients: it does not describe the schema of patients of mute",
            ])
    }

    @Test("sites take part in the order of their names, whoever came first, and newcomers count")
    func siteOrder() {
        var machine = machine()
        let names = ["ward10", "north", "ward9"]
        let first = catalogue(names.map { ($0, [site($0)]) }, datasets: [patients()])
        let sorted = ["north", "ward9", "ward10"].map { site($0) }
        #expect(machine.handle(.catalogue(first), at: 0).last == start(1, sorted, workers: 3))
        let more = catalogue((names + ["east"]).map { ($0, [site($0)]) }, datasets: [patients()])
        #expect(machine.handle(.catalogue(more), at: 1) == [])
        for shard in 0..<3 { _ = machine.handle(.answered(shard: shard), at: 2) }
        #expect(machine.handle(.finished, at: 2) == [start(2, [site("east")] + sorted, workers: 4)])
    }

    @Test("a shard whose worker is lost is left out of the round; the round goes on with the others")
    func leftOut() {
        var machine = begun()
        #expect(
            machine.handle(.failed(shard: 1, lost), at: 1) == [.leaveOut(shard: 1, lost, culprits: [])])
        #expect(machine.handle(.failed(shard: 1, lost), at: 1) == [])
        #expect(machine.handle(.answered(shard: 0), at: 2) == [.finish(.training(round: 1))])
        let alone = catalogue([("alice", [shard(0)])])
        _ = machine.handle(.catalogue(alone), at: 3)
        #expect(
            machine.handle(.finished, at: 3) == [
                .lack([shard(1).reference]), start(2, [shard(0)], workers: 1),
            ])
    }

    @Test("a round that fewer workers answer than must is repeated, after a rest")
    func repeated() {
        var machine = begun(workersMin: 2)
        _ = machine.handle(.failed(shard: 1, lost), at: 1)
        #expect(
            machine.handle(.answered(shard: 0), at: 2) == [
                .abandon(.training(round: 1)),
                .notice("only 1 of the 2 workers asked for have answered: the round is repeated"),
            ])
        let later = 2 + SessionLimits.roundRetryMilliseconds
        #expect(machine.handle(.tick, at: later) == [start(1, [shard(0), shard(1)], workers: 2)])
        #expect(finishRound(&machine, at: later) == [start(2, [shard(0), shard(1)], workers: 2)])
    }

    @Test("two workers with the same shard count as two: either may answer for both")
    func copies() {
        var machine = machine(workersMin: 2)
        let copies = catalogue([("alice", [shard(0, of: 1)]), ("bob", [shard(0, of: 1)])])
        _ = machine.handle(.catalogue(copies), at: 0)
        #expect(machine.handle(.answered(shard: 0), at: 1) == [.finish(.training(round: 1))])
    }

    @Test("a site that two workers serve is named once, parts of a file are not")
    func siteCopies() {
        var machine = machine()
        let sites = catalogue([("a", [site("north")]), ("b", [site("north")])], datasets: [patients()])
        let text =
            "patients of north is served by workers a, b: each job goes to one of them, "
            + "so their rows must be the same"
        #expect(
            machine.handle(.catalogue(sites), at: 0) == [
                .select(patients()), .notice(text), start(1, [site("north")], workers: 2),
            ])
        #expect(machine.handle(.catalogue(sites), at: 1) == [])
    }

    @Test("units that differ are said once, and are no reason to leave anybody out")
    func units() {
        func years(_ unit: String) -> DatasetDescription {
            DatasetDescription(
                name: "patients", tags: [],
                columns: [
                    ColumnDescription(
                        name: "features", role: .feature, elementType: 1, dimensions: [1], classes: [],
                        features: [.init(name: "age", kind: .number, unit: unit)])
                ])
        }
        let one = years("years"), other = years("months")
        #expect(one.schemaHash == other.schemaHash)
        let sites = catalogue([("a", [site("a", one)]), ("b", [site("b", other)])], datasets: [one, other])
        var machine = machine()
        let actions = machine.handle(.catalogue(sites), at: 0)
        #expect(
            actions == [
                .select(one),
                .notice(
                    "workers disagree on the units of data set patients: age is in months, expected years"),
                start(1, [site("a", one), site("b", other)], workers: 2),
            ])
        #expect(machine.handle(.catalogue(sites), at: 1) == [])
        #expect(years("").unitDifferences(from: one) == "" && one.unitDifferences(from: years("")) == "")
    }

    @Test("a round that loses all its shards is begun again, after a rest")
    func abandoned() {
        var machine = begun()
        _ = machine.handle(.failed(shard: 0, lost), at: 1)
        #expect(
            machine.handle(.failed(shard: 1, lost), at: 2) == [
                .leaveOut(shard: 1, lost, culprits: []), .abandon(.training(round: 1)),
            ])
        #expect(machine.handle(.catalogue(both), at: 3) == [])
        #expect(
            machine.handle(.tick, at: 2 + SessionLimits.roundRetryMilliseconds) == [
                start(1, [shard(0), shard(1)], workers: 2)
            ])
    }

    @Test("a shard that is silent is named after a while, and now and then")
    func silentShards() {
        var machine = begun()
        #expect(machine.handle(.heard(shard: 1), at: 10_000) == [])
        #expect(machine.handle(.tick, at: 29_999) == [])
        #expect(
            machine.handle(.tick, at: 30_000) == [
                .wait("round 1 waits for digits 0/2 (iid) at worker alice, 30 s without an answer")
            ])
        #expect(machine.handle(.tick, at: 59_999) == [])
        #expect(
            machine.handle(.tick, at: 60_000) == [
                .wait(
                    "round 1 waits for digits 0/2 (iid) at worker alice; digits 1/2 (iid) at worker bob, "
                        + "60 s without an answer")
            ])
        _ = machine.handle(.answered(shard: 0), at: 61_000)
        _ = machine.handle(.answered(shard: 1), at: 61_000)
        #expect(machine.handle(.tick, at: 99_000) == [])
    }

    @Test(
        "who is silent in a second round in succession is asked no more; an answer between them is forgiven")
    func silentAgain() {
        let silence = Failure(.deadlineExceeded, "nothing was heard of the job for 120 s")
        func round(_ machine: inout TrainingMachine, isSilent: Bool) -> [TrainingMachine.Action] {
            _ = machine.handle(.answered(shard: 0), at: 1)
            defer { _ = machine.handle(.finished, at: 1) }
            return machine.handle(isSilent ? .failed(shard: 1, silence) : .answered(shard: 1), at: 1)
        }
        var machine = machine(rounds: 9)
        _ = machine.handle(.catalogue(both), at: 0)
        for isSilent in [true, false, true] {
            let actions = round(&machine, isSilent: isSilent)
            #expect(!isSilent || actions.first == .leaveOut(shard: 1, silence, culprits: []))
        }
        #expect(round(&machine, isSilent: true).first == .leaveOut(shard: 1, silence, culprits: ["bob"]))
        #expect(machine.handle(.answered(shard: 0), at: 2) == [.finish(.training(round: 5))])
    }

    @Test("a shard that comes further and further is named once all others have long answered")
    func lateShard() {
        var machine = begun()
        _ = machine.handle(.answered(shard: 0), at: 5_000)
        for second in 6...34 { _ = machine.handle(.heard(shard: 1), at: Int64(second) * 1_000) }
        #expect(machine.handle(.tick, at: 34_999) == [])
        #expect(
            machine.handle(.tick, at: 35_000) == [
                .wait("round 1 waits for digits 1/2 (iid) at worker bob, 30 s without an answer")
            ])
    }

    @Test("who has too much to do in a second round in succession is asked no more")
    func overloadedAgain() {
        let refusal = Failure(.overloaded, "too much to do")
        var machine = machine(rounds: 9)
        _ = machine.handle(.catalogue(both), at: 0)
        for culprits in [[], ["bob"]] {
            _ = machine.handle(.answered(shard: 0), at: 1)
            #expect(
                machine.handle(.failed(shard: 1, refusal), at: 1).first
                    == .leaveOut(shard: 1, refusal, culprits: culprits))
            _ = machine.handle(.finished, at: 1)
        }
    }

    @Test("a wait that has an end ends the run, and says for what it waited")
    func boundedWait() {
        var machine = TrainingMachine(
            .init(rounds: 1, workersMin: 2, waitMilliseconds: 10_000, standardizes: false), now: 0)
        _ = machine.handle(.catalogue(catalogue([("alice", [shard(0)]), ("carol", [])])), at: 0)
        #expect(machine.handle(.tick, at: 9_999).count == 1)
        let error = RunError.waited(seconds: 10, for: "2 workers, 1 present (carol has no data)")
        #expect(machine.handle(.tick, at: 10_000) == [.end(.failed(error))])
        #expect("\(error)" == "waited 10 s for 2 workers, 1 present (carol has no data)")
    }

    @Test("who was left out and is still there is named where others are waited for")
    func leftOutAndWaited() {
        var machine = machine(workersMin: 2)
        _ = machine.handle(.catalogue(both), at: 0)
        _ = machine.handle(.failed(shard: 1, Failure(.malformed, "it answered for 9 examples")), at: 1)
        _ = machine.handle(.answered(shard: 0), at: 1)
        #expect(
            machine.handle(.tick, at: 9_001) == [
                .wait("waiting for 2 workers, 1 present (bob was left out), 9 s")
            ])
    }

    @Test("a liar alone in a pass leaves no sums behind, and liars that come back do not begin them anew")
    func comingBack() {
        let lie = Failure(.malformed, "it answered for 9 examples")
        var machine = machine(standardizes: true)
        _ = machine.handle(.catalogue(catalogue([("eve", [shard(1)])])), at: 0)
        _ = machine.handle(.answered(shard: 0), at: 1)
        _ = machine.handle(.finished, at: 1)
        _ = machine.handle(.catalogue(catalogue([("eve", [shard(1)]), ("alice", [shard(0)])])), at: 2)
        // Pass 2 is eve's alone; alice has come meanwhile.
        #expect(
            machine.handle(.failed(shard: 0, lie), at: 3).contains(
                .start(.statistics(pass: 1), shards: [shard(0)], workers: 1)))
        var twice = self.machine(standardizes: true)
        _ = twice.handle(.catalogue(both), at: 0)
        _ = finishRound(&twice, at: 1)
        _ = twice.handle(.failed(shard: 1, lie), at: 2)
        let again = catalogue([("alice", [shard(0)]), ("bobby", [shard(1)])])
        _ = twice.handle(.catalogue(again), at: 2)
        _ = twice.handle(.answered(shard: 0), at: 2)
        _ = twice.handle(.answered(shard: 0), at: 3)
        // Until the second round whoever came back has no part.
        for stage in [Stage.statistics(pass: 2), .statistics(pass: 3), .training(round: 1)] {
            #expect(twice.handle(.finished, at: 4).last == .start(stage, shards: [shard(0)], workers: 2))
            _ = twice.handle(.answered(shard: 0), at: 5)
        }
        #expect(twice.handle(.finished, at: 6) == [start(2, [shard(0), shard(1)], workers: 2)])
    }

    @Test("who is left out after a pass has sums in it that are taken again without it")
    func falseSums() {
        let lie = Failure(.malformed, "it answered for 9 examples")
        for wrongStage in 1...4 {
            var machine = machine(standardizes: true)
            _ = machine.handle(.catalogue(both), at: 0)
            for _ in 1..<wrongStage { _ = finishRound(&machine, at: 1) }
            _ = machine.handle(.failed(shard: 1, lie), at: 2)
            let actions = machine.handle(.answered(shard: 0), at: 2)
            guard wrongStage > 1 else {
                #expect(actions == [.finish(.statistics(pass: 1))])
                continue
            }
            #expect(actions.last == .start(.statistics(pass: 1), shards: [shard(0)], workers: 1))
        }
    }

    @Test("whose answer is wrong is left out until another process serves the shard")
    func culprit() {
        var machine = begun()
        let refusal = Failure(.malformed, "it answered for 9 examples")
        #expect(
            machine.handle(.failed(shard: 1, refusal), at: 1) == [
                .leaveOut(shard: 1, refusal, culprits: ["bob"])
            ])
        _ = machine.handle(.answered(shard: 0), at: 2)
        #expect(machine.handle(.finished, at: 2) == [start(2, [shard(0)], workers: 1)])
        var anew = machine
        _ = anew.handle(.catalogue(catalogue([("alice", [shard(0)]), ("carol", [shard(1)])])), at: 3)
        _ = anew.handle(.failed(shard: 0, lost), at: 4)
        let later = 4 + SessionLimits.roundRetryMilliseconds
        #expect(anew.handle(.tick, at: later) == [start(2, [shard(0), shard(1)], workers: 2)])
    }

    @Test("a job that nobody can do ends the run with its reason")
    func impossibleJob() {
        var machine = begun()
        let refusal = Failure(.invalidJob, "the step graph has 3 inputs")
        _ = machine.handle(.failed(shard: 0, refusal), at: 1)
        #expect(
            machine.handle(.failed(shard: 1, refusal), at: 1) == [
                .leaveOut(shard: 1, refusal, culprits: ["bob"]),
                .end(.failed(.job(shard(1).reference, refusal))),
            ])
        #expect(
            "\(RunError.job(shard(0).reference, refusal))"
                == "shard digits 0/2 (iid): invalid-job: the step graph has 3 inputs")
    }

    @Test("a worker about to leave counts neither for the minimum nor for its shards")
    func draining() {
        var machine = machine()
        let leaving = catalogue([("alice", [shard(0)]), ("bob", [shard(1)])], draining: ["bob"])
        #expect(machine.handle(.catalogue(leaving), at: 0).last == start(1, [shard(0)], workers: 1))
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
                start(2, [shard(0), shard(1)], workers: 2)
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
                .wait("waiting for digits 1/2 (iid) to return after the broker's restart, 2 s")
            ])
        var patient = slow
        #expect(
            patient.handle(.catalogue(both), at: 2_013).last == start(2, [shard(0), shard(1)], workers: 2))
        let end = 10 + ProtocolLimits.returnGraceMilliseconds
        #expect(
            slow.handle(.tick, at: end) == [
                .lack([shard(1).reference]), start(2, [shard(0)], workers: 1),
            ])
    }

    @Test("a loss that is no number and the end of the session end the run")
    func otherEnds() {
        var diverging = begun()
        _ = diverging.handle(.answered(shard: 0), at: 2)
        _ = diverging.handle(.answered(shard: 1), at: 2)
        #expect(diverging.handle(.diverged, at: 3) == [.end(.diverged(round: 1))])
        var ended = begun()
        let failure = Failure(.brokerUnreachable, "no broker")
        #expect(ended.handle(.sessionEnded(failure), at: 1) == [.end(.failed(.session(failure)))])
    }
}
