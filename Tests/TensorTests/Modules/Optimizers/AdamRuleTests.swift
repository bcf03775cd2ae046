import Foundation
import Testing

@testable import Tensor

@Suite("Adam rule")
struct AdamRuleTests {
    /// Adam in double precision, as the paper writes it.
    private func path(
        _ rule: AdamRule, from start: Double, gradients: [Double], learningRate: Double
    ) -> [Double] {
        var parameter = start, mean = 0.0, variance = 0.0
        let decay = Double(rule.weightDecay)
        return gradients.enumerated().map { index, slope in
            let time = Double(index + 1)
            if rule.decouplesWeightDecay { parameter -= learningRate * decay * parameter }
            let gradient = slope + (rule.decouplesWeightDecay ? 0 : decay * parameter)
            mean = rule.beta1 * mean + (1 - rule.beta1) * gradient
            variance = rule.beta2 * variance + (1 - rule.beta2) * gradient * gradient
            let unbiasedMean = mean / (1 - pow(rule.beta1, time))
            let unbiasedVariance = variance / (1 - pow(rule.beta2, time))
            parameter -= learningRate * unbiasedMean / (unbiasedVariance.squareRoot() + Double(rule.epsilon))
            return parameter
        }
    }

    @Test("each variant follows the paper, an epsilon that matters included")
    func rule() throws {
        let gradients: [Float] = [0.5, -1, 2, 0.25, 0, 0, 1e-3, -3]
        for rule in [
            AdamRule(), AdamRule(epsilon: 0.1), AdamRule(beta1: 0.5, beta2: 0.75, epsilon: 0.01),
            AdamRule(weightDecay: 0.1), AdamRule(weightDecay: 0.1, decouplesWeightDecay: true),
        ] {
            let got = try rule.path(from: 2, gradients: gradients, learningRate: 0.125)
            let wanted = path(rule, from: 2, gradients: gradients.map { Double($0) }, learningRate: 0.125)
            for (a, b) in zip(got, wanted) { #expect(abs(Double(a) - b) <= 1e-5 * (1 + abs(b))) }
        }
    }

    @Test("a constant gradient of any size moves by the rate at every step")
    func closedForm() throws {
        for size in [1e-3, 1, 1e3] as [Float] {
            let path = try AdamRule()
                .path(from: 0, gradients: [Float](repeating: size, count: 20), learningRate: 0.5)
            for (index, point) in path.enumerated() {
                let wanted = -0.5 * Float(index + 1)
                #expect(abs(point - wanted) <= 1e-4 * abs(wanted))
            }
        }
    }

    @Test("numbers are exact at the first step and settle in the end")
    func numbers() {
        let rule = AdamRule(beta1: 0.5, beta2: 0.75)
        #expect(rule.numbers(step: 1, learningRate: 1) == [-2, 2])
        #expect(rule.numbers(step: 10_000, learningRate: 1) == [-1, 1])
        let shrinking = AdamRule(weightDecay: 0.5, decouplesWeightDecay: true)
        #expect(shrinking.numbers(step: 1, learningRate: 0.5).last == 0.75)
        // Far on, powers close to 1 still count.
        let late = AdamRule().numbers(step: 1_000, learningRate: 1)[1]
        #expect(abs(Double(late) - 1 / (1 - pow(0.999, 1_000)).squareRoot()) < 1e-6)
    }

    @Test("a step is nine operations, the same for every step")
    func graph() throws {
        let names = ["p", "g", "m", "v", "a", "b"]
        let x = names.enumerated().map { Tensor.input($1, dimensions: $0 < 4 ? [3] : []) }
        let step = AdamRule().step(
            parameter: x[0], gradient: x[1], slots: [x[2], x[3]], numbers: [x[4], x[5]])
        let graph = try Graph(inputs: x, outputs: [step.parameter] + step.slots)
        #expect(graph.nodes.count == 9)
    }
}
