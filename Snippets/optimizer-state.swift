// Where an optimizer's memory lives: with the parameters, or one at each worker.
import Fagure
import Tensor

let session = try await Session.embedded()
let bob = try await session.addWorker("bob")
let alice = try await session.addWorker("alice")

let model = try Linear(weight: [[0.25, -0.5]], bias: [0.125])

// snippet.travels
let momentum = SGD(model.parameters, learningRate: 0.1, momentum: 0.9)  // one velocity, which travels
// snippet.end

// snippet.stays
let adam = Adam(model.parameters, learningRate: 0.1, state: .perLocation)  // one state each, which stays
// snippet.end

/// One step at a worker.
func step(_ record: () -> Void, _ data: Tensor, _ target: Tensor) async throws -> Tensor {
    try await model.send(to: data.location)
    model.zeroGradients()
    let loss = ((model(data) - target) ** 2).sum()
    loss.backward()
    record()
    let (value, _) = try await get(loss, model)
    return value
}

let datasets = [
    (try await Tensor([[0, 0], [0, 1]]).send(to: bob), try await Tensor([[0], [0]]).send(to: bob)),
    (try await Tensor([[1, 0], [1, 1]]).send(to: alice), try await Tensor([[1], [1]]).send(to: alice)),
]
for (data, target) in datasets {
    print("momentum at \(data.location):", try await step(momentum.step, data, target))
}
for (data, target) in datasets {
    print("adam at \(data.location):", try await step(adam.step, data, target))
}
await session.close()
