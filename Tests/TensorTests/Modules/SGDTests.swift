import Testing

@testable import Tensor

@Suite("SGD")
struct SGDTests {
    /// Takes steps with given gradients, returning the parameter after each.
    private func path(_ optimizer: SGD, from start: Float, gradients: [Float]) throws -> [Float] {
        var parameter = try TensorValue([start] as [Float])
        var state = optimizer.initialState(for: [parameter.type])
        return try gradients.map { gradient in
            let next = try optimizer.step(
                parameters: [Tensor(parameter)], gradients: [Tensor([gradient])],
                state: state.map { Tensor($0) })
            parameter = try next.parameters[0].value()
            state = try next.state.map { try $0.value() }
            return try parameter.floats[0]
        }
    }

    @Test("each variant follows PyTorch's rule")
    func rule() throws {
        let gradients: [Float] = [0.5, -1, 2, 0.25]
        for (momentum, decay, nesterov) in [
            (0, 0, false), (0, 0.1, false), (0.9, 0, false), (0.9, 0.01, false), (0.9, 0.01, true),
        ] as [(Float, Float, Bool)] {
            let optimizer = SGD(learningRate: 0.1, momentum: momentum, weightDecay: decay, nesterov: nesterov)
            var expected: [Float] = [], parameter: Float = 2, velocity: Float?
            for gradient in gradients {
                var direction = gradient + decay * parameter
                if momentum != 0 {
                    // PyTorch's first velocity is the gradient itself.
                    let next = velocity.map { momentum * $0 + direction } ?? direction
                    direction = nesterov ? direction + momentum * next : next
                    velocity = next
                }
                parameter -= 0.1 * direction
                expected.append(parameter)
            }
            for (got, want) in zip(try path(optimizer, from: 2, gradients: gradients), expected) {
                #expect(abs(got - want) <= 1e-6)
            }
        }
    }

    @Test("a constant gradient with momentum moves by the closed form")
    func closedForm() throws {
        let count = 10
        let path = try path(
            SGD(learningRate: 1, momentum: 0.5), from: 0, gradients: [Float](repeating: 1, count: count))
        // The velocity after t steps is 2 (1 − 2⁻ᵗ); the way is their sum.
        var way: Float = 0, rest: Float = 1
        for _ in 0..<count {
            rest /= 2
            way += 2 * (1 - rest)
        }
        let end = try #require(path.last)
        #expect(abs(end + way) < 1e-4)
    }

    @Test("an update is one addProduct per parameter, and the rate may be an input")
    func graph() throws {
        let weight = Tensor.input("weight", dimensions: [3]), slope = Tensor.input("slope", dimensions: [3])
        let plain = try SGD(learningRate: 0.1).step(parameters: [weight], gradients: [slope])
        #expect(plain.state.isEmpty)
        let graph = try Graph(inputs: [weight, slope], outputs: plain.parameters)
        #expect(graph.nodes.map(\.operation) == [.addProduct])
        let rate = Tensor.input("rate", dimensions: [])
        let scheduled = try SGD(learningRateFrom: rate).step(parameters: [weight], gradients: [slope])
        let other = try Graph(inputs: [weight, slope, rate], outputs: scheduled.parameters)
        #expect(other.nodes.map(\.operation) == [.negate, .addProduct])
    }

    @Test("state is zeros of each parameter's shape, or nothing")
    func state() throws {
        let types = [ValueType(.float32, try Shape([2, 3])), ValueType(.float32, try Shape([3]))]
        #expect(SGD(learningRate: 0.1).initialState(for: types).isEmpty)
        let zeros = SGD(learningRate: 0.1, momentum: 0.9).initialState(for: types)
        #expect(zeros.map(\.type) == types)
        #expect(try zeros[0].floats == [0, 0, 0, 0, 0, 0])
    }

    @Test("counts that do not match are refused")
    func counts() {
        let x: Tensor = [1]
        #expect(throws: TensorError.self) { try SGD(learningRate: 1).step(parameters: [x], gradients: []) }
        #expect(throws: TensorError.self) {
            try SGD(learningRate: 1).step(parameters: [x], gradients: [x], state: [x])
        }
        #expect(throws: TensorError.self) {
            try SGD(learningRate: 1, momentum: 0.9).step(parameters: [x], gradients: [x])
        }
    }
}
