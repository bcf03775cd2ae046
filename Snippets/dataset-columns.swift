// A model learns from the rows of a hospital that nobody may read.
import Datasets
import Fagure
import Tensor

let session = try await Session.embedded()

// snippet.owner
let shard = try Dataset.load(named: "digits").shard(0, of: 1, partition: .iid(seed: 0))
let hospital = try await session.addWorker("hospital", shards: [shard], releaseRowsMinimum: 32)
// snippet.end

// snippet.columns
let digits = try hospital.dataset("digits")
let images = try digits.features.cast(to: .float32).flattened() / 16
let labels = try digits.labels
print("images are", images)
// snippet.end

// snippet.learn
let model = try Linear(64, 10, seed: 1)
try await model.send(to: hospital)
let optimizer = SGD(model.parameters, learningRate: 0.1)
var losses: [Tensor] = []
for _ in 0..<10 {
    optimizer.zeroGradients()
    let loss = softmaxCrossEntropy(model(images), labels)
    loss.backward()
    optimizer.step()
    losses.append(loss)
}
let (values, _) = try await get(losses, model)  // ten steps over all rows: one job
print("losses:", try values.map { try $0.scalar() })
// snippet.end

// snippet.refused
do {
    _ = try await images[0..<1].get()
} catch {
    print("refused:", error)
}
// snippet.end
await session.close()
