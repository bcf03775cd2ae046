import Foundation
import Tensor
import Testing

/// What PyTorch computes for the tutorial.
struct TutorialNumbers: Decodable {
    /// The losses of every step, and the weight and bias they end with.
    struct Run {
        let losses: [Float]
        let final: [[Float]]
    }

    private struct Values: Decodable {
        let data: [Float]
    }

    let centralised: Run
    let descent: Run
    let adam: Run
    /// Bob's losses, then alice's, of each round, one after the other.
    let aggregator: Run

    private enum Key: String, CodingKey {
        case centralised = "centralised_sgd_0.1_losses"
        case centralisedFinal = "centralised_final"
        case descent = "federated_sgd_0.1_losses_bob_alice_alternating"
        case descentFinal = "federated_sgd_final"
        case adam = "federated_adam_0.1_per_worker_state_losses"
        case adamFinal = "federated_adam_final"
        case aggregator = "trusted_aggregator_sgd_0.1_5_local_steps_10_rounds_losses"
        case aggregatorFinal = "trusted_aggregator_final"
    }

    init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: Key.self)
        func final(_ key: Key) throws -> [[Float]] { try file.decode([Values].self, forKey: key).map(\.data) }
        func losses(_ key: Key) throws -> [Float] { try file.decode([Float].self, forKey: key) }
        centralised = Run(losses: try losses(.centralised), final: try final(.centralisedFinal))
        descent = Run(losses: try losses(.descent), final: try final(.descentFinal))
        adam = Run(losses: try losses(.adam), final: try final(.adamFinal))
        aggregator = Run(
            losses: try file.decode([[Float]].self, forKey: .aggregator).flatMap(\.self),
            final: try final(.aggregatorFinal))
    }

    static func load() throws -> TutorialNumbers {
        let url = SourceFolder.root.appending(path: "Tests/Fixtures/vectors/tutorial.json")
        return try JSONDecoder().decode(TutorialNumbers.self, from: Data(contentsOf: url))
    }
}

extension TutorialNumbers.Run {
    /// Records an issue unless losses and parameters are these, to 2e-5 relatively and 1e-6.
    func expect(
        _ losses: [Float], _ parameters: [[Float]], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(losses.count == self.losses.count, sourceLocation: sourceLocation)
        #expect(parameters.map(\.count) == final.map(\.count), sourceLocation: sourceLocation)
        let got = losses + parameters.flatMap(\.self), expected = self.losses + final.flatMap(\.self)
        for (index, (got, expected)) in zip(got, expected).enumerated() {
            let isNear = abs(got - expected) <= 1e-6 + 2e-5 * abs(expected)
            #expect(isNear, "number \(index) is \(got), expected \(expected)", sourceLocation: sourceLocation)
        }
    }

    /// The same, of a model.
    func expect(
        _ losses: [Float], _ model: Linear, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        expect(losses, try model.values.map { try $0.value.floats }, sourceLocation: sourceLocation)
    }
}
