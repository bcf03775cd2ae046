import Fagure
import Protocol
import Tensor
import Testing

@Suite("mistakes with pointers", .timeLimit(.minutes(1)))
struct MistakeTests {
    /// The text of the error that something recorded leads to when it is asked for.
    private func text(
        sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
    ) async -> String {
        let error = await #expect(throws: RemoteError.self, sourceLocation: sourceLocation) {
            try await body()
        }
        guard case .tensor = error else {
            Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
            return ""
        }
        return error?.description ?? ""
    }

    @Test("operands at two locations: both tensors and both locations are named, and the line")
    func locations() async throws {
        try await withBobAndAlice { session, bob, alice in
            let x = try await Tensor([1, 2]).tag("#x").send(to: bob)
            let y = try await Tensor([3, 4]).send(to: alice)
            let apart = await text { _ = try await x.maximum(y).get() }
            #expect(apart.contains("maximum") && apart.contains("tensor '#x' at bob"))
            #expect(apart.contains("float32 [2] at alice") && apart.contains("MistakeTests.swift:"))
            let here = await text { _ = try await (x * Tensor([1, 1])).get() }
            #expect(here.contains("tensor '#x' at bob") && here.contains("float32 [2] here"))
            let slope = await text { _ = try await gradient(of: x.sum(), withRespectTo: [y])[0].get() }
            #expect(slope.contains("gradient") && slope.contains("at bob") && slope.contains("at alice"))
            // What is found late is found too: three operands, and what was made of them.
            let third = await text { _ = try await (x.select(x, otherwise: y) + 1).sum().get() }
            #expect(third.contains("select") && third.contains("at alice"))
            let model = try tutorialModel()
            let data = try await tutorialData.send(to: bob)
            let far = await text { _ = try await model(data).sum().get() }
            #expect(far.contains("parameter 'weight' here") && far.contains("float32 [4, 2] at bob"))
            try await model.send(to: alice)
            let elsewhere = await text { _ = try await model(data).sum().get() }
            #expect(elsewhere.contains("parameter 'weight' at alice") && elsewhere.contains("at bob"))
            let forgotten = await text { _ = try await model(tutorialData).get() }
            #expect(forgotten.contains("float32 [4, 2] here") && forgotten.contains("'weight' at alice"))
            // Nothing was sent for it, and all are unharmed.
            #expect(await session.statistics.jobs == 3)
            let (a, b, c) = try await get(x, y, model)
            #expect(try a.floats == [1, 2] && b.floats == [3, 4] && c.numbers == [0.25, -0.5, 0.125])
        }
    }

    @Test("a step whose loss is at another location than the model leaves the model as it was")
    func stepApart() async throws {
        try await withBobAndAlice { _, bob, alice in
            let model = try tutorialModel()
            let optimizer = SGD(model.parameters, learningRate: 0.1)
            let data = try await tutorialData.send(to: bob), target = try await tutorialTarget.send(to: bob)
            try await model.send(to: alice)
            let loss = ((model(data) - target) ** 2).sum()
            loss.backward()
            optimizer.step()
            let both = await text { _ = try await get(loss, model) }
            #expect(both.contains("at bob") && both.contains("at alice"), "\(both)")
            optimizer.zeroGradients()
            #expect(try await model.get().numbers == [0.25, -0.5, 0.125])
        }
    }

    @Test("shapes that do not fit: operation, shapes and line, where the value is asked for")
    func shapes() async throws {
        try await withBob { session, bob in
            let x = try await Tensor([1, 2, 3]).send(to: bob)
            let y = try await Tensor([1, 2, 3, 4], shape: [2, 2]).send(to: bob)
            let jobs = await session.statistics.jobs
            let line = #line + 1
            let product = x.reshaped(to: [1, 3]).matmul(y)
            let wrong = await text { _ = try await product.get() }
            #expect(wrong.contains("matmul") && wrong.contains("[1, 3], [2, 2]"))
            #expect(wrong.contains("FagureTests/MistakeTests.swift:\(line)"))
            let sum = await text { _ = try await (x + y).get() }
            #expect(sum.contains("add") && sum.contains("[3], [2, 2]") && sum.contains("MistakeTests.swift"))
            let slice = await text { _ = try await y[1..<3].get() }
            #expect(slice.contains("slice") && slice.contains("[2, 2]"))
            #expect(throws: TensorError.self) { try (x + y).shape }
            let moved = await text { _ = try await (x + y).move(to: .here) }
            #expect(moved.contains("add") && moved.contains("[3], [2, 2]"))
            #expect(await session.statistics.jobs == jobs)
            #expect(try await (x * 2).get().floats == [2, 4, 6])
        }
    }

    @Test("element types that do not mix, and gradients there are none of")
    func elementTypes() async throws {
        try await withBob { _, bob in
            let x = try await Tensor([1, 2]).send(to: bob)
            let labels = try await Tensor(labels: [1, 2]).send(to: bob)
            let mixed = await text { _ = try await (x * labels).get() }
            #expect(mixed.contains("multiply") && mixed.contains("float32") && mixed.contains("int64"))
            let integer = await text {
                _ = try await gradient(of: labels.cast(to: .float32).sum(), withRespectTo: [labels])[0].get()
            }
            #expect(integer.contains("not differentiable") && integer.contains("int64"))
            let vector = await text { _ = try await gradient(of: x * x, withRespectTo: [x])[0].get() }
            #expect(vector.contains("scalar"))
            #expect(try await gradient(of: (x * x).sum(), withRespectTo: [x])[0].get().floats == [2, 4])
        }
    }

    @Test(
        "backward of no scalar, twice, or of what no parameter has a part in leaves the model unharmed",
        arguments: [OptimizerState.withParameters, .perLocation])
    func backward(state: OptimizerState) async throws {
        try await withBob { _, bob in
            let data = try await tutorialData.send(to: bob), target = try await tutorialTarget.send(to: bob)
            let model = try tutorialModel()
            let optimizer = SGD(model.parameters, learningRate: 0.1, momentum: 0.9, state: state)
            try await model.send(to: bob)

            let vector = (model(data) - target) ** 2
            vector.backward()
            optimizer.step()
            let noScalar = await text { _ = try await get(vector, model) }
            #expect(noScalar.contains("the loss is no scalar") && noScalar.contains("MistakeTests.swift"))
            optimizer.zeroGradients()

            let loss = ((model(data) - target) ** 2).sum()
            loss.backward()
            loss.backward()
            optimizer.step()
            let twice = await text { _ = try await get(loss, model) }
            #expect(twice.contains("it was called before"))
            optimizer.zeroGradients()

            let constant = (data * 2).sum()
            constant.backward()
            let without = await text { _ = try await constant.get() }
            #expect(without.contains("depends on no parameter"))

            // As if nothing had happened.
            let right = ((model(data) - target) ** 2).sum()
            right.backward()
            optimizer.step()
            let (value, _) = try await get(right, model)
            #expect(try value.scalar() == 1.8125)
            expectNear(try model.numbers, [0.6, -0.2, 0.525], "a step from the first weights")
        }
    }

    enum Rule: CaseIterable {
        case descent, momentum, adam
    }

    @Test(
        "a step that cannot be computed is undone, none before it is, and the next ones do not notice",
        arguments: Rule.allCases, [true, false])
    func undoneStep(rule: Rule, isRemote: Bool) async throws {
        try await withBob { _, bob in
            let location: any Location = isRemote ? bob : .here
            let data = try await tutorialData.send(to: location)
            let target = try await tutorialTarget.send(to: location)
            func train(failingAt bad: Int?) async throws -> [Float] {
                let model = try tutorialModel()
                let step: () -> Void
                switch rule {
                case .descent: step = SGD(model.parameters, learningRate: 0.1).step
                case .momentum: step = SGD(model.parameters, learningRate: 0.1, momentum: 0.9).step
                case .adam: step = Adam(model.parameters, learningRate: 0.1).step
                }
                try await model.send(to: location)
                for number in 0..<4 {
                    model.zeroGradients()
                    if number == bad {
                        let vector = (model(data) - target) ** 2
                        vector.backward()
                        step()
                        _ = await text { _ = try await vector.get() }
                        model.zeroGradients()
                    }
                    let loss = ((model(data) - target) ** 2).sum()
                    loss.backward()
                    step()
                    _ = try await loss.get()
                }
                return try await model.get().numbers
            }
            let undisturbed = try await train(failingAt: nil)
            for bad in [0, 2] { #expect(try await train(failingAt: bad) == undisturbed, "step \(bad)") }
        }
    }

    @Test("a value an operation cannot take fails at the worker in the operation's words")
    func atTheWorker() async throws {
        try await withBob { _, bob in
            let model = try Linear(weight: [[1, 0], [0, 1]])
            try await model.send(to: bob)
            let x = try await Tensor([1, 2], shape: [1, 2]).send(to: bob)
            let labels = try await Tensor(labels: [7]).send(to: bob)
            let loss = softmaxCrossEntropy(model(x), labels)
            loss.backward()
            SGD(model.parameters, learningRate: 0.1).step()
            let error = await #expect(throws: RemoteError.self) { _ = try await get(loss, model) }
            guard case .refused("bob", let failure) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect("\(failure)".contains("7"))
            model.restore()
            #expect(try model.numbers == [1, 0, 0, 1])
        }
    }

    @Test("a location that is no worker is refused")
    func foreign() async throws {
        final class Nowhere: Location {
            let name = "nowhere"
        }
        let error = await #expect(throws: RemoteError.self) { _ = try await Tensor([1]).send(to: Nowhere()) }
        #expect(error?.description.contains("nowhere") == true)
    }

    @Test("a closed session says so")
    func closed() async throws {
        let session = try await Session.embedded()
        let bob = try await session.addWorker("bob")
        let x = try await Tensor([1]).send(to: bob)
        let model = try tutorialModel()
        try await model.send(to: bob)
        await session.close()
        for use in 0..<5 {
            let error = await #expect(throws: RemoteError.self) {
                switch use {
                case 0: _ = try await x.copy().get()
                case 1: _ = try await Tensor([1]).send(to: bob)
                case 2: try await model.get()
                case 3: _ = try await bob.objects
                default: try await session.addWorker("alice")
                }
            }
            guard case .session(let failure) = error else {
                Issue.record("use \(use): \(String(describing: error))")
                continue
            }
            #expect(use == 4 || failure.message == "the session was closed", "use \(use)")
        }
    }
}
