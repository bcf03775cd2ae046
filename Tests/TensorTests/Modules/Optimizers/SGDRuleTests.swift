import Testing

@testable import Tensor

@Suite("SGD rule")
struct SGDRuleTests {
    @Test("each variant follows PyTorch's rule")
    func rule() throws {
        let gradients: [Float] = [0.5, -1, 2, 0.25]
        for (momentum, decay, nesterov) in [
            (0, 0, false), (0, 0.1, false), (0.9, 0, false), (0.9, 0.01, false), (0.9, 0.01, true),
        ] as [(Float, Float, Bool)] {
            let rule = SGDRule(momentum: momentum, weightDecay: decay, nesterov: nesterov)
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
            let path = try rule.path(from: 2, gradients: gradients, learningRate: 0.1)
            for (got, want) in zip(path, expected) { #expect(abs(got - want) <= 1e-6) }
        }
    }

    @Test("a constant gradient with momentum moves by the closed form")
    func closedForm() throws {
        let count = 10
        let path = try SGDRule(momentum: 0.5)
            .path(from: 0, gradients: [Float](repeating: 1, count: count), learningRate: 1)
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
        let plain = try SGDRule().step(parameters: [weight], gradients: [slope], learningRate: 0.1)
        #expect(plain.state.isEmpty)
        let graph = try Graph(inputs: [weight, slope], outputs: plain.parameters)
        #expect(graph.nodes.map(\.operation) == [.addProduct])
        let rate = Tensor.input("rate", dimensions: [])
        let scheduled = try SGDRule().step(
            parameters: [weight], gradients: [slope], learningRateFrom: rate)
        let other = try Graph(inputs: [weight, slope, rate], outputs: scheduled.parameters)
        #expect(other.nodes.map(\.operation) == [.negate, .addProduct])
    }

    @Test("the number of a step is the rate with its sign changed, at every step")
    func numbers() {
        #expect(SGDRule(momentum: 0.9).numbers(step: 1, learningRate: 0.25) == [-0.25])
        #expect(SGDRule().numbers(step: 1_000, learningRate: 0.25) == [-0.25])
    }
}
