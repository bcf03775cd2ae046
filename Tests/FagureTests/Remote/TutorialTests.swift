import Fagure
import Tensor
import TestSupport
import Testing

@Suite("the tutorial, with workers in this process", .timeLimit(.minutes(1)))
struct TutorialTests {
    private let vectors: TutorialVectors
    private let data: Tensor
    private let target: Tensor

    init() throws {
        vectors = try .load()
        data = try vectors.data.tensor()
        target = try vectors.target.tensor()
    }

    /// Two rows at one location, two at the other.
    private func halves(
        _ bob: any Location, _ alice: any Location
    ) async throws -> [(data: Tensor, target: Tensor)] {
        [
            (try await data[0..<2].send(to: bob), try await target[0..<2].send(to: bob)),
            (try await data[2..<4].send(to: alice), try await target[2..<4].send(to: alice)),
        ]
    }

    /// Ten rounds of a step at each half; every step's loss.
    private func train(
        _ model: Linear, _ optimizer: Optimizer<some OptimizerRule>,
        on halves: [(data: Tensor, target: Tensor)], rounds: Int = 10
    ) async throws -> [Float] {
        var losses: [Float] = []
        for _ in 0..<rounds {
            for (data, target) in halves {
                try await model.send(to: data.location)
                optimizer.zeroGradients()
                let loss = ((model(data) - target) ** 2).sum()
                loss.backward()
                optimizer.step()
                let (value, _) = try await get(loss, model)
                losses.append(try value.scalar())
            }
        }
        return losses
    }

    @Test("all data at one worker is all data here: the centralised losses and weights")
    func centralised() async throws {
        try await withBob { _, bob in
            for location: any Location in [Here.shared, bob] {
                let model = try vectors.makeModel()
                let optimizer = SGD(model.parameters, learningRate: 0.1)
                let half = (try await data.send(to: location), try await target.send(to: location))
                let losses = try await train(model, optimizer, on: [half], rounds: 20)
                #expect(try vectors.centralised.differences(losses, model) == [], "at \(location)")
            }
        }
    }

    @Test("gradient descent, bob and alice in turn")
    func descent() async throws {
        try await withBobAndAlice { _, bob, alice in
            let model = try vectors.makeModel()
            let optimizer = SGD(model.parameters, learningRate: 0.1)
            let losses = try await train(model, optimizer, on: halves(bob, alice))
            #expect(try vectors.descent.differences(losses, model) == [])
        }
    }

    @Test("Adam with a state at each worker, which never leaves it")
    func adam() async throws {
        try await withBobAndAlice { _, bob, alice in
            let model = try vectors.makeModel()
            let optimizer = Adam(model.parameters, learningRate: 0.1, state: .perLocation)
            let halves = try await halves(bob, alice)
            let losses = try await train(model, optimizer, on: halves)
            #expect(try vectors.adam.differences(losses, model) == [])
            for (data, _) in halves {
                // The next job lets the last step's go: two tensors stay and, for weight and bias, a mean and
                // a variance.
                _ = try await data.copy().get()
                let objects = try await (data.location === bob ? bob : alice).objects
                #expect(objects.count == 6, "\(objects)")
            }
        }
    }

    @Test("a trusted aggregator: five steps at each, the mean of both made by a third worker")
    func aggregator() async throws {
        try await withWorkers("bob", "alice", "secure") { _, workers in
            let halves = try await halves(workers[0], workers[1])
            let model = try vectors.makeModel()
            var losses: [Float] = []
            for _ in 0..<10 {
                async let first = improve(model, halves[0], workers[2])
                async let second = improve(model, halves[1], workers[2])
                let (bobs, alices) = try await (first, second)
                losses += bobs.losses + alices.losses
                #expect(bobs.model.location === workers[2])
                let means = zip(bobs.model.parameters, alices.model.parameters).map { bobs, alices in
                    (bobs.parameter.tensor + alices.parameter.tensor) / 2
                }
                let values = try await get(means)
                for (named, mean) in zip(model.parameters, values) {
                    try named.parameter.update(to: mean)
                }
            }
            #expect(try vectors.aggregator.differences(losses, model) == [])
        }
    }

    /// Five steps of a copy where the data is, which then goes to the third worker.
    private func improve(
        _ model: Linear, _ half: (data: Tensor, target: Tensor), _ aggregator: Worker
    ) async throws -> (model: Linear, losses: [Float]) {
        let model = model.copy()
        try await model.send(to: half.data.location)
        let optimizer = SGD(model.parameters, learningRate: 0.1)
        var losses: [Tensor] = []
        for _ in 0..<5 {
            optimizer.zeroGradients()
            let loss = ((model(half.data) - half.target) ** 2).sum()
            loss.backward()
            optimizer.step()
            losses.append(loss)
        }
        let values = try await get(losses)
        try await model.move(to: aggregator)
        return (model, try values.map { try $0.scalar() })
    }

    @Test("an optimizer's state travels with the model: momentum, Nesterov and Adam are what they are here")
    func travellingState() async throws {
        try await withBobAndAlice { _, bob, alice in
            let there = try await halves(bob, alice), here = try await halves(.here, .here)
            func compare(
                _ what: String, _ makeOptimizer: (Linear) -> Optimizer<some OptimizerRule>
            ) async throws {
                let visitor = try vectors.makeModel(), resident = try vectors.makeModel()
                let travelled = try await train(visitor, makeOptimizer(visitor), on: there)
                let stayed = try await train(resident, makeOptimizer(resident), on: here)
                #expect(travelled == stayed, "\(what)")
                #expect(try visitor.numbers == resident.numbers, "\(what)")
            }
            try await compare("momentum") { SGD($0.parameters, learningRate: 0.05, momentum: 0.9) }
            try await compare("Nesterov") {
                SGD($0.parameters, learningRate: 0.05, momentum: 0.9, weightDecay: 0.01, nesterov: true)
            }
            try await compare("Adam") { Adam($0.parameters, learningRate: 0.1) }
        }
    }

    @Test("a model with its optimizer's state may go from worker to worker without coming here")
    func movedState() async throws {
        try await withBobAndAlice { _, bob, alice in
            let there = try await halves(bob, alice)
            let visitor = try vectors.makeModel(), resident = try vectors.makeModel()
            let optimizer = SGD(visitor.parameters, learningRate: 0.05, momentum: 0.9)
            var losses: [Float] = []
            try await visitor.send(to: bob)
            for _ in 0..<5 {
                for (data, target) in there {
                    try await visitor.move(to: data.location)
                    optimizer.zeroGradients()
                    let loss = ((visitor(data) - target) ** 2).sum()
                    loss.backward()
                    optimizer.step()
                    losses.append(try await loss.get().scalar())
                }
            }
            try await visitor.get()
            let twin = SGD(resident.parameters, learningRate: 0.05, momentum: 0.9)
            #expect(losses == (try await train(resident, twin, on: halves(.here, .here), rounds: 5)))
            #expect(try visitor.numbers == resident.numbers)
        }
    }
}
