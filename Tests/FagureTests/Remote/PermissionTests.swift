import Datasets
import Fagure
import Tensor
import Testing

@Suite("what may leave a worker's data", .timeLimit(.minutes(1)))
struct PermissionTests {
    /// The shard of the digits that bob holds.
    private static func shard() throws -> Shard {
        try Dataset.load(named: "digits").shard(0, of: 4, partition: .iid(seed: 0))
    }

    /// Bob with some of the digits, alice with nothing.
    private func withDigits(
        rowsMinimum: Int = 32, _ run: (Session, Worker, Worker) async throws -> Void
    ) async throws {
        let session = try await Session.embedded()
        do {
            let bob = try await session.addWorker(
                "bob", shards: [Self.shard()], releaseRowsMinimum: rowsMinimum)
            try await run(session, bob, try await session.addWorker("alice"))
        } catch {
            await session.close()
            throw error
        }
        await session.close()
    }

    /// Records an issue unless something is refused by name.
    private func expectRefused(
        _ what: String, dataset: String = "digits", sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async {
        let error = await #expect(throws: RemoteError.self, "\(what)", sourceLocation: sourceLocation) {
            try await body()
        }
        guard case .notPermitted("bob", let reason) = error else {
            Issue.record("\(what): \(String(describing: error))", sourceLocation: sourceLocation)
            return
        }
        #expect(
            reason.contains("data set \(dataset)") && reason.contains("worker bob"), "\(what)",
            sourceLocation: sourceLocation)
    }

    private func images(_ dataset: RemoteDataset) throws -> Tensor {
        try dataset.features.cast(to: .float32).flattened() / 16
    }

    @Test("a column's type is known, its rows are not")
    func columns() async throws {
        try await withDigits { session, bob, alice in
            let digits = try bob.dataset("digits")
            let (features, labels) = (try digits.features, try digits.labels)
            #expect(try features.shape.dimensions.dropFirst() == [8, 8] && features.elementType == .uint8)
            #expect(try features.shape[0] == labels.shape[0] && labels.elementType == .int32)
            let description = "column pixels of digits 0/4 (iid:0): uint8 \(try features.shape) at bob"
            #expect("\(features)" == description)
            #expect(features.location === bob)
            for column in ["pixels", "label"] {
                let tensor = try digits.column(column), numbers = tensor.cast(to: .float32)
                await expectRefused(column) { _ = try await tensor.get() }
                await expectRefused("copy of \(column)") { _ = try await tensor.copy().get() }
                await expectRefused("row of \(column)") { _ = try await tensor[0..<1].get() }
                await expectRefused("no rows of \(column)") { _ = try await (numbers[0..<1] * 0).get() }
                await expectRefused("every other row of \(column)") {
                    _ = try await tensor.sliced(starts: [0], stops: [.max], steps: [2]).get()
                }
                await expectRefused("sum of \(column)") { _ = try await numbers.sum().get() }
                await expectRefused("mean of \(column)") { _ = try await numbers.mean().get() }
                await expectRefused("means of \(column)") { _ = try await numbers.mean(axes: [0]).get() }
                await expectRefused("largest of \(column)") { _ = try await numbers.max().get() }
                await expectRefused("smallest of \(column)") { _ = try await numbers.min().get() }
                await expectRefused("moved \(column)") { _ = try await tensor.copy().move(to: alice) }
                await expectRefused("moved sum of \(column)") { _ = try await numbers.sum().move(to: alice) }
                await expectRefused("\(column) among others") { _ = try await get(Tensor([1]) + 1, tensor) }
            }
            #expect(try await alice.objects.isEmpty)
            #expect(try await bob.objects.isEmpty)
        }
    }

    @Test("rows are not told by gradients, by losses of single rows, nor by what the trainer brings along")
    func detours() async throws {
        try await withDigits { session, bob, alice in
            let digits = try bob.dataset("digits")
            let x = try images(digits), labels = try digits.labels
            let model = try Linear(64, 10, seed: 1)
            try await model.send(to: bob)
            let loss = softmaxCrossEntropy(model(x), labels)
            await expectRefused("gradient with respect to the features") {
                _ = try await gradient(of: loss, withRespectTo: [x])[0].get()
            }
            await expectRefused("predictions") { _ = try await model(x).get() }
            await expectRefused("losses of rows") {
                _ = try await softmaxCrossEntropy(model(x), labels, reduction: .none).get()
            }
            await expectRefused("loss of one row") {
                _ = try await softmaxCrossEntropy(model(x[3..<4]), labels[3..<4]).get()
            }
            await expectRefused("loss of the first hundred rows") {
                _ = try await softmaxCrossEntropy(model(x[0..<100]), labels[0..<100]).get()
            }
            await expectRefused("gradient of one row") {
                let one = softmaxCrossEntropy(model(x[3..<4]), labels[3..<4])
                _ = try await gradient(of: one, withRespectTo: [model.weight.tensor])[0].get()
            }
            let rows = try x.shape[0]
            var mask = [Float](repeating: 0, count: rows)
            mask[7] = 1
            let picked = try await Tensor(mask, shape: [rows, 1]).send(to: bob)
            await expectRefused("a row picked by a mask") { _ = try await (x * picked).sum(axes: [0]).get() }
            await expectRefused("a row picked by a product") {
                _ = try await picked.transposed().matmul(x).get()
            }
            await expectRefused("a loss with a mask") {
                let losses = softmaxCrossEntropy(model(x), labels, reduction: .none)
                _ = try await (losses * picked.reshaped(to: [-1])).sum().get()
            }
            await expectRefused("a model that learned of one row") {
                let pupil = try Linear(64, 10, seed: 1)
                try await pupil.send(to: bob)
                softmaxCrossEntropy(pupil(x[3..<4]), labels[3..<4]).backward()
                SGD(pupil.parameters, learningRate: 1).step()
                try await pupil.get()
            }
            // The model itself has learned nothing, and may go.
            #expect(try await model.get().numbers.count == 650)
        }
    }

    @Test("what stays at the worker keeps its secret, however it is asked for later")
    func kept() async throws {
        try await withDigits { session, bob, alice in
            let digits = try bob.dataset("digits")
            let x = try images(digits), labels = try digits.labels
            let model = try Linear(64, 10, seed: 1)
            let optimizer = SGD(model.parameters, learningRate: 0.1)
            try await model.send(to: bob)
            // The step of one row is computed with a job that asks for something harmless of it.
            softmaxCrossEntropy(model(x[3..<4]), labels[3..<4]).backward()
            optimizer.step()
            let harmless = try await Tensor([1]).send(to: bob)
            _ = try? await get(harmless + model.weight.tensor.sum() * 0)
            await expectRefused("model") { try await model.get() }
            await expectRefused("weight") { _ = try await (model.weight.tensor * 2).get() }
            await expectRefused("moved model") { try await model.move(to: alice) }
            #expect(model.location === bob)
            model.restore()
            #expect(model.location === Here.shared)
            #expect(try model.numbers == Linear(64, 10, seed: 1).numbers)
        }
    }

    @Test("a job cannot be made to fail by what rows hold")
    func errorTexts() async throws {
        try await withDigits { session, bob, _ in
            let digits = try bob.dataset("digits")
            let x = try images(digits), labels = try digits.labels
            let model = try Linear(64, 10, seed: 1), narrow = try Linear(64, 3, seed: 1)
            try await model.send(to: bob)
            try await narrow.send(to: bob)
            await expectRefused("pixels as labels") {
                let pixels = try digits.features.flattened().sliced(starts: [0, 20], stops: [.max, 21])
                let indices = pixels.reshaped(to: [-1]).cast(to: .int32)
                _ = try await softmaxCrossEntropy(model(x), indices).get()
            }
            await expectRefused("too few classes") {
                _ = try await softmaxCrossEntropy(narrow(x), labels).get()
            }
            await expectRefused("too shallow") { _ = try await labels.oneHot(depth: 9).sum().get() }
            // Shapes that do not fit are found here, and tell of shapes only.
            let error = await #expect(throws: RemoteError.self) {
                _ = try await x.matmul(try await Tensor([1, 2], shape: [2, 1]).send(to: bob)).sum().get()
            }
            guard case .tensor(.shapeMismatch("matmul", _, _, _)) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a model learns from all rows there, as it would here; its losses and parameters may leave")
    func learning() async throws {
        try await withDigits { session, bob, alice in
            let digits = try bob.dataset("digits")
            let model = try Linear(64, 10, seed: 1), twin = model.copy()
            let optimizer = SGD(model.parameters, learningRate: 0.5, momentum: 0.9)
            let twins = SGD(twin.parameters, learningRate: 0.5, momentum: 0.9)
            let table = try Self.shard().train
            let x = Tensor(try #require(table["pixels"])).cast(to: .float32).flattened() / 16
            let labels = Tensor(try #require(table["label"]))
            var losses: [Float] = []
            for step in 0..<15 {
                try await model.send(to: bob)
                optimizer.zeroGradients()
                let loss = softmaxCrossEntropy(model(try images(digits)), try digits.labels)
                loss.backward()
                optimizer.step()
                // The model comes back now and then, and goes by way of alice in between.
                if step % 3 == 0 { try await model.get() }
                losses.append(try await loss.get().scalar())
                if step % 3 == 1 { try await model.move(to: alice); try await model.move(to: bob) }

                twins.zeroGradients()
                let expected = softmaxCrossEntropy(twin(x), labels)
                expected.backward()
                twins.step()
                expectNear([losses[step]], [try expected.scalar()], "loss \(step)")
            }
            #expect(losses[14] < losses[0] / 4)
            try await model.get()
            let weights = try twin.numbers
            for (got, expected) in zip(try model.numbers, weights) { #expect(abs(got - expected) < 1e-4) }
        }
    }

    @Test(
        "losses and parameters leave over as many rows as the worker's owner asks for, and not over fewer",
        arguments: [(5, true), (6, false)])
    func minimum(rowsMinimum: Int, isPermitted: Bool) async throws {
        let session = try await Session.embedded()
        let bob = try await session.addWorker(
            "bob", shards: [Samples.shard(of: Samples.dataset())], releaseRowsMinimum: rowsMinimum)
        let data = try bob.dataset("data")
        #expect(try data.features.shape.dimensions == [5, 2])
        let model = try Linear(weight: [[0, 0]], bias: [0])
        func record() async throws -> Tensor {
            try await model.send(to: bob)
            model.zeroGradients()
            let loss = try sumOfSquares(model(data.features), data.labels)
            loss.backward()
            SGD(model.parameters, learningRate: 0.01).step()
            return loss
        }
        if isPermitted {
            let (value, _) = try await get(record(), model)
            let (better, _) = try await get(record(), model)
            #expect(try better.scalar() < value.scalar())
            expectNear([try value.scalar()], [0.01 + 9 + 17.64 + 9 + 9], "loss")
        } else {
            let loss = try await record()
            await expectRefused("loss", dataset: "data") { _ = try await loss.get() }
            await expectRefused("loss and model", dataset: "data") { _ = try await get(loss, model) }
            await expectRefused("model", dataset: "data") { try await model.get() }
            model.restore()
            try await model.send(to: bob)
            let weight = model.weight.tensor
            await expectRefused("gradient", dataset: "data") {
                _ = try await gradient(of: record(), withRespectTo: [weight])[0].get()
            }
            model.restore()
            #expect(try model.numbers == [0, 0, 0])
        }
        await session.close()
    }

    @Test("data sets, columns and shards that are not there are named with those that are")
    func unknown() async throws {
        try await withDigits { session, bob, alice in
            let none = #expect(throws: RemoteError.self) { try alice.dataset("digits") }
            #expect(none?.description == "worker alice: there is no data set digits, there is none")
            let other = #expect(throws: RemoteError.self) { try bob.dataset("moons") }
            #expect(other?.description.contains("no data set moons, there is digits 0/4 (iid:0)") == true)
            let shard = #expect(throws: RemoteError.self) { try bob.dataset("digits", shard: 1) }
            #expect(shard?.description.contains("no shard 1 of data set digits") == true)
            let column = #expect(throws: RemoteError.self) { try bob.dataset("digits").column("pixel") }
            #expect(column?.description.contains("no column pixel, it has pixels, label") == true)
        }
        let session = try await Session.embedded()
        let digits = try Dataset.load(named: "digits")
        let both = try await session.addWorker(
            "both", shards: (0..<2).map { try digits.shard($0, of: 4, partition: .iid(seed: 0)) })
        let error = #expect(throws: RemoteError.self) { try both.dataset("digits") }
        #expect(error?.description.contains("say which") == true)
        #expect(try both.dataset("digits", shard: 1).labels.shape.rank == 1)
        await session.close()
    }
}
