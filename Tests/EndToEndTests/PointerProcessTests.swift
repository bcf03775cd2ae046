import Fagure
import Foundation
import Tensor
import TestSupport
import Testing

@Suite("Pointers with real processes", .serialized, .timeLimit(.minutes(5)))
struct PointerProcessTests {
    // MARK: The tutorial

    @Test("the tutorial's numbers over tcp, and exactly one job a step")
    func tutorial() async throws {
        let vector = try TutorialVectors.load()
        try await withProcesses(["bob": [], "alice": []]) { _, session in
            let bob = try await session.worker("bob"), alice = try await session.worker("alice")
            let loop = try await TutorialLoop(bob, alice)
            let first = try TutorialLoop.makeModel(), second = try TutorialLoop.makeModel()
            #expect(await session.statistics.jobs == 4)
            var losses = try await loop.train(first, SGD(first.parameters, learningRate: 0.1))
            #expect(try vector.descent.differences(losses, first) == [])
            #expect(await session.statistics.jobs == 24)
            losses = try await loop.train(
                second, Adam(second.parameters, learningRate: 0.1, state: .perLocation))
            #expect(try vector.adam.differences(losses, second) == [])
            let statistics = await session.statistics
            #expect(statistics.jobs == 44 && statistics.answers == 44 && statistics.roundTrips == 44)
        }
    }

    @Test("all data at one worker is the centralised tutorial")
    func centralised() async throws {
        let vector = try TutorialVectors.load()
        try await withProcesses(["bob": []]) { _, session in
            let bob = try await session.worker("bob")
            let data: Tensor = [[0, 0], [0, 1], [1, 0], [1, 1]], target: Tensor = [[0], [0], [1], [1]]
            let there = (data: try await data.send(to: bob), target: try await target.send(to: bob))
            let model = try TutorialLoop.makeModel()
            let optimizer = SGD(model.parameters, learningRate: 0.1)
            var losses: [Float] = []
            for _ in 0..<20 { losses.append(try await TutorialLoop.step(model, optimizer, there)) }
            #expect(try vector.centralised.differences(losses, model) == [])
            #expect(await session.statistics.jobs == 22)
        }
    }

    @Test("a trusted aggregator: five jobs a round, and the trainer gets the mean")
    func trustedAggregator() async throws {
        let vector = try TutorialVectors.load()
        try await withProcesses(["bob": [], "alice": [], "secure-worker": []]) { _, session in
            let bob = try await session.worker("bob"), alice = try await session.worker("alice")
            let secure = try await session.worker("secure-worker")
            let loop = try await TutorialLoop(bob, alice)
            let model = try TutorialLoop.makeModel()
            var losses: [Float] = []
            for _ in 0..<10 {
                async let atBob = improve(model, loop.halves[0], secure)
                async let atAlice = improve(model, loop.halves[1], secure)
                let (bobs, alices) = try await (atBob, atAlice)
                losses += bobs.losses + alices.losses
                let means = zip(bobs.model.parameters, alices.model.parameters).map { bobs, alices in
                    (bobs.parameter.tensor + alices.parameter.tensor) / 2
                }
                let values = try await get(means)
                for (named, mean) in zip(model.parameters, values) { try named.parameter.update(to: mean) }
            }
            #expect(try vector.aggregator.differences(losses, model) == [])
            #expect(await session.statistics.jobs == 4 + 10 * 5)
        }
    }

    /// Five steps of a copy where the data is, which then goes to the third worker.
    private func improve(
        _ model: Linear, _ half: (data: Tensor, target: Tensor), _ aggregator: Worker
    ) async throws -> (model: Linear, losses: [Float]) {
        let model = model.copy(), optimizer = SGD(model.parameters, learningRate: 0.1)
        var losses: [Tensor] = []
        for _ in 0..<5 { losses.append(try await TutorialLoop.record(model, optimizer, half)) }
        let values = try await get(losses)
        try await model.move(to: aggregator)
        return (model, try values.map { try $0.scalar() })
    }

    // MARK: Workers that go

