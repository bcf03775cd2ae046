import Foundation
import Tensor
import TestSupport
import Testing

/// Steps of an optimizer on given gradients, as PyTorch computes them.
struct OptimizerVector: Decodable, CustomStringConvertible {
    let optimizer: String
    let hyperparameters: Hyperparameters
    let initial: VectorTensor
    let gradients: [VectorTensor]
    let after_each_step: [VectorTensor]

    struct Hyperparameters: Decodable {
        let lr: Float
        let momentum, weight_decay, epsilon: Float?
        let beta1, beta2: Double?
        let nesterov: Bool?
    }

    var description: String { "\(optimizer) \(hyperparameters)" }
}

@Suite("optimizer vectors")
struct OptimizerVectorTests {
    /// Optimizers that are not built yet. Rows of any other must run.
    static let unsupported: Set = ["adagrad", "rmsprop"]

    static let rows: [OptimizerVector] = (try? Fixtures.vectors("optimizers.json")) ?? []

    @Test("there are rows, and each one runs or is listed as unsupported")
    func coverage() {
        let names = Set(OptimizerVectorTests.rows.map(\.optimizer))
        #expect(names.subtracting(OptimizerVectorTests.unsupported) == ["sgd", "adam", "adamw"])
    }

    @Test("every step is PyTorch's", arguments: rows)
    func matches(_ row: OptimizerVector) throws {
        guard let rule = row.rule else {
            #expect(OptimizerVectorTests.unsupported.contains(row.optimizer))
            return
        }
        var parameter = try row.initial.value()
        var state = rule.initialState(for: [parameter.type])
        for (index, (gradient, expected)) in zip(row.gradients, row.after_each_step).enumerated() {
            let numbers = rule.numbers(step: index + 1, learningRate: row.hyperparameters.lr)
            let result = try rule.step(
                parameters: [Tensor(parameter)], gradients: [Tensor(try gradient.value())],
                state: state.map { Tensor($0) }, numbers: numbers.map { Tensor($0) })
            let values = try Tensor.values(of: result.parameters + result.state)
            parameter = values[0]
            state = Array(values.dropFirst())
            try expectEqual(parameter, expected, "\(row) after step \(index + 1)")
        }
    }
}

extension OptimizerVector {
    /// The row's rule, or nil where there is none yet.
    var rule: (any OptimizerRule)? {
        let decay = hyperparameters.weight_decay ?? 0
        return switch optimizer {
        case "sgd":
            SGDRule(
                momentum: hyperparameters.momentum ?? 0, weightDecay: decay,
                nesterov: hyperparameters.nesterov ?? false)
        case "adam", "adamw":
            AdamRule(
                beta1: hyperparameters.beta1 ?? 0, beta2: hyperparameters.beta2 ?? 0,
                epsilon: hyperparameters.epsilon ?? 0, weightDecay: decay,
                decouplesWeightDecay: optimizer == "adamw")
        default: nil
        }
    }
}
