// One step of training where the data is: one job, whatever it is made of.
import Fagure
import Tensor

let session = try await Session.embedded()
let bob = try await session.addWorker("bob")

// snippet.data
let data = try await Tensor([[0, 0], [0, 1]]).send(to: bob)
let target = try await Tensor([[0], [0]]).send(to: bob)
// snippet.end

let model = try Linear(weight: [[0.25, -0.5]], bias: [0.125])
let optimizer = SGD(model.parameters, learningRate: 0.1)
let before = await session.statistics.jobs

// snippet.step
try await model.send(to: data.location)  // the parameters go along with the job below
optimizer.zeroGradients()
let loss = ((model(data) - target) ** 2).sum()
loss.backward()
optimizer.step()
let (value, _) = try await get(loss, model)  // the job: all of the above, at bob
print("loss:", value)
// snippet.end

let after = await session.statistics.jobs
print("jobs:", after - before)
for (name, value) in try model.values { print(name, value) }
await session.close()
