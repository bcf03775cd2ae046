import Testing

@testable import Tensor

@Suite("recorded training steps")
struct FlushTests {
    private let data = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    private let target = Tensor([[0], [0], [1], [1]])

    private func model() throws -> Linear { try Linear(weight: [[0.25, -0.5]], bias: [0.125]) }

    /// Records steps of momentum, which keeps state, and gives back the last loss.
    @discardableResult
    private func record(_ count: Int, _ model: Linear, _ optimizer: SGD) -> Tensor {
        var last = Tensor(0)
        for _ in 0..<count {
            optimizer.zeroGradients()
            last = sumOfSquares(model(data), target)
            last.backward()
            optimizer.step()
        }
        return last
    }

    private func optimizer(of model: Linear) -> SGD {
        SGD(model.parameters, learningRate: 0.01, momentum: 0.9, weightDecay: 0.001)
    }

    @Test("asked for at the end or after every step, the same bits come out", arguments: [1, 7, 60])
    func grouping(count: Int) throws {
        let together = try model(), apart = try model()
        let first = optimizer(of: together), second = optimizer(of: apart)
        let loss = record(count, together, first)
        var losses: [TensorValue] = []
        for _ in 0..<count { losses.append(try record(1, apart, second).value()) }
        #expect(try loss.value() == losses.last)
        #expect(try together.values.map(\.value) == apart.values.map(\.value))
    }

    @Test(
        "asking for the loss brings model and optimizer up to date; another step costs no more than the first"
    )
    func settling() throws {
        let model = try model(), optimizer = optimizer(of: model)
        _ = try record(3, model, optimizer).value()
        let counts = try (0..<4).map { _ in
            let flush = try Flush([record(1, model, optimizer).expression], at: .here)
            _ = try flush.run()
            return flush.recipe.graph.nodes.count
        }
        #expect(Set(counts).count == 1)
    }

    @Test("a hundred thousand steps nobody asks for are let go without overflowing the stack")
    func longChains() throws {
        let model = try model()
        do {
            let optimizer = optimizer(of: model)
            record(100_000, model, optimizer)
        }
        model.restore()
        #expect(try model.weight.value.floats == [0.25, -0.5])
    }

    @Test("a parameter nobody holds any more is freed, with what was recorded on it")
    func freeing() throws {
        weak var cell: ParameterCell?
        do {
            let model = try model()
            cell = model.weight.cell
            record(3, model, optimizer(of: model))
            #expect(cell != nil)
        }
        #expect(cell == nil)
    }

    @Test("an optimizer that is gone leaves nothing behind that would travel with the model")
    func companions() throws {
        let model = try model()
        for _ in 0..<3 {
            let optimizer = optimizer(of: model)
            record(2, model, optimizer)
            #expect(model.weight.cell.companions.count == 1)
            withExtendedLifetime(optimizer) {}
        }
        #expect(model.weight.cell.companions.isEmpty)
        #expect(try model.makeFetch().expressions.count == 2)
    }

    @Test("gradients end at a parameter's version: those before it are others")
    func barriers() throws {
        let weight = Parameter("weight", TensorValue(scalar: 3))
        let old = weight.tensor
        let optimizer = SGD([("weight", weight)], learningRate: 0.5)
        (old * old).backward()
        optimizer.step()
        weight.zeroGradient()
        // d/dw (w · old) is old for the new version and w for the old one; neither reaches into the step between.
        let product = weight.tensor * old
        let slopes = gradient(of: product, withRespectTo: [weight.tensor, old])
        #expect(try Tensor.values(of: slopes).map { try $0.scalar() } == [3, 0])
    }

    @Test("models that learn at the same time on the same data do not disturb each other")
    func parallel() async throws {
        let expected = try trained()
        let results = try await withThrowingTaskGroup(of: [TensorValue].self) { group in
            for _ in 0..<8 { group.addTask { try trained() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count == 8)
        #expect(results.allSatisfy { $0 == expected })
    }

    private func trained() throws -> [TensorValue] {
        let model = try model(), optimizer = optimizer(of: model)
        for _ in 0..<200 { _ = try record(1, model, optimizer).value() }
        return try model.values.map(\.value)
    }

    @Test("a step that cannot be computed is undone, one that can is not")
    func undoing() throws {
        let model = try model(), optimizer = SGD(model.parameters, learningRate: 0.1)
        let loss = sumOfSquares(model(data), target)
        loss.backward()
        optimizer.step()
        // The mistake is the caller's, not the step's: the step stays.
        #expect(throws: TensorError.self) { try model(Tensor([[1, 2, 3]])).value() }
        let stepped = try model.values.map(\.value)
        #expect(try stepped != self.model().values.map(\.value))
        // The step's own mistake: shapes that do not fit.
        optimizer.zeroGradients()
        let wrong = (model(data) + Tensor([[1], [2], [3]])).sum()
        wrong.backward()
        optimizer.step()
        #expect(throws: TensorError.self) { try model.weight.value }
        #expect(try model.values.map(\.value) == stepped)
    }

    @Test("tensors, models and arrays of them are fetched together")
    func fetching() throws {
        let model = try model()
        let fetch = try [model(data), data].makeFetch()
        #expect(fetch.expressions.count == 2)
        let values = try Flush(fetch.expressions, at: .here).run()
        #expect(try fetch.finish(values)[1].value() == data.value())
        #expect(try model.makeFetch().expressions.count == 2)
    }
}