    @Test("a worker killed in the middle of a step: who, and what was lost; the model goes on with alice")
    func killed() async throws {
        try await withProcesses(["bob": ["--slots", "2"], "alice": []]) { fleet, session in
            let bob = try await session.worker("bob"), alice = try await session.worker("alice")
            let loop = try await TutorialLoop(bob, alice)
            let slow = try await SlowWork(at: bob).record(products: 400)
            let model = try TutorialLoop.makeModel()
            let optimizer = SGD(model.parameters, learningRate: 0.1)
            _ = try await loop.train(model, optimizer, rounds: 1)
            let before = try model.numbers, jobs = await session.statistics.jobs

            let loss = try await TutorialLoop.record(model, optimizer, loop.halves[0])
            let step = Task { try await get(loss, slow, model) }
            await session.wait { $0.jobs == jobs + 1 }
            // Asked after it and answered, by the other thread, before it: bob is at the step.
            _ = try await bob.objects
            fleet.workers[0].signal(SIGKILL)
            let error = await #expect(throws: RemoteError.self) { _ = try await step.value }
            guard case .workerGone("bob", let lost, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            for name in ["'weight'", "'bias'", "float32 [2, 2]", "float32 [1024, 1024]"] {
                #expect(lost.contains { $0.contains(name) }, "\(name) in \(lost)")
            }

            #expect(model.location === Here.shared)
            #expect(try model.numbers == before)
            let twin = try TutorialLoop.makeModel()
            let here = try await TutorialLoop(.here, .here)
            _ = try await here.train(twin, SGD(twin.parameters, learningRate: 0.1), rounds: 1)
            let twinOptimizer = SGD(twin.parameters, learningRate: 0.1)
            for _ in 0..<5 {
                let there = try await TutorialLoop.step(model, optimizer, loop.halves[1])
                #expect(try await TutorialLoop.step(twin, twinOptimizer, here.halves[1]) == there)
            }
            #expect(try model.numbers == twin.numbers)

            await session.waitUntilGone("bob")
            await #expect(throws: RemoteError.unknownWorker("bob", known: ["alice"])) {
                _ = try await session.worker("bob")
            }
        }
    }

    @Test("a tensor moved to a worker that was just killed: who is gone, and the tensor stays")
    func killedDestination() async throws {
        try await withProcesses(["bob": [], "alice": []]) { fleet, session in
            let bob = try await session.worker("bob"), alice = try await session.worker("alice")
            let x = try await Tensor([1, 2, 3]).send(to: bob)
            fleet.workers[1].signal(SIGKILL)
            let error = await #expect(throws: RemoteError.self) { _ = try await x.move(to: alice) }
            guard case .workerGone("alice", _, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await x.get().floats == [1, 2, 3])
        }
    }

    @Test("a worker killed and started again is another: what it kept is lost")
    func startedAgain() async throws {
        try await withProcesses(["bob": []]) { fleet, session in
            let bob = try await session.worker("bob")
            let x = try await Tensor([1, 2]).send(to: bob)
            fleet.workers[0].signal(SIGKILL)
            await session.waitUntilGone("bob")
            try await fleet.addWorker("bob")
            let second = try await session.worker("bob", timeout: .seconds(60))
            #expect(second !== bob)
            let error = await #expect(throws: RemoteError.self) { _ = try await x.get() }
            guard case .workerGone("bob", _, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await Tensor([1, 2]).send(to: second).get().floats == [1, 2])
        }
    }

    @Test("a worker that is told to end finishes its step first; then it is gone, and says so")
    func drained() async throws {
        try await withProcesses(["bob": ["--slots", "2"], "alice": []]) { fleet, session in
            let bob = try await session.worker("bob")
            let work = try await SlowWork(at: bob, side: 512), jobs = await session.statistics.jobs
            let value = Task { try await work.record(products: 50).get() }
            await session.wait { $0.jobs == jobs + 1 }
            _ = try await bob.objects
            fleet.workers[0].signal(SIGTERM)
            #expect(await fleet.workers[0].end() == 0, "\(fleet.workers[0].errors)")
            #expect(abs(try await value.value.scalar() * 512 - 1) < 1e-3)
            try await expectGone(work, bob, session)
        }
    }

