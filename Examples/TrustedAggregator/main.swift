// Federated learning with a trusted aggregator: bob and alice each improve a copy of the model on their own
// data, a third worker averages the copies, and the trainer asks it for nothing but the mean.
//
//     swift run TrustedAggregator                          three workers in this process
//     swift run TrustedAggregator tcp://127.0.0.1:5555     workers of that broker, started by `worker`
//                                     with `--name bob`, `--name alice` and `--name secure-worker`
import Fagure
import Foundation
import Tensor

/// The whole program.
func run() async throws {
    let session =
        CommandLine.arguments.count > 1
        ? try await Session.connect(CommandLine.arguments[1]) : try await Session.embedded()
    if let session = session as? EmbeddedSession {
        for name in ["bob", "alice", "secure-worker"] { try await session.addWorker(name) }
    }
    let bob = try await session.worker("bob", timeout: .seconds(10))
    let alice = try await session.worker("alice", timeout: .seconds(10))
    let secureWorker = try await session.worker("secure-worker", timeout: .seconds(10))

    let data = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    let target = Tensor([[0], [0], [1], [1]])
    let bobsData = try await data[0..<2].send(to: bob), bobsTarget = try await target[0..<2].send(to: bob)
    let alicesData = try await data[2..<4].send(to: alice),
        alicesTarget = try await target[2..<4].send(to: alice)

    let model = try Linear(weight: [[0.25, -0.5]], bias: [0.125])

    /// Improves a copy of the model where the data is, and hands it to the secure worker.
    @Sendable func train(_ data: Tensor, _ target: Tensor) async throws -> (model: Linear, losses: [Tensor]) {
        let model = model.copy()
        try await model.send(to: data.location)
        let optimizer = SGD(model.parameters, learningRate: 0.1)
        var losses: [Tensor] = []
        for _ in 0..<5 {
            optimizer.zeroGradients()
            let loss = ((model(data) - target) ** 2).sum()
            loss.backward()
            optimizer.step()
            losses.append(loss)
        }
        let values = try await get(losses)
        try await model.move(to: secureWorker)
        return (model, values)
    }

    for round in 1...10 {
        // Both at the same time.
        async let atBob = train(bobsData, bobsTarget)
        async let atAlice = train(alicesData, alicesTarget)
        let (bobs, alices) = try await (atBob, atAlice)
        print("round \(round): bob \(bobs.losses), alice \(alices.losses)")

        // Recorded here, computed at the secure worker: only the means come back.
        let means = zip(bobs.model.parameters, alices.model.parameters).map { bobs, alices in
            (bobs.parameter.tensor + alices.parameter.tensor) / 2
        }
        let values = try await get(means)
        for (named, mean) in zip(model.parameters, values) { try named.parameter.update(to: mean) }
    }
    for (name, value) in try model.values { print(name, value) }
    await session.close()
}

do {
    try await run()
} catch {
    // An error thrown at the top level would end in a crash report; its sentence says it all.
    print("TrustedAggregator: \(error)")
    exit(1)
}
