package import Tensor

/// What PyTorch computes for the tutorial.
package struct TutorialVectors: Decodable, Sendable {
    /// The losses of every step, and the weight and bias they end with.
    package struct Run: Sendable {
        /// In the order of the steps.
        package let losses: [Float]
        /// Weight and bias.
        package let final: [VectorTensor]
    }

    /// The inputs, one row a case.
    package let data: VectorTensor
    /// What they should give.
    package let target: VectorTensor
    /// The weight before the first step.
    package let initialWeight: VectorTensor
    /// The bias before the first step.
    package let initialBias: VectorTensor
    /// Twenty steps on all rows.
    package let centralised: Run
    /// Twenty steps of gradient descent, at bob and at alice in turn.
    package let descent: Run
    /// Twenty steps of Adam with a state at each.
    package let adam: Run
    /// The trusted aggregator: bob's losses, then alice's, of each round, one after the other.
    package let aggregator: Run

    private enum Key: String, CodingKey {
        case data, target
        case initialWeight = "initial_weight"
        case initialBias = "initial_bias"
        case centralised = "centralised_sgd_0.1_losses"
        case centralisedFinal = "centralised_final"
        case descent = "federated_sgd_0.1_losses_bob_alice_alternating"
        case descentFinal = "federated_sgd_final"
        case adam = "federated_adam_0.1_per_worker_state_losses"
        case adamFinal = "federated_adam_final"
        case aggregator = "trusted_aggregator_sgd_0.1_5_local_steps_10_rounds_losses"
        case aggregatorFinal = "trusted_aggregator_final"
    }

    /// Reads them.
    package init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: Key.self)
        func run(_ losses: Key, _ final: Key) throws -> Run {
            Run(
                losses: try file.decode([Float].self, forKey: losses),
                final: try file.decode([VectorTensor].self, forKey: final))
        }
        data = try file.decode(VectorTensor.self, forKey: .data)
        target = try file.decode(VectorTensor.self, forKey: .target)
        initialWeight = try file.decode(VectorTensor.self, forKey: .initialWeight)
        initialBias = try file.decode(VectorTensor.self, forKey: .initialBias)
        centralised = try run(.centralised, .centralisedFinal)
        descent = try run(.descent, .descentFinal)
        adam = try run(.adam, .adamFinal)
        aggregator = Run(
            losses: try file.decode([[Float]].self, forKey: .aggregator).flatMap(\.self),
            final: try file.decode([VectorTensor].self, forKey: .aggregatorFinal))
    }

    /// Reads the project's.
    package static func load() throws -> TutorialVectors { try Fixtures.vectors("tutorial.json") }

    /// The model before the first step.
    package func makeModel() throws -> Linear {
        try Linear(weight: initialWeight.tensor(), bias: initialBias.tensor())
    }
}

extension TutorialVectors.Run {
    /// What is not as PyTorch has it among losses and parameters.
    package func differences(_ losses: [Float], _ parameters: [[Float]]) -> [String] {
        let expected = final.map { $0.data.map { Float($0) } }
        guard parameters.map(\.count) == expected.map(\.count) else {
            return ["parameters of \(parameters.map(\.count)) numbers, expected \(expected.map(\.count))"]
        }
        return TestSupport.differences(
            losses + parameters.flatMap(\.self), self.losses + expected.flatMap(\.self))
    }

    /// What is not as PyTorch has it among losses and a model's parameters.
    package func differences(_ losses: [Float], _ model: Linear) throws -> [String] {
        let values = try model.values
        guard values.map(\.value.shape.dimensions) == final.map(\.shape) else {
            return ["parameters \(values.map(\.value.shape)), expected \(final.map(\.shape))"]
        }
        return differences(losses, try values.map { try $0.value.floats })
    }

    /// What is not as PyTorch has it of a model alone.
    package func differences(_ model: Linear) throws -> [String] { try differences(losses, model) }
}