    @Test("Ctrl-C ends a worker at once, in the middle of its step")
    func interrupted() async throws {
        try await withProcesses(["bob": ["--slots", "2"], "alice": []]) { fleet, session in
            let bob = try await session.worker("bob")
            let work = try await SlowWork(at: bob), jobs = await session.statistics.jobs
            let value = Task { try await work.record(products: 400).get() }
            await session.wait { $0.jobs == jobs + 1 }
            _ = try await bob.objects
            fleet.workers[0].signal(SIGINT)
            let error = await #expect(throws: RemoteError.self) { _ = try await value.value }
            guard case .workerGone("bob", _, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(await fleet.workers[0].end() == 130, "\(fleet.workers[0].errors)")
            try await expectGone(work, bob, session)
        }
    }

    private func expectGone(_ work: SlowWork, _ bob: Worker, _ session: Session) async throws {
        let error = await #expect(throws: RemoteError.self) { _ = try await work.record(products: 1).get() }
        guard case .workerGone("bob", _, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await session.waitUntilGone("bob")
        await #expect(throws: RemoteError.unknownWorker("bob", known: ["alice"])) {
            _ = try await session.worker("bob")
        }
    }

    // MARK: A broker that goes

    @Test("a broker killed and started again: pointers are what they were, and the loop goes on")
    func brokerRestarts() async throws {
        let vector = try TutorialVectors.load()
        try await withProcesses(["bob": [], "alice": []]) { fleet, session in
            let bob = try await session.worker("bob"), alice = try await session.worker("alice")
            let loop = try await TutorialLoop(bob, alice)
            let model = try TutorialLoop.makeModel()
            let optimizer = Adam(model.parameters, learningRate: 0.1, state: .perLocation)
            var losses = try await loop.train(model, optimizer, rounds: 5)

            fleet.broker.signal(SIGKILL)
            await fleet.broker.end()
            // The next step is asked for while nobody is there.
            let jobs = await session.statistics.jobs
            let rest = Task { try await loop.train(model, optimizer, rounds: 5) }
            await session.wait { $0.jobs == jobs + 1 }
            let second = try RunningProgram("broker", ["--bind", fleet.endpoint])
            try await second.line(containing: "listening on ")
            losses += try await rest.value
            #expect(try vector.adam.differences(losses, model) == [])
            for (worker, half) in zip([bob, alice], loop.halves) {
                // This job lets the last step's state go: there stay two tensors and, for weight and bias, a
                // mean and a variance.
                _ = try await half.data.copy().get()
                let objects = try await worker.objects
                #expect(objects.count == 6, "\(objects)")
            }
            #expect(try await session.worker("bob") === bob)
            await session.close()
            for worker in fleet.workers { await worker.stop() }
            await second.stop()
        }
    }

    // MARK: Moving

    @Test("megabytes moved from worker to worker do not pass through the trainer")
    func moved() async throws {
        try await withProcesses(["bob": [], "alice": []]) { _, session in
            let bob = try await session.worker("bob"), alice = try await session.worker("alice")
            let side = 1_448  // 8 MB
            let column = (0..<side).map { Float($0 % 97) }
            let x = try await Tensor(column, shape: [side, 1]).send(to: bob)
            let before = await session.statistics
            let table = x.matmul(x.transposed())
            let moved = try await table.move(to: alice)
            #expect(moved.location === alice)
            #expect(try moved.shape.dimensions == [side, side])
            let rows = try await moved.copy()[95..<98].sum().get().scalar()
            let after = await session.statistics
            #expect(after.bytesSent - before.bytesSent < 20_000)
            #expect(after.bytesReceived - before.bytesReceived < 20_000)
            #expect(after.jobs - before.jobs == 2)
            let expected: Float = (95 + 96 + 0) * column.reduce(into: 0) { $0 += $1 }
            #expect(abs(rows - expected) <= 1e-5 * expected)
            #expect(try await alice.objects.map(\.type.shape.dimensions) == [[side, side]])
            await #expect(throws: RemoteError.self) { _ = try await table.get() }
        }
    }
}
