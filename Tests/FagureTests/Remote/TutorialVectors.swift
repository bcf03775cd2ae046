import Foundation
import Tensor
import Testing

/// The numbers PyTorch gives for the tutorial.
struct TutorialVectors: Decodable {
    let centralisedLosses: [Float]
    let centralisedFinal: [VectorTensor]
    let sgdLosses: [Float]
    let sgdFinal: [VectorTensor]
    let adamLosses: [Float]
    let adamFinal: [VectorTensor]
    /// For each round bob's losses, then alice's.
    let aggregatorLosses: [[Float]]
    let aggregatorFinal: [VectorTensor]
    let data: VectorTensor
    let target: VectorTensor
    let initialWeight: VectorTensor
    let initialBias: VectorTensor

    enum CodingKeys: String, CodingKey {
        case data, target
        case initialWeight = "initial_weight"
        case initialBias = "initial_bias"
        case centralisedLosses = "centralised_sgd_0.1_losses"
        case centralisedFinal = "centralised_final"
        case sgdLosses = "federated_sgd_0.1_losses_bob_alice_alternating"
        case sgdFinal = "federated_sgd_final"
        case adamLosses = "federated_adam_0.1_per_worker_state_losses"
        case adamFinal = "federated_adam_final"
        case aggregatorLosses = "trusted_aggregator_sgd_0.1_5_local_steps_10_rounds_losses"
        case aggregatorFinal = "trusted_aggregator_final"
    }

    /// A tensor in the file: flat numbers in row-major order.
    struct VectorTensor: Decodable {
        let shape: [Int]
        let data: [Float]

        var tensor: Tensor { Tensor(data, shape: shape) }
    }

    static func load() throws -> TutorialVectors {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/vectors/tutorial.json")
        return try JSONDecoder().decode(TutorialVectors.self, from: Data(contentsOf: url))
    }

    func makeModel() throws -> Linear {
        try Linear(weight: initialWeight.tensor, bias: initialBias.tensor)
    }
}

/// Records an issue unless all numbers are as they should be, to 2e-5 relatively and 1e-6.
func expectNear(
    _ got: [Float], _ expected: [Float], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    guard got.count == expected.count else {
        Issue.record(
            "\(what): \(got.count) numbers, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    for (index, (a, b)) in zip(got, expected).enumerated() where !(abs(a - b) <= 1e-6 + 2e-5 * abs(b)) {
        Issue.record("\(what): number \(index) is \(a), expected \(b)", sourceLocation: sourceLocation)
    }
}

/// Records an issue unless a model has come to the numbers it should.
func expectNear(
    _ model: Linear, _ expected: [TutorialVectors.VectorTensor],
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let values = try model.values
    #expect(values.map(\.value.shape.dimensions) == expected.map(\.shape), sourceLocation: sourceLocation)
    for (named, expected) in zip(values, expected) {
        expectNear(try named.value.floats, expected.data, named.name, sourceLocation: sourceLocation)
    }
}
