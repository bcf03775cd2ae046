// Pointers to remote tensors: what can be done with a tensor somebody else holds.
//
//     swift run Pointers                          bob and alice in this process
//     swift run Pointers tcp://127.0.0.1:5555     bob and alice as workers of that broker, started by `worker
//                                                 --name bob --dataset digits` and `worker --name alice`
import Datasets
import Fagure
import Foundation
import Tensor

/// The whole program.
func run() async throws {
    let session =
        CommandLine.arguments.count > 1
        ? try await Session.connect(CommandLine.arguments[1]) : try await Session.embedded()
    if let session = session as? EmbeddedSession {
        let digits = try Dataset.load(named: "digits")
        try await session.addWorker(
            "bob", shards: [try digits.shard(0, of: 1, partition: .iid(seed: 0))],
            tags: ["digits": ["#digits"]])
        try await session.addWorker("alice")
    }
    let bob = try await session.worker("bob", timeout: .seconds(10))
    let alice = try await session.worker("alice", timeout: .seconds(10))

    // A tensor that is sent stays here too; what comes back refers to the one there.
    let x = try await Tensor([1, 2, 3, 4]).tag("#x").send(to: bob)
    print("x is", x, "with shape", try x.shape)

    // Operators are the same as on tensors here. Nothing is computed before it is asked for.
    let y = x * 2 + 1
    print("y is", y)
    print("its value is", try await y.get())

    // Values go from worker to worker without passing here. `get` and `move` use a pointer up, so here a copy
    // goes and x stays.
    let moved = try await x.copy().move(to: alice)
    print("a copy of x is", moved)
    print("its sum is", try await moved.sum().get())

    // Operands must be at one location.
    do {
        _ = try await (x + moved).get()
    } catch {
        print("refused:", error)
    }

    // What was tagged is found again; all tags must match.
    print("found:", try await session.search(tags: "#x"))
    print("bob keeps", try await bob.objects)

    // Gradients are found where the data is.
    let weight = try await Tensor([1, 1, 1, 1]).send(to: bob)
    let loss = ((x * weight).sum() - 5) ** 2
    print("slopes:", try await gradient(of: loss, withRespectTo: [weight])[0].get())

    // A data set's rows are private: models may learn from them, nobody may fetch them.
    if let digits = try? bob.dataset("digits") {
        print("bob's features are", try digits.features)
        do {
            _ = try await digits.features[0..<1].get()
        } catch {
            print("refused:", error)
        }
        let model = try Linear(64, 10, seed: 1)
        try await model.send(to: bob)
        let images = try digits.features.cast(to: .float32).flattened() / 16
        let loss = softmaxCrossEntropy(model(images), try digits.labels)
        print("a model's loss on them is", try await loss.get())
    }
    await session.close()
}

do {
    try await run()
} catch {
    // An error thrown at the top level would end in a crash report; its sentence says it all.
    print("Pointers: \(error)")
    exit(1)
}
