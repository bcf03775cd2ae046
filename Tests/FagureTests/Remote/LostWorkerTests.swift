import Datasets
import Fagure
import Protocol
import Tensor
import TestSupport
import Testing
import WorkerKit

@Suite("workers that go away", .timeLimit(.minutes(1)))
struct LostWorkerTests {
    /// A broker, `worker-0`, which serves the small data set, and `worker-1`.
    private func withHouse(_ run: (House, Session) async throws -> Void) async throws {
        let house = try await House([[Samples.shard(of: Samples.dataset())], []])
        let session = try await house.session()
        do {
            try await run(house, session)
        } catch {
            await session.close()
            await house.close()
            throw error
        }
        await session.close()
        await house.close()
    }

    /// Another worker in a house, which the caller stops.
    private func start(
        _ name: String, in house: House, change: (inout WorkerConfiguration) -> Void = { _ in }
    ) async throws -> WorkerShell {
        var configuration = WorkerConfiguration(name: name, endpoint: house.endpoint, shards: [])
        change(&configuration)
        let shell = WorkerShell(configuration: configuration, loop: house.loop, logger: .silent)
        try await shell.start()
        return shell
    }

    /// Waits until a session has heard of so many workers.
    private func wait(_ session: Session, forWorkers count: Int) async {
        for await event in await session.events {
            if case .catalogue(let catalogue) = event, catalogue.workers.count == count { return }
        }
    }

    @Test("a worker that goes in the middle of a step: who, what was lost, and the model is what it was here")
    func midStep() async throws {
        try await withHouse { house, session in
            let lost = try await session.worker("worker-0"), other = try await session.worker("worker-1")
            let data = try await tutorialData.tag("#data").send(to: lost)
            let target = try await tutorialTarget.send(to: lost)
            let model = try tutorialModel()
            let optimizer = SGD(model.parameters, learningRate: 0.1, momentum: 0.9)
            func record(_ data: Tensor, _ target: Tensor) -> Tensor {
                optimizer.zeroGradients()
                let loss = ((model(data) - target) ** 2).sum()
                loss.backward()
                optimizer.step()
                return loss
            }
            // A step that came home, and two that stayed.
            try await model.send(to: lost)
            let (_, _) = try await get(record(data, target), model)
            let atHome = try model.numbers
            try await model.send(to: lost)
            for _ in 0..<2 { _ = try await record(data, target).get() }

            let occupation = try await Occupation(session)
            let loss = record(data, target)
            let jobs = await session.statistics.jobs
            let task = Task { _ = try await get(loss, model) }
            await session.wait { $0.jobs > jobs }
            await house.workers[0].stop(reason: "pulled out")
            let error = await #expect(throws: RemoteError.self) { try await task.value }
            await occupation.end()
            guard case .workerGone("worker-0", let what, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(what.contains("parameter 'weight'") && what.contains("parameter 'bias'"))
            #expect(what.contains("tensor '#data'") && what.contains { $0.contains("float32 [4, 1]") })
            let text = try #require(error).description
            #expect(text.hasPrefix("worker worker-0 is gone (") && text.contains("; lost with it: "))

            // The model is here, whole, and goes on elsewhere at once.
            #expect(model.location === Here.shared)
            #expect(try model.numbers == atHome)
            let data1 = try await tutorialData.send(to: other)
            let target1 = try await tutorialTarget.send(to: other)
            try await model.send(to: other)
            let (value, _) = try await get(record(data1, target1), model)
            #expect(try value.scalar().isFinite && model.numbers != atHome)
        }
    }

    @Test("a model whose worker is gone before it is asked for is what it was; so is one on the way to it")
    func beforeAsking() async throws {
        try await withHouse { house, session in
            let lost = try await session.worker("worker-1"), other = try await session.worker("worker-0")
            let x = try await Tensor([1, 2]).send(to: lost), y = try await Tensor([3]).send(to: other)
            let model = try tutorialModel(), traveller = try tutorialModel()
            try await model.send(to: lost)
            try await traveller.send(to: other)
            await house.workers[1].stop(reason: "pulled out")
            await wait(session, forWorkers: 1)

            let fetched = await #expect(throws: RemoteError.self) { try await model.get() }
            guard case .workerGone("worker-1", let lostThings, _) = fetched else {
                Issue.record("\(String(describing: fetched))")
                return
            }
            #expect(lostThings == ["parameter 'weight'", "parameter 'bias'"])
            #expect(try model.numbers == [0.25, -0.5, 0.125])

            let read = await #expect(throws: RemoteError.self) { _ = try await (x * 2).get() }
            guard case .workerGone("worker-1", ["a tensor of float32 [2]"], _) = read else {
                Issue.record("\(String(describing: read))")
                return
            }
            for use in [0, 1, 2, 3] {
                let error = await #expect(throws: RemoteError.self) {
                    switch use {
                    case 0: _ = try await Tensor([1]).send(to: lost)
                    case 1: _ = try await y.copy().move(to: lost)
                    case 2: try await traveller.move(to: lost)
                    default: _ = try await lost.objects
                    }
                }
                guard case .workerGone("worker-1", _, _) = error else {
                    Issue.record("use \(use): \(String(describing: error))")
                    continue
                }
            }
            // What was to be moved is where it was.
            #expect(traveller.location === other)
            #expect(try await traveller.get().numbers == [0.25, -0.5, 0.125])
            #expect(try await y.get().floats == [3])
        }
    }

