// Two workers improve a copy of a model each; a third averages the copies, and only the mean comes here.
import Fagure
import Tensor

let session = try await Session.embedded()
let bob = try await session.addWorker("bob")
let alice = try await session.addWorker("alice")
let secureWorker = try await session.addWorker("secure-worker")

let model = try Linear(weight: [[0.25, -0.5]], bias: [0.125])

// snippet.train
/// Improves a copy of the model where the data is, and hands it to the secure worker.
func train(_ data: Tensor, _ target: Tensor) async throws -> Linear {
    let model = model.copy()
    try await model.send(to: data.location)
    let optimizer = SGD(model.parameters, learningRate: 0.1)
    for _ in 0..<5 {
        optimizer.zeroGradients()
        let loss = ((model(data) - target) ** 2).sum()
        loss.backward()
        optimizer.step()
    }
    try await model.move(to: secureWorker)  // one job: five steps at the data, then on to the secure worker
    return model
}
// snippet.end

let bobsData = try await Tensor([[0, 0], [0, 1]]).send(to: bob)
let bobsTarget = try await Tensor([[0], [0]]).send(to: bob)
let alicesData = try await Tensor([[1, 0], [1, 1]]).send(to: alice)
let alicesTarget = try await Tensor([[1], [1]]).send(to: alice)

// snippet.average
async let bobs = train(bobsData, bobsTarget)
async let alices = train(alicesData, alicesTarget)
let models = try await [bobs, alices]
let weights = models.map(\.weight.tensor)
let mean = (weights[0] + weights[1]) / 2  // recorded here, computed at the secure worker
print("mean:", try await mean.get())
// snippet.end
await session.close()
