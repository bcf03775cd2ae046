import Jobs
import Protocol
import Tensor
import TestSupport
import Testing

@testable import Fagure

@Suite("how long tensors are kept", .timeLimit(.minutes(2)))
struct LifetimeTests {
    @Test("what nobody refers to any more is let go with the next job")
    func dropping() async throws {
        try await withBob { session, bob in
            func send() async throws -> Int {
                let x = try await Tensor([1]).send(to: bob), y = try await Tensor([2]).send(to: bob)
                let count = try await bob.objects.count
                withExtendedLifetime((x, y)) {}
                return count
            }
            #expect(try await send() == 2)
            // A job that asks for nothing of the sort takes the releases along.
            let other = try await Tensor([3]).send(to: bob)
            #expect(try await bob.objects.map(\.type.byteCount) == [4])
            #expect(try await other.get().floats == [3])
        }
    }

    @Test("what was recorded on a tensor keeps it")
    func keeping() async throws {
        try await withBob { _, bob in
            func record() async throws -> Tensor { try await Tensor([1, 2]).send(to: bob) * 3 }
            let tripled = try await record()
            _ = try await Tensor([0]).send(to: bob)
            #expect(try await bob.objects.contains { $0.type.shape.dimensions == [2] })
            #expect(try await tripled.get().floats == [3, 6])
        }
    }

    @Test("a step that is asked for in whole leaves nothing behind; one that stays leaves the model")
    func steps() async throws {
        try await withBob { _, bob in
            let data = try await tutorialData.send(to: bob), target = try await tutorialTarget.send(to: bob)
            let model = try tutorialModel()
            let optimizer = SGD(model.parameters, learningRate: 0.01)
            func step() async throws -> Tensor {
                try await model.send(to: bob)
                optimizer.zeroGradients()
                let loss = ((model(data) - target) ** 2).sum()
                loss.backward()
                optimizer.step()
                return loss
            }
            for _ in 0..<20 {
                let loss = try await step()
                let (_, _) = try await get(loss, model)
                #expect(try await bob.objects.count == 2)
            }
            for _ in 0..<20 { _ = try await step().get() }
            // Weight and bias, those of the step before, which the next job lets go.
            #expect(try await bob.objects.count <= 6)
            optimizer.zeroGradients()
            try await model.get()
            _ = try await data.copy().get()
            #expect(try await bob.objects.count == 2)
        }
    }

