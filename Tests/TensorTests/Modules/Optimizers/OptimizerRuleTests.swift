import Testing

@testable import Tensor

@Suite("optimizer rules")
struct OptimizerRuleTests {
    @Test("state is zeros of each parameter's shape for every slot, or nothing")
    func state() throws {
        let types = [ValueType(.float32, try Shape([2, 3])), ValueType(.float32, try Shape([3]))]
        #expect(SGDRule().initialState(for: types).isEmpty)
        let velocities = SGDRule(momentum: 0.9).initialState(for: types)
        #expect(velocities.map(\.type) == types)
        #expect(try velocities[0].floats == [0, 0, 0, 0, 0, 0])
        #expect(AdamRule().initialState(for: types).map(\.type) == types + types)
    }

    @Test("several parameters step as each would alone, slot after slot")
    func together() throws {
        let rule = AdamRule(), starts: [Float] = [1, -2], gradients: [Float] = [0.5, 3]
        let numbers = rule.numbers(step: 3, learningRate: 0.1).map { Tensor($0) }
        let slots: [[Float]] = [[0.1, 0.2], [0.3, 0.4]]
        let both = try rule.step(
            parameters: starts.map { Tensor([$0]) }, gradients: gradients.map { Tensor([$0]) },
            state: slots.flatMap { $0.map { Tensor([$0]) } }, numbers: numbers)
        for index in 0..<2 {
            let alone = rule.step(
                parameter: Tensor([starts[index]]), gradient: Tensor([gradients[index]]),
                slots: slots.map { Tensor([$0[index]]) }, numbers: numbers)
            #expect(try both.parameters[index].value() == alone.parameter.value())
            #expect(try both.state[index].value() == alone.slots[0].value())
            #expect(try both.state[2 + index].value() == alone.slots[1].value())
        }
    }

    @Test("counts that do not match are refused by name")
    func counts() {
        let x: Tensor = [1]
        let momentum = SGDRule(momentum: 0.9)
        for (rule, gradients, state, numbers, what) in [
            (SGDRule(), 0, 0, 1, "SGDRule gradients"), (SGDRule(), 1, 1, 1, "SGDRule state"),
            (momentum, 1, 0, 1, "SGDRule state"), (momentum, 1, 1, 0, "SGDRule numbers"),
            (AdamRule(), 1, 1, 2, "AdamRule state"), (AdamRule(), 1, 2, 3, "AdamRule numbers"),
        ] as [(any OptimizerRule, Int, Int, Int, String)] {
            let error = #expect(throws: TensorError.self) {
                try rule.step(
                    parameters: [x], gradients: [Tensor](repeating: x, count: gradients),
                    state: [Tensor](repeating: x, count: state),
                    numbers: [Tensor](repeating: x, count: numbers))
            }
            #expect(error?.description.hasPrefix(what) == true)
        }
    }
}
