import Foundation
import Tensor
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
        let momentum, weight_decay: Float?
        let nesterov: Bool?
    }

    var description: String { "\(optimizer) \(hyperparameters)" }
}

@Suite("optimizer vectors")
struct OptimizerVectorTests {
    /// Optimizers that are not built yet. Rows of any other must run.
    static let unsupported: Set = ["adam", "adamw", "adagrad", "rmsprop"]

    static let rows: [OptimizerVector] = (try? VectorFolder.rows("optimizers.json")) ?? []

    @Test("there are rows, and each one runs or is listed as unsupported")
    func coverage() {
        let names = Set(OptimizerVectorTests.rows.map(\.optimizer))
        #expect(names.subtracting(OptimizerVectorTests.unsupported) == ["sgd"])
    }

    @Test("every step of SGD is PyTorch's", arguments: rows.filter { $0.optimizer == "sgd" })
    func sgd(_ row: OptimizerVector) throws {
        let optimizer = SGD(
            learningRate: row.hyperparameters.lr, momentum: row.hyperparameters.momentum ?? 0,
            weightDecay: row.hyperparameters.weight_decay ?? 0,
            nesterov: row.hyperparameters.nesterov ?? false)
        var parameter = try row.initial.value()
        var state = optimizer.initialState(for: [parameter.type])
        for (step, (gradient, expected)) in zip(row.gradients, row.after_each_step).enumerated() {
            let result = try optimizer.step(
                parameters: [Tensor(parameter)], gradients: [Tensor(try gradient.value())],
                state: state.map { Tensor($0) })
            let values = try Tensor.values(of: result.parameters + result.state)
            parameter = values[0]
            state = Array(values.dropFirst())
            try expectEqual(parameter, expected, "\(row) after step \(step + 1)")
        }
    }
}