    @Test("what a failed job would have kept is not there")
    func failures() async throws {
        let session = try await Session.embedded()
        // Room for the model and a row, not for what else the job would keep.
        let bob = try await session.addWorker("bob", objectByteCountMaximum: 4_096)
        let x = try await Tensor([1, 2], shape: [1, 2]).send(to: bob)
        let model = try Linear(weight: Tensor([Float](repeating: 1, count: 2_000), shape: [1_000, 2]))
        try await model.send(to: bob)
        let loss = model(x).sum()
        loss.backward()
        SGD(model.parameters, learningRate: 0.1).step()
        let before = try await bob.objects
        let error = await #expect(throws: RemoteError.self) { _ = try await loss.get() }
        guard case .refused("bob", let failure) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failure.code == .limitExceeded && failure.message.contains("bob"))
        #expect(try await bob.objects == before)
        // The model has room here: nothing of it has to be kept there.
        let (value, _) = try await get(loss, model)
        #expect(try value.scalar() == 3_000)
        #expect(try model.numbers[0] == 0.9)
        await session.close()
    }

    @Test("what a cancelled job has kept all the same does not stay")
    func cancelled() async throws {
        try await withBob { session, bob in
            // Too large to be computed at once: there is time to cancel.
            let x = try await Tensor([Float](repeating: 1, count: 8_192)).send(to: bob)
            let model = try Linear(8_192, 1, seed: 1)
            for _ in 0..<20 {
                try await model.send(to: bob)
                let loss = model(x.reshaped(to: [1, -1])).sum()
                loss.backward()
                SGD(model.parameters, learningRate: 0.1).step()
                let jobs = await session.statistics.jobs
                let task = Task { try await loss.get() }
                await session.wait { $0.jobs == jobs + 1 }
                task.cancel()
                _ = await task.result
                model.restore()
                model.zeroGradients()
            }
            _ = try await (x * 2).sum().get()
            _ = try await (x * 2).sum().get()
            #expect(try await bob.objects.count == 1)
        }
    }

    @Test("sessions do not see each other's tensors, and one that is closed leaves nothing that others see")
    func sessions() async throws {
        let house = try await House([[]])
        let first = try await house.session(), second = try await house.session()
        let one = try await first.worker("worker-0"), two = try await second.worker("worker-0")
        let x = try await Tensor([1]).send(to: one)
        let y = try await Tensor([2]).send(to: two)
        #expect(try await one.objects.count == 1)
        #expect(try await two.objects.count == 1)
        #expect(try await x.copy().get().floats == [1])
        await first.close()
        #expect(try await two.objects.count == 1)
        #expect(try await y.get().floats == [2])
        let closed = await #expect(throws: RemoteError.self) { _ = try await x.get() }
        #expect(closed?.description.contains("the session was closed") == true)
        let third = try await house.session()
        #expect(try await third.worker("worker-0").objects.isEmpty)
        await second.close()
        await third.close()
        await house.close()
    }

    @Test("losses of one model that are asked for at the same time leave one model behind")
    func together() async throws {
        try await withBob { _, bob in
            let data = try await tutorialData.send(to: bob), target = try await tutorialTarget.send(to: bob)
            let model = try tutorialModel()
            let optimizer = SGD(model.parameters, learningRate: 0.1)
            try await model.send(to: bob)
            for _ in 0..<20 {
                optimizer.zeroGradients()
                let loss = ((model(data) - target) ** 2).sum(), other = ((model(data) - target).abs()).sum()
                loss.backward()
                optimizer.step()
                async let first = loss.get().scalar()
                async let second = (other + model(data).sum() * 0).get().scalar()
                _ = try await (first, second)
            }
            let vectors = try TutorialVectors.load()
            optimizer.zeroGradients()
            try await model.get()
            #expect(try vectors.centralised.differences(model) == [])
            _ = try await data.copy().get()
            #expect(try await bob.objects.count == 2)
        }
    }

    @Test("more tensors dropped at once than one job may let go are gone with the next ones")
    func flood() async throws {
        try await withBob { session, bob in
            let value = Tensor([1])
            func sendAll() async throws {
                let pointers = try await withThrowingTaskGroup(of: [Tensor].self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            var pointers: [Tensor] = []
                            for _ in 0..<2_000 { pointers.append(try await value.send(to: bob)) }
                            return pointers
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(try await bob.objects.count == 40_000)
                withExtendedLifetime(pointers) {}
            }
            try await sendAll()
            let last = try await value.send(to: bob)
            let left = try await bob.objects.count
            // The sending and the question let as many go as they may.
            #expect(left == 40_000 - 2 * SessionLimits.releasedPerJobMaximum + 1)
            _ = try await last.copy().get()
            #expect(try await bob.objects.count == 1)
            withExtendedLifetime(last) {}
        }
    }

    @Test("a sign of life lets dropped tensors go, keeps the others, and is no job")
    func renewal() async throws {
        try await withBob { session, bob in
            let kept = try await Tensor([1]).send(to: bob)
            do { _ = try await Tensor([2]).send(to: bob) }
            let jobs = await session.statistics.jobs
            session.renew(at: bob.identifier)
            await session.wait { $0.renewals == 1 && $0.answers == jobs + 1 }
            #expect(await session.statistics.jobs == jobs)
            #expect(await session.statistics.roundTrips == jobs)
            // Asked without letting go of anything itself.
            #expect(session.ledger.takeReleased(at: bob.identifier).isEmpty)
            #expect(try await bob.objects.count == 1)
            #expect(try await kept.get().floats == [1])
        }
    }

    @Test("a worker that has let a tensor go says so; a model that was there is what it was when last here")
    func objectsLost() async throws {
        try await withBob { session, bob in
            let x = try await Tensor([[1, 2]]).send(to: bob)
            let model = try Linear(weight: [[3, 4]])
            try await model.send(to: bob)
            #expect(try await model(x).get().floats == [11])
            // As if the lease had ended.
            let forgotten = Job(released: try await bob.objects.map(\.id))
            _ = try await session.run(forgotten, at: bob)
            let error = await #expect(throws: RemoteError.self) { _ = try await model(x).get() }
            guard case .objectsLost("bob", let lost, let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(lost.contains("parameter 'weight'") && lost.contains("a tensor of float32 [1, 2]"))
            #expect(reason.contains("does not keep object"))
            #expect(try model.weight.value.floats == [3, 4])
            try await model.send(to: bob)
            let again = try await Tensor([[1, 2]]).send(to: bob)
            #expect(try await model(again).get().floats == [11])
        }
    }

    @Test("a hundred thousand tensors sent and dropped leave the worker as it was")
    func cycles() async throws {
        let session = try await Session.embedded()
        // Room for two hundred of a hundred thousand: none that was dropped may stay for long.
        let bob = try await session.addWorker("bob", objectByteCountMaximum: 200 * (256 + 256))
        let value = Tensor([Float](repeating: 1, count: 64))
        let first = try await value.send(to: bob)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    for _ in 0..<5_000 { _ = try await value.send(to: bob) }
                }
            }
            try await group.waitForAll()
        }
        _ = try await value.send(to: bob).get()
        _ = try await first.copy().get()
        #expect(try await bob.objects.count == 1)
        #expect(await session.statistics.jobs == 100_005)
        await session.close()
    }
}
