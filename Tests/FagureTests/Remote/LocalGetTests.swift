import Fagure
import Tensor
import TestSupport
import Testing

@Suite("without any worker")
struct LocalGetTests {
    @Test("tensors, arrays of them and models that are here are computed here")
    func everything() async throws {
        let x = Tensor([1, 2]), model = try tutorialModel()
        let optimizer = SGD(model.parameters, learningRate: 0.1)
        let loss = ((model(tutorialData) - tutorialTarget) ** 2).sum()
        loss.backward()
        optimizer.step()
        let (doubled, both, value, learned) = try await get(x * 2, [x + 1, x.sum()], loss, model)
        #expect(try doubled.floats == [2, 4] && both[0].floats == [2, 3] && both[1].scalar() == 3)
        #expect(try value.scalar() == 1.8125)
        #expect(try learned.numbers == model.numbers)
        expectNear(try model.numbers, [0.6, -0.2, 0.525], "a step")
        let none = try await get([Tensor]())
        #expect(none.isEmpty)
    }

    @Test("a tensor that is here is not used up")
    func staying() async throws {
        let x = Tensor([1, 2])
        let y = x * 2
        for _ in 0..<2 {
            #expect(try await y.get().floats == [2, 4])
            #expect(try await y.copy().get().floats == [2, 4])
            #expect(try await y.send(to: .here).floats == [2, 4])
            #expect(try await y.move(to: .here).floats == [2, 4])
        }
        #expect(y.location === Here.shared)
    }

    @Test("the tutorial's loop is the same without workers: send(to: .here), get(loss, model)")
    func tutorial() async throws {
        let vectors = try TutorialVectors.load()
        let model = try vectors.makeModel()
        let optimizer = SGD(model.parameters, learningRate: 0.1)
        let data = try vectors.data.tensor(), target = try vectors.target.tensor()
        var losses: [Float] = []
        for _ in 0..<20 {
            try await model.send(to: data.location)
            optimizer.zeroGradients()
            let loss = ((model(data) - target) ** 2).sum()
            loss.backward()
            optimizer.step()
            let (value, _) = try await get(loss, model)
            losses.append(try value.scalar())
        }
        #expect(try vectors.centralised.differences(losses, model) == [])
        try await model.send(to: .here)
        try await model.move(to: .here)
        #expect(model.location === Here.shared)
        #expect(try await model.get().numbers == model.numbers)
    }

    @Test("what is wrong is said as it is elsewhere")
    func errors() async throws {
        let x = Tensor([1, 2]), y = Tensor([1, 2, 3])
        let error = await #expect(throws: RemoteError.self) { _ = try await get(x, x + y) }
        guard case .tensor(.shapeMismatch("add", _, _, _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let input = Tensor.input("x", dimensions: [2])
        let open = await #expect(throws: RemoteError.self) { _ = try await (input + x).get() }
        #expect(open?.description.contains("placeholder 'x'") == true)
        try await Tensor([1]).release()
    }
}
