import Fagure
import Tensor
import TestSupport
import Testing

@Suite("workers in parallel", .timeLimit(.minutes(1)))
struct ParallelTests {
    /// A session with alice and with bob, whose only thread can be occupied.
    private func withBusyBob(_ run: (Session, Worker, Worker) async throws -> Void) async throws {
        let session = try await Session.embedded()
        do {
            let bob = try await session.addWorker(
                "bob", shards: [Samples.shard(of: Samples.dataset())], publicDatasets: ["data"])
            try await run(session, bob, try await session.addWorker("alice"))
        } catch {
            await session.close()
            throw error
        }
        await session.close()
    }

    @Test("while one worker is at it another is asked and answers")
    func overlapping() async throws {
        try await withBusyBob { session, bob, alice in
            let (x, y) = (try await Tensor([1, 2]).send(to: bob), try await Tensor([3, 4]).send(to: alice))
            let occupation = try await Occupation(session)
            let jobs = await session.statistics.jobs
            async let slow = (x * 2).sum().get().scalar()
            await session.wait { $0.jobs > jobs }
            // Bob cannot answer before he is freed.
            async let quick = (y * 3).sum().get().scalar()
            #expect(try await quick == 21)
            await occupation.end()
            #expect(try await slow == 6)
        }
    }

    @Test("one call of get visits all its locations at once")
    func oneCall() async throws {
        try await withBusyBob { session, bob, alice in
            let (x, y) = (try await Tensor([1, 2]).send(to: bob), try await Tensor([3, 4]).send(to: alice))
            let occupation = try await Occupation(session)
            let before = await session.statistics
            async let both = get(x * 2, y * 2)
            // Alice has answered, bob has not.
            await session.wait { $0.jobs == before.jobs + 2 && $0.answers == before.answers + 1 }
            await occupation.end()
            let (bobs, alices) = try await both
            #expect(try bobs.floats == [2, 4] && alices.floats == [6, 8])
        }
    }

    @Test("a task that is cancelled cancels its job; the model can be used as if nothing had been asked")
    func cancelling() async throws {
        try await withBusyBob { session, bob, _ in
            let data = try await tutorialData.send(to: bob), target = try await tutorialTarget.send(to: bob)
            let model = try tutorialModel()
            try await model.send(to: bob)
            let loss = ((model(data) - target) ** 2).sum()
            loss.backward()
            SGD(model.parameters, learningRate: 0.1).step()
            let occupation = try await Occupation(session)
            func expectCancelled(_ what: String, _ body: @escaping @Sendable () async throws -> Void) async {
                let jobs = await session.statistics.jobs
                let task = Task { try await body() }
                await session.wait { $0.jobs > jobs }
                task.cancel()
                let error = await #expect(throws: RemoteError.self) { try await task.value }
                #expect(error == .cancelled, "\(what)")
            }
            await expectCancelled("a loss and a model") { _ = try await get(loss, model) }
            await expectCancelled("a loss") { _ = try await loss.get() }
            await expectCancelled("a model") { try await model.get() }
            await expectCancelled("a tensor that is sent") { _ = try await tutorialData.send(to: bob) }
            await expectCancelled("a list of tensors") { _ = try await bob.objects }
            // Only what occupies bob is open.
            let statistics = await session.statistics
            #expect(statistics.jobs == statistics.answers + 1)
            #expect(model.location === bob)
            await occupation.end()

            let (value, _) = try await get(loss, model)
            let twin = try tutorialModel()
            let expected = ((twin(tutorialData) - tutorialTarget) ** 2).sum()
            expected.backward()
            SGD(twin.parameters, learningRate: 0.1).step()
            #expect(try value.scalar() == expected.scalar())
            #expect(try model.numbers == twin.numbers)
            // Nothing the cancelled jobs would have kept is there.
            _ = try await data.copy().get()
            #expect(try await bob.objects.count == 2)
        }
    }

    @Test("a move that is cancelled leaves the model where it was")
    func cancelledMove() async throws {
        try await withBusyBob { session, bob, alice in
            let model = try tutorialModel()
            try await model.send(to: bob)
            let occupation = try await Occupation(session)
            let jobs = await session.statistics.jobs
            let task = Task { try await model.move(to: alice) }
            await session.wait { $0.jobs > jobs }
            task.cancel()
            let error = await #expect(throws: RemoteError.self) { _ = try await task.value }
            #expect(error == .cancelled)
            #expect(model.location === bob)
            await occupation.end()
            try await model.move(to: alice)
            #expect(model.location === alice)
            #expect(try await model.get().numbers == [0.25, -0.5, 0.125])
        }
    }

    @Test("a task that was cancelled before it asked sends nothing")
    func cancelledBefore() async throws {
        try await withBob { session, bob in
            let x = try await Tensor([1]).send(to: bob)
            let roundTrips = await session.statistics.roundTrips
            let (never, keeper) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                for await _ in never {}
                return try await x.get()
            }
            task.cancel()
            let error = await #expect(throws: RemoteError.self) { _ = try await task.value }
            #expect(error == .cancelled)
            keeper.finish()
            #expect(await session.statistics.roundTrips == roundTrips)
            #expect(try await x.get().floats == [1])
        }
    }

    @Test("a task that is cancelled while it waits for a worker to come says so")
    func cancelledWait() async throws {
        let session = try await Session.embedded()
        let task = Task { try await session.worker("bob", timeout: .seconds(50)) }
        task.cancel()
        let error = await #expect(throws: RemoteError.self) { _ = try await task.value }
        #expect(error == .cancelled)
        await session.close()
    }

    @Test("a task group over workers, each with its copy of the model")
    func taskGroup() async throws {
        try await withWorkers("a", "b", "c", "d") { _, workers in
            let model = try tutorialModel()
            let losses = try await withThrowingTaskGroup(of: Float.self) { group in
                for worker in workers {
                    group.addTask {
                        let data = try await tutorialData.send(to: worker)
                        let target = try await tutorialTarget.send(to: worker)
                        let model = model.copy()
                        try await model.send(to: worker)
                        var last: Float = 0
                        for _ in 0..<20 {
                            let loss = ((model(data) - target) ** 2).sum()
                            loss.backward()
                            SGD(model.parameters, learningRate: 0.1).step()
                            model.zeroGradients()
                            last = try await loss.get().scalar()
                        }
                        return last
                    }
                }
                var losses: [Float] = []
                for try await loss in group { losses.append(loss) }
                return losses
            }
            let vectors = try TutorialVectors.load()
            expectNear(losses, [Float](repeating: vectors.centralised.losses[19], count: 4), "last losses")
        }
    }

    @Test("twenty thousand jobs at once, more than a socket takes, are each sent a few times at most")
    func flood() async throws {
        try await withBob { session, bob in
            let value = try await Tensor([1]).send(to: bob)
            let sums = try await withThrowingTaskGroup(of: Float.self) { group in
                for number in 0..<20_000 {
                    group.addTask { try await (value + Float(number % 10)).get().scalar() }
                }
                return try await group.reduce(into: Float(0)) { $0 += $1 }
            }
            #expect(sums == 20_000 * (1 + 4.5))
            let statistics = await session.statistics
            #expect(statistics.jobs == 20_001)
            #expect(statistics.roundTrips < 5 * statistics.jobs)
        }
    }
}
