// A model, a loss and a metric of one's own, trained in rounds where the rows are.
import Fagure

let session = try await Session.embedded()
for index in 0..<3 {
    let shard = try Dataset.load(named: "digits").shard(index, of: 3, partition: .iid(seed: 0))
    try await session.addWorker("site-\(index)", shards: [shard], publicDatasets: ["digits"])
}

// snippet.run
/// Two paths through one input, added.
final class TwoPaths: Module {
    let direct: Linear, hidden: Linear, output: Linear
    init(_ direct: Linear, _ hidden: Linear, _ output: Linear) {
        (self.direct, self.hidden, self.output) = (direct, hidden, output)
    }
    var parameters: [NamedParameter] {
        [("direct", direct), ("hidden", hidden), ("output", output)].flatMap { name, layer in
            layer.parameters.map { ("\(name).\($0.name)", $0.parameter) }
        }
    }
    func callAsFunction(_ x: Tensor) -> Tensor { direct(x) + output(hidden(x).tanh()) }
    func copy() -> TwoPaths { TwoPaths(direct.copy(), hidden.copy(), output.copy()) }
}
let model = try TwoPaths(Linear(64, 10), Linear(64, 32), Linear(32, 10))

var configuration = TrainingConfiguration()
configuration.rounds = 5
configuration.training.optimizer = AdamRule()
configuration.training.learningRate = 0.01
configuration.training.schedule = .cosine
configuration.objective = Objective(
    loss: Loss { outputs, labels in softmaxCrossEntropy(outputs, labels, reduction: .none) },
    metrics: [Metric("confidence") { outputs, _ in outputs.softmax().max(axes: [1]) }])
let outcome = await TrainingRun(configuration, session: session, model: model).run { event in
    if case .epoch(let report) = event { print(report.round, report.training.meanLoss ?? .nan) }
}
// snippet.end
print(outcome.end)
await session.close()
