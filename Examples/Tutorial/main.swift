// Federated learning in one page: a model visits data it may not see. First the ordinary way, on data at
// hand; then the same model and the same loop, with the data at bob and alice.
//
//     swift run Tutorial                          bob and alice in this process
//     swift run Tutorial tcp://127.0.0.1:5555     bob and alice as workers of that broker, started by
//                                                 `worker --name bob` and `worker --name alice`
import Fagure
import Foundation
import Tensor

let data = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
let target = Tensor([[0], [0], [1], [1]])

/// A model with the weights every part of this example starts from; `Linear(2, 1)` draws its own.
func makeModel() throws -> Linear { try Linear(weight: [[0.25, -0.5]], bias: [0.125]) }

func show(_ model: Linear) throws {
    for (name, value) in try model.values { print(name, value) }
}

// MARK: All data here

print("centralised")
do {
    let model = try makeModel()
    let optimizer = SGD(model.parameters, learningRate: 0.1)
    for _ in 0..<20 {
        optimizer.zeroGradients()
        let loss = ((model(data) - target) ** 2).sum()
        loss.backward()
        optimizer.step()
        print(try loss.scalar())
    }
    try show(model)
}

// MARK: Two rows at bob, two at alice

func federated() async throws {
    let session =
        CommandLine.arguments.count > 1
        ? try await Session.connect(CommandLine.arguments[1]) : try await Session.embedded()
    if let session = session as? EmbeddedSession {
        try await session.addWorker("bob")
        try await session.addWorker("alice")
    }
    let bob = try await session.worker("bob", timeout: .seconds(10))
    let alice = try await session.worker("alice", timeout: .seconds(10))

    let datasets = [
        (try await data[0..<2].send(to: bob), try await target[0..<2].send(to: bob)),
        (try await data[2..<4].send(to: alice), try await target[2..<4].send(to: alice)),
    ]

    print("federated")
    do {
        let model = try makeModel()
        let optimizer = SGD(model.parameters, learningRate: 0.1)
        for _ in 0..<10 {
            for (data, target) in datasets {
                try await model.send(to: data.location)
                optimizer.zeroGradients()
                let loss = ((model(data) - target) ** 2).sum()
                loss.backward()
                optimizer.step()
                // All of it so far is only recorded. One message takes the parameters there, one brings loss and
                // parameters back.
                let (value, _) = try await get(loss, model)
                print(value)
            }
        }
        try show(model)
    }

    print("federated, Adam with a state at each worker")
    do {
        let model = try makeModel()
        let optimizer = Adam(model.parameters, learningRate: 0.1, state: .perLocation)
        for _ in 0..<10 {
            for (data, target) in datasets {
                try await model.send(to: data.location)
                optimizer.zeroGradients()
                let loss = ((model(data) - target) ** 2).sum()
                loss.backward()
                optimizer.step()
                let (value, _) = try await get(loss, model)
                print(value)
            }
        }
        try show(model)
    }

    let statistics = await session.statistics
    print("\(statistics.jobs) jobs: 4 that sent the data, and one for each step")
    await session.close()
}

do {
    try await federated()
} catch {
    // An error thrown at the top level would end in a crash report; its sentence says it all.
    print("Tutorial: \(error)")
    exit(1)
}
