import Fagure
import Protocol
import Tensor
import Testing

@Suite("workers and limits that refuse", .timeLimit(.minutes(2)))
struct RefusalTests {
    @Test("a worker that takes no tensors of others says so; a step that leaves nothing there still works")
    func takesNone() async throws {
        let session = try await Session.embedded()
        let bob = try await session.addWorker(
            "bob", shards: [Samples.shard(of: Samples.dataset())], releaseRowsMinimum: 5,
            objectByteCountMaximum: 0)
        let alice = try await session.addWorker("alice")
        let error = await #expect(throws: RemoteError.self) { _ = try await Tensor([1]).send(to: bob) }
        #expect(error?.description.contains("worker bob takes no tensors of others") == true)
        let x = try await Tensor([1]).send(to: alice)
        let moved = await #expect(throws: RemoteError.self) { _ = try await x.copy().move(to: bob) }
        #expect(moved?.description.contains("worker bob takes no tensors of others") == true)
        #expect(try await x.get().floats == [1])

        let model = try Linear(weight: [[0, 0]], bias: [0]), data = try bob.dataset("data")
        var losses: [Float] = []
        for _ in 0..<3 {
            try await model.send(to: bob)
            model.zeroGradients()
            let loss = try sumOfSquares(model(data.features), data.labels)
            loss.backward()
            SGD(model.parameters, learningRate: 0.01).step()
            let (value, _) = try await get(loss, model)
            losses.append(try value.scalar())
        }
        #expect(losses[2] < losses[1] && losses[1] < losses[0])
        // Without the model, what it has become would have to stay there.
        let numbers = try model.numbers
        try await model.send(to: bob)
        model.zeroGradients()
        let loss = try sumOfSquares(model(data.features), data.labels)
        loss.backward()
        SGD(model.parameters, learningRate: 0.01).step()
        let kept = await #expect(throws: RemoteError.self) { _ = try await loss.get() }
        #expect(kept?.description.contains("worker bob takes no tensors of others") == true)
        model.restore()
        #expect(try model.numbers == numbers)
        #expect(try await bob.objects.isEmpty)
        await session.close()
    }

    @Test("a worker with room for little refuses what is too much, and takes it when there is room again")
    func littleRoom() async throws {
        let session = try await Session.embedded()
        let bob = try await session.addWorker("bob", objectByteCountMaximum: 8_192)
        let half = Tensor([Float](repeating: 1, count: 1_024))
        let first = try await half.send(to: bob)
        let error = await #expect(throws: RemoteError.self) { _ = try await half.send(to: bob) }
        guard case .refused("bob", let failure) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failure.code == .limitExceeded && failure.message.contains("8192"))
        #expect(try await bob.objects.count == 1)
        try await first.release()
        #expect(try await half.send(to: bob).sum().get().scalar() == 1_024)
        await session.close()
    }

    @Test(
        "a tensor of many pieces goes there and back, one larger than any plan is refused, and the session goes on"
    )
    func large() async throws {
        try await withBob { session, bob in
            let count = 5 * ProtocolLimits.pieceByteCountMaximum / 4 + 3
            let large = Tensor((0..<count).map { Float($0 % 1_000) })
            let there = try await large.send(to: bob)
            #expect(try await (there + 1).get().floats == (0..<count).map { Float($0 % 1_000) + 1 })
            let row = try await Tensor([1]).send(to: bob)
            let wide = await #expect(throws: RemoteError.self) {
                _ = try await row.expanded(to: [Int(Int32.max)]).get()
            }
            guard case .refused("bob", let reason) = wide else {
                Issue.record("\(String(describing: wide))")
                return
            }
            #expect(reason.code == .limitExceeded)
            #expect(try await row.get().floats == [1])
        }
    }
}
