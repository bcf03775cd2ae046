import Fagure
import Tensor

/// The tutorial's training step: here, at a worker of this process, and at one over tcp.
struct TutorialGroup {
    let site: Site

    func run() async throws {
        ComputeThread.prepare()
        try localRows()
        try lookUpRow()
        try await embeddedRow()
        try await networkRow()
    }

    /// Four rows through Linear(2, 1), the sum of squares, its gradient and a step of SGD, recorded anew and
    /// asked for each time, as PyTorch's users write it.
    private func localRows() throws {
        let name = "tutorial's step, four rows, here"
        let step = try TutorialStep(data: TutorialStep.data, target: TutorialStep.target)
        for _ in 0..<500 { _ = try step.local() }
        var best = Double.infinity
        for _ in 0..<7 {
            best = min(best, try seconds { for _ in 0..<2_000 { _ = try step.local() } } / 2_000)
        }
        if let peer = site.peer("torch_tutorial.py", ["1"]), let time = peer.first {
            try Row.time(name, best * 1e6, "µs", against: "PyTorch", time).report()
        } else {
            try Row(name, best * 1e6, "µs").report()
        }
    }

    /// Recording, tracing and finding the plan of a step of some thirty nodes that was seen before.
    private func lookUpRow() throws {
        let step = try LookUp()
        for _ in 0..<500 { _ = try step.nodeCount() }
        var (recording, best) = (Double.infinity, Double.infinity)
        for _ in 0..<7 {
            recording = min(recording, seconds { for _ in 0..<2_000 { step.record() } } / 2_000)
            best = min(best, try seconds { for _ in 0..<2_000 { _ = try step.nodeCount() } } / 2_000)
        }
        let nodes = try step.nodeCount()
        try Row("recording a step of \(nodes) nodes", recording * 1e6, "µs").report()
        try Row("recording, tracing and finding its plan", best * 1e6, "µs").report()
        try Row("tracing and finding its plan", (best - recording) * 1e6, "µs").report()
    }

    private func embeddedRow() async throws {
        let session = try await Session.embedded()
        let bob = try await session.addWorker("bob")
        let time = try await Self.latency(bob)
        try Row("tutorial's step at a worker, embedded, p50", time * 1e6, "µs").report()
        await session.close()
    }

    private func networkRow() async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        try fleet.addWorkers(site, [["--dataset", "toy", "--name", "bob"]])
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let bob = try await session.worker("bob")
        var (times, bare) = ([Double](), [Double]())
        for _ in 0..<3 {
            times.append(try await Self.latency(bob))
            bare.append(try site.limit("messages", ["latency", "64"])[0])
        }
        try Row.time(
            "tutorial's step at a worker over tcp, p50", median(times) * 1e6, "µs",
            against: "bare libzmq round trip", median(bare)
        ).report()
        try await memoryRows(bob, unwrap(fleet.workers.first))
        await session.close()
    }

    /// A worker's memory while a hundred thousand tensors are sent to it and dropped, one after the other.
    private func memoryRows(_ bob: Worker, _ process: Child) async throws {
        let value = Tensor([Float](repeating: 1, count: 1_024))
        for _ in 0..<10_000 { _ = try await value.send(to: bob) }
        try Row("a worker's memory after 10,000 sent and dropped tensors", megabytes(of: process), "MB")
            .report()
        for _ in 0..<90_000 { _ = try await value.send(to: bob) }
        try Row("a worker's memory after 100,000", megabytes(of: process), "MB").report()
    }

    private func megabytes(of process: Child) throws -> Double { try unwrap(process.megabytes()) }

    /// The median time of a step that sends the model, and brings loss and model back.
    private static func latency(_ worker: Worker) async throws -> Double {
        let step = try await TutorialStep(
            data: TutorialStep.data.send(to: worker), target: TutorialStep.target.send(to: worker))
        let clock = ContinuousClock()
        var times: [Double] = []
        for number in 0..<6_000 {
            let start = clock.now
            try await step.federated()
            if number >= 1_000 { times.append((clock.now - start) / .seconds(1)) }
        }
        return median(times)
    }
}

/// A model, its optimizer and the rows it learns from.
private struct TutorialStep {
    static let data: Tensor = [[0, 0], [0, 1], [1, 0], [1, 1]]
    static let target: Tensor = [[0], [0], [1], [1]]

    private let data: Tensor
    private let target: Tensor
    private let model: Linear
    private let optimizer: SGD

    init(data: Tensor, target: Tensor) throws {
        (self.data, self.target) = (data, target)
        model = try Linear(2, 1, seed: 1)
        optimizer = SGD(model.parameters, learningRate: 0.01)
    }

    private func recorded() -> Tensor {
        optimizer.zeroGradients()
        let loss = ((model(data) - target) ** 2).sum()
        loss.backward()
        optimizer.step()
        return loss
    }

    func local() throws -> Float { try recorded().scalar() }

    func federated() async throws {
        try await model.send(to: data.location)
        _ = try await get(recorded(), model)
    }
}

/// A step of some thirty nodes: two hidden layers, forward, backward, SGD.
private struct LookUp {
    private let model: Sequential
    private let rows: Tensor
    private let labels: Tensor
    private let optimizer: SGD

    init() throws {
        model = Sequential(
            try Linear(8, 4, seed: 1), ReLU(), try Linear(4, 4, seed: 2), ReLU(), try Linear(4, 2, seed: 3))
        rows = Tensor([Float](repeating: 1, count: 32), shape: [4, 8])
        labels = Tensor(labels: [0, 1, 0, 1])
        optimizer = SGD(model.parameters, learningRate: 0.01)
    }

    @discardableResult
    func record() -> Tensor {
        model.restore()
        let loss = softmaxCrossEntropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        return loss
    }

    /// Finds the plan, which holds this many nodes, without running it.
    func nodeCount() throws -> Int {
        try Flush([record().expression], at: .here).recipe.graph.nodes.count
    }
}
