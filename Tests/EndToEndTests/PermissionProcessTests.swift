import Fagure
import Foundation
import Protocol
import Tensor
import Testing

@Suite("What worker processes let out and take in", .serialized, .timeLimit(.minutes(3)))
struct PermissionProcessTests {
    /// A model's loss over all rows of a worker's digits.
    private func loss(_ model: Linear, at worker: Worker) async throws -> Tensor {
        let digits = try worker.dataset("digits")
        try await model.send(to: worker)
        return softmaxCrossEntropy(
            model(try digits.features.cast(to: .float32).flattened() / 16), try digits.labels)
    }

    @Test("--release-rows-min: a loss and gradients over fewer rows stay; by default they may leave")
    func rowsMinimum() async throws {
        try await withProcesses([
            "bob": ["--dataset", "digits", "--shard", "0/2", "--release-rows-min", "1000"],
            "alice": ["--dataset", "digits", "--shard", "1/2"],
        ]) { _, session in
            let bob = try await session.worker("bob"), alice = try await session.worker("alice")
            let model = try Linear(64, 10, seed: 1)
            let before = try model.numbers
            let rows = try bob.dataset("digits").features.shape[0]
            #expect(rows > 32 && rows < 1_000)
            try await expectRefusal(naming: ["digits", "bob", "1000"]) {
                _ = try await get(loss(model, at: bob), model)
            }
            try await expectRefusal(naming: ["digits", "bob", "1000"]) {
                let loss = try await loss(model, at: bob)
                loss.backward()
                _ = try await #require(model.weight.gradient).get()
            }
            model.restore()
            #expect(try model.numbers == before)

            let optimizer = SGD(model.parameters, learningRate: 0.5)
            var losses: [Float] = []
            for _ in 0..<5 {
                optimizer.zeroGradients()
                let loss = try await loss(model, at: alice)
                loss.backward()
                optimizer.step()
                losses.append(try await get(loss, model).0.scalar())
            }
            for (earlier, later) in zip(losses, losses.dropFirst()) { #expect(later < earlier, "\(losses)") }
        }
    }

    @Test("rows never come, whatever is asked for, nor do they go to another worker")
    func rows() async throws {
        try await withProcesses([
            "bob": ["--dataset", "digits", "--release-rows-min", "1"], "alice": [],
        ]) { _, session in
            let bob = try await session.worker("bob"), alice = try await session.worker("alice")
            let digits = try bob.dataset("digits")
            let features = try digits.features, labels = try digits.labels
            let floats = features.cast(to: .float32)
            let bytes = await session.statistics.bytesReceived
            for asked in [features, labels, features[0..<1], floats * 1, floats[0..<1].sum(), floats.max()] {
                try await expectRefusal(naming: ["digits", "bob"]) { _ = try await asked.copy().get() }
                try await expectRefusal(naming: ["digits", "bob"]) {
                    _ = try await asked.copy().move(to: alice)
                }
            }
            #expect(await session.statistics.bytesReceived - bytes < 12_000)
            #expect(try await alice.objects.isEmpty)
        }
    }

    @Test("--object-memory 0: a worker that takes no tensors says so, and its data can still be learned from")
    func noObjects() async throws {
        try await withProcesses(["bob": ["--dataset", "digits", "--object-memory", "0"], "alice": []]) {
            _, session in
            let bob = try await session.worker("bob"), alice = try await session.worker("alice")
            try await expectRefusal(naming: ["bob"]) { _ = try await Tensor([1]).send(to: bob) }
            let x = try await Tensor([1, 2]).send(to: alice)
            try await expectRefusal(naming: ["bob"]) { _ = try await x.move(to: bob) }
            #expect(try await x.get().floats == [1, 2])
            #expect(try await bob.objects.isEmpty)
            let model = try Linear(64, 10, seed: 1)
            let asked = try await loss(model, at: bob)
            let loss: Float = try await get(asked, model).0.scalar()
            #expect(loss > 0)
            #expect(try await bob.objects.isEmpty)
        }
    }

    @Test("--object-memory 1: what is larger is refused, what fits is taken, and room comes back")
    func littleMemory() async throws {
        try await withProcesses(["bob": ["--object-memory", "1"]]) { _, session in
            let bob = try await session.worker("bob")
            let large = Tensor([Float](repeating: 1, count: 300_000))
            let error = await #expect(throws: RemoteError.self) { _ = try await large.send(to: bob) }
            guard case .refused("bob", let failure)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(failure.code == .limitExceeded)
            #expect(failure.message.contains("1048576"), "\(failure.message)")
            // Each takes most of the room: only one at a time fits.
            for number in 0..<3 {
                let x = try await Tensor([Float](repeating: Float(number), count: 200_000)).send(to: bob)
                #expect(try await x.copy().sum().get().scalar() == Float(number * 200_000))
                try await x.release()
            }
        }
    }

    private func expectRefusal(
        naming words: [String], sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
            Issue.record("nothing was refused", sourceLocation: sourceLocation)
        } catch let error as RemoteError {
            guard case .notPermitted = error else {
                Issue.record("\(error)", sourceLocation: sourceLocation)
                return
            }
            for word in words {
                #expect("\(error)".contains(word), "\(word) in \(error)", sourceLocation: sourceLocation)
            }
        }
    }

    // MARK: Flags

    @Test("a worker without data keeps what it is sent, and says that it has none")
    func noData() async throws {
        let fleet = try await Fleet()
        let worker = try await fleet.addWorker("bob")
        #expect(worker.lines.contains("worker bob has no data of its own"), "\(worker.lines)")
        await fleet.stop()
        #expect(await worker.end() == 0, "\(worker.errors)")
    }

    @Test(
        "flags that make no sense end a worker with 64 and a sentence",
        arguments: [
            (["--release-rows-min", "0"], ["--release-rows-min", "'0'", "from 1 to"]),
            (["--release-rows-min", "-5"], ["--release-rows-min"]),
            (["--release-rows-min=-5"], ["--release-rows-min", "'-5'", "from 1 to"]),
            (["--release-rows-min", "many"], ["--release-rows-min", "'many'", "a whole number"]),
            (["--object-memory", "1.5"], ["--object-memory", "'1.5'", "a whole number"]),
            (["--object-memory=-1"], ["--object-memory", "'-1'", "from 0 to"]),
            (["--object-memory", "99999999999999999999"], ["--object-memory", "from 0 to"]),
            (["--object-memory", "0"], ["nothing to serve", "--dataset", "--object-memory"]),
            (["--shard", "0/4"], ["--shard", "0/4", "--dataset"]),
            (["--label", "y"], ["--label", "--data"]),
            (["--partition", "iid"], ["--partition", "--dataset"]),
            (["--data-folder", "/tmp"], ["--data-folder", "--dataset"]),
            (["--data", "x.csv", "--label", "y"], ["--data", "--site"]),
            (["--data", "x.csv", "--site", "north"], ["--data 'x.csv'", "--label", "--schema"]),
        ] as [([String], [String])])
    func badFlags(_ flags: [String], _ says: [String]) async throws {
        let worker = try RunningProgram(
            "worker", ["--broker", "tcp://127.0.0.1:1", "--timeout", "1"] + flags)
        #expect(await worker.end() == 64, "\(worker.errors)")
        for word in says { #expect(worker.errors.contains(word), "\(word) in \(worker.errors)") }
        #expect(worker.lines.isEmpty, "\(worker.lines)")
    }
}
