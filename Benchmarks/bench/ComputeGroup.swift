import Tensor

/// Kernels and plans on one thread.
struct ComputeGroup {
    let site: Site

    func run() throws {
        ComputeThread.prepare()
        let batches = [10, 32, 128]
        let words = batches.map(String.init)
        let limits = try site.limit("step", words, environment: ["OMP_NUM_THREADS": "1"])
        let peers = site.peer("torch_step.py", ["1"] + words)
        for (index, batch) in batches.enumerated() {
            let step = try TrainingStep(batch: batch)
            let time = try step.microseconds()
            let name = "step of 784-200-200-10, batch \(batch), 1 thread"
            try Row.time(name, time, "µs", against: "bare sgemm and loops", limits[2 * index + 1]).report()
            if let peers, peers.count == 2 * batches.count {
                try Row.time(name, time, "µs", against: "PyTorch", peers[2 * index + 1]).report()
            }
        }
        try traceRow()
    }

    private func traceRow() throws {
        let times = try (0..<200).map { _ in try seconds { _ = try TrainingStep.graph() } }
        try Row("recording and tracing that step", median(times) * 1e6, "µs").report()
    }
}

/// The step every worker runs for the main job: bytes to floats, forward, gradient, update, all in one plan.
struct TrainingStep {
    private static let parameterCount = 6
    private let execution: Execution
    private let batch: Int

    init(batch: Int) throws {
        self.batch = batch
        let (graph, parameters) = try TrainingStep.graph()
        let pixels = ValueType(.uint8, try Shape([batch, 28, 28]))
        let labels = ValueType(.int32, try Shape([batch]))
        let updates = (0..<TrainingStep.parameterCount).map { Plan.Update(output: $0, input: $0 + 2) }
        let plan = try Plan(graph, inputs: [pixels, labels] + parameters.map(\.type), updates: updates)
        execution = Execution(plan)
        for (index, value) in parameters.enumerated() { try execution.bind(value, to: index + 2) }
        let count = batch * 784
        try execution.bind(
            TensorValue((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }, shape: [batch, 28, 28]),
            to: 0)
        try execution.bind(TensorValue((0..<batch).map { Int32($0 % 10) }, shape: [batch]), to: 1)
    }

    /// The step as a graph, and the first parameters.
    static func graph() throws -> (Graph, [TensorValue]) {
        var random = Philox(seed: 1, purpose: .initialization)
        let model = Sequential([
            try Linear(784, 200, initialization: .zeros, using: &random), ReLU(),
            try Linear(200, 200, initialization: .zeros, using: &random), ReLU(),
            try Linear(200, 10, initialization: .zeros, using: &random),
        ])
        let pixels = Tensor.input("pixels", .uint8, dimensions: [nil, 28, 28])
        let labels = Tensor.input("labels", .int32, dimensions: [nil])
        let parameters = model.parameters
        let loss = softmaxCrossEntropy(
            model(pixels.cast(to: .float32).flattened() / 255), labels, reduction: .mean)
        let gradients = gradient(of: loss, withRespectTo: parameters.map(\.parameter.tensor))
        let new = try SGDRule().step(
            parameters: parameters.map(\.parameter.tensor), gradients: gradients, learningRate: 0.01)
        let graph = try Graph(
            inputs: [pixels, labels], parameters: parameters, outputs: new.parameters + [loss])
        return (graph, try model.values.map(\.value))
    }

    /// The time of one step, the best of seven runs, as the limit is measured.
    func microseconds() throws -> Double {
        let steps = 20_000 / batch + 50
        var best = Double.infinity
        for _ in 0..<7 {
            let time = try seconds { for _ in 0..<steps { _ = try execution.run() } }
            best = min(best, time / Double(steps))
        }
        return best * 1e6
    }
}