    @Test("an unknown worker: who there is; one that is to come is waited for")
    func unknown() async throws {
        try await withHouse { house, session in
            let error = await #expect(throws: RemoteError.self) { _ = try await session.worker("bob") }
            #expect(error == .unknownWorker("bob", known: ["worker-0", "worker-1"]))
            #expect(error?.description == "no worker is named bob; there are worker-0, worker-1")
            async let late = session.worker("bob", timeout: .seconds(30))
            let shell = try await start("bob", in: house)
            #expect(try await late.name == "bob")
            #expect(try await session.worker("bob") === late)
            await shell.stop(reason: "done")
        }
        let session = try await Session.embedded()
        let alone = await #expect(throws: RemoteError.self) { _ = try await session.worker("bob") }
        #expect(alone?.description == "no worker is named bob; there are none")
        let bob = try await session.addWorker("bob")
        let nobody = await #expect(throws: RemoteError.self) { _ = try await session.worker("bo") }
        #expect(nobody?.description == "no worker is named bo; there is bob")
        #expect(try await session.worker("bob") === bob)
        await session.close()
    }

    @Test("a worker that is started anew under its name is another: what the first kept is lost")
    func anew() async throws {
        try await withHouse { house, session in
            let first = try await start("bob", in: house)
            let old = try await session.worker("bob", timeout: .seconds(30))
            let x = try await Tensor([1]).send(to: old)
            await first.stop(reason: "restarted")
            await wait(session, forWorkers: 2)
            let second = try await start("bob", in: house)
            let new = try await session.worker("bob", timeout: .seconds(30))
            #expect(new !== old)
            #expect(try await new.objects.isEmpty)
            let error = await #expect(throws: RemoteError.self) { _ = try await x.get() }
            guard case .workerGone("bob", _, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let mixed = await #expect(throws: RemoteError.self) {
                _ = try await (x + Tensor([1]).send(to: new)).get()
            }
            guard case .tensor(.differentLocations) = mixed else {
                Issue.record("\(String(describing: mixed))")
                return
            }
            #expect(try await Tensor([2]).send(to: new).get().floats == [2])
            await second.stop(reason: "done")
        }
    }

    @Test("two workers of one name are refused by the name, not guessed at")
    func twins() async throws {
        let session = try await Session.embedded()
        let first = try await session.addWorker("bob"), second = try await session.addWorker("bob")
        #expect(first !== second)
        let error = await #expect(throws: RemoteError.self) { _ = try await session.worker("bob") }
        #expect(error?.description.contains("2 workers are named bob") == true)
        let x = try await Tensor([1]).send(to: first), y = try await Tensor([2]).send(to: second)
        #expect(throws: TensorError.self) { try (x + y).shape }
        let moved = try await y.move(to: first)
        #expect(try await (x + moved).get().floats == [3])
        await session.close()
    }

    @Test("two things asked for, one of whose workers is gone: neither is used up")
    func oneOfTwo() async throws {
        try await withHouse { house, session in
            let lost = try await session.worker("worker-1"), other = try await session.worker("worker-0")
            let x = try await Tensor([1]).send(to: lost), y = try await Tensor([2]).send(to: other)
            let model = try tutorialModel()
            try await model.send(to: other)
            await house.workers[1].stop(reason: "pulled out")
            let error = await #expect(throws: RemoteError.self) { _ = try await get(y, x, model) }
            guard case .workerGone("worker-1", _, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(model.location === other)
            let (value, _) = try await get(y, model)
            #expect(try value.floats == [2])
            #expect(try model.numbers == [0.25, -0.5, 0.125])
        }
    }
}
