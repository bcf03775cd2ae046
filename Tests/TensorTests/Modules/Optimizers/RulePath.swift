import Tensor

extension OptimizerRule {
    /// Takes steps with given gradients of one number, returning the number after each.
    func path(from start: Float, gradients: [Float], learningRate: Float) throws -> [Float] {
        var parameter = try TensorValue([start] as [Float])
        var state = initialState(for: [parameter.type])
        return try gradients.enumerated().map { index, gradient in
            let numbers = self.numbers(step: index + 1, learningRate: learningRate)
            let next = try step(
                parameters: [Tensor(parameter)], gradients: [Tensor([gradient])],
                state: state.map { Tensor($0) }, numbers: numbers.map { Tensor($0) })
            parameter = try next.parameters[0].value()
            state = try next.state.map { try $0.value() }
            return try parameter.floats[0]
        }
    }
}
