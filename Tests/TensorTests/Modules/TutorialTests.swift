import Synchronization
import TestSupport
import Testing

@testable import Tensor

@Suite("tutorial, local")
struct TutorialTests {
    let vectors: TutorialVectors
    let data: Tensor
    let target: Tensor

    init() throws {
        vectors = try .load()
        data = try vectors.data.tensor()
        target = try vectors.target.tensor()
    }

    private func expect(_ model: Linear, _ expected: [VectorTensor]) throws {
        for (index, named) in try model.values.enumerated() {
            try expectEqual(named.value, expected[index], named.name)
        }
    }

    @Test("centralised: twenty steps of gradient descent", arguments: [true, false])
    func centralised(asksLoss: Bool) throws {
        let model = try vectors.makeModel()
        let optimizer = SGD(model.parameters, learningRate: 0.1)
        var losses: [Float] = []
        for _ in vectors.centralised.losses {
            optimizer.zeroGradients()
            let loss = ((model(data) - target) ** 2).sum()
            loss.backward()
            optimizer.step()
            if asksLoss { losses.append(try loss.value().scalar()) }
        }
        if asksLoss { #expect(differences(losses, vectors.centralised.losses) == []) }
        try expect(model, vectors.centralised.final)
    }

    @Test("two halves of the data in turn, one optimizer; and Adam with a state for each")
    func alternating() throws {
        let halves = [(data[0..<2], target[0..<2]), (data[2..<4], target[2..<4])]
        let model = try vectors.makeModel()
        let optimizer = SGD(model.parameters, learningRate: 0.1)
        var losses: [Float] = []
        for index in vectors.descent.losses.indices {
            let (data, target) = halves[index % 2]
            optimizer.zeroGradients()
            let loss = sumOfSquares(model(data), target)
            loss.backward()
            optimizer.step()
            losses.append(try loss.value().scalar())
        }
        #expect(differences(losses, vectors.descent.losses) == [])
        try expect(model, vectors.descent.final)
    }

    @Test("Adam with one optimizer for each half over the same parameters")
    func adam() throws {
        let halves = [(data[0..<2], target[0..<2]), (data[2..<4], target[2..<4])]
        let model = try vectors.makeModel()
        let optimizers = halves.map { _ in Adam(model.parameters, learningRate: 0.1) }
        var losses: [Float] = []
        for index in vectors.adam.losses.indices {
            let (data, target) = halves[index % 2], optimizer = optimizers[index % 2]
            optimizer.zeroGradients()
            let loss = sumOfSquares(model(data), target)
            loss.backward()
            optimizer.step()
            losses.append(try loss.value().scalar())
        }
        #expect(differences(losses, vectors.adam.losses) == [])
        try expect(model, vectors.adam.final)
    }

    @Test(
        "gradients add up until they are forgotten, and the loss may be asked for first, last or not at all")
    func accumulating() throws {
        let model = try vectors.makeModel()
        let loss = sumOfSquares(model(data), target)
        loss.backward()
        #expect(try model.weight.gradient?.value().floats == [-3.5, -3])
        let again = sumOfSquares(model(data), target)
        again.backward()
        #expect(try model.weight.gradient?.value().floats == [-7, -6])
        #expect(try model.bias?.gradient?.value().floats == [-8])
        model.zeroGradients()
        #expect(model.weight.gradient == nil)
    }

    @Test("a step never computed does not make the next one dearer: the chain of steps is cut")
    func cutting() throws {
        let model = try vectors.makeModel()
        let optimizer = SGD(model.parameters, learningRate: 0.001)
        for _ in 0..<50 {
            for _ in 0..<2 {
                optimizer.zeroGradients()
                let loss = sumOfSquares(model(data), target)
                loss.backward()
                optimizer.step()
            }
            _ = try sumOfSquares(model(data), target).value()
            let flush = try Flush([sumOfSquares(model(data), target).expression], at: .here)
            #expect(flush.recipe.graph.nodes.count <= 4)
        }
    }

    @Test(
        "backward of no scalar, backward twice, and backward of a constant say so, and the model is unharmed")
    func refused() throws {
        let model = try vectors.makeModel()
        let optimizer = SGD(model.parameters, learningRate: 0.1)
        let before = try model.values.map(\.value)

        let vector = model(data) - target
        vector.backward()
        optimizer.step()
        let error = #expect(throws: TensorError.self) { try vector.value() }
        #expect(error?.description.contains("the loss is no scalar") == true)
        #expect(try model.values.map(\.value) == before)
        optimizer.zeroGradients()

        let loss = sumOfSquares(model(data), target)
        loss.backward()
        loss.backward()
        let twice = #expect(throws: TensorError.self) { try loss.value() }
        #expect(twice?.description.contains("it was called before") == true)
        model.zeroGradients()

        let constant = (data * 2).sum()
        constant.backward()
        let without = #expect(throws: TensorError.self) { try constant.value() }
        #expect(without?.description.contains("depends on no parameter") == true)
        #expect(try model.values.map(\.value) == before)
    }

    @Test("a copied model learns by itself")
    func copying() throws {
        let model = Sequential(try vectors.makeModel(), ReLU())
        let copy = model.copy()
        #expect(copy.parameters.map(\.name) == model.parameters.map(\.name))
        let optimizer = SGD(copy.parameters, learningRate: 0.1)
        let loss = sumOfSquares(copy(data), target)
        loss.backward()
        optimizer.step()
        #expect(try copy.values.map(\.value) != model.values.map(\.value))
        #expect(model.parameters[0].parameter.gradient == nil)
    }
}
