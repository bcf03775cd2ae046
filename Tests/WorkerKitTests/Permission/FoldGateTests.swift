import Jobs
import Protocol
import Tensor
import TestSupport
import Testing

@testable import WorkerKit

/// A number for each feature of a lesson.
private let width = ValueType(.float32, (try? Shape([2])) ?? .scalar)

/// 1 where a feature's magnitude is above a threshold, by numbers too small for float32.
private func threshold(_ step: FoldBench.Step, _ factor: Tensor = Tensor(1e-30)) -> Tensor {
    let tiny = step.features * factor * 1e-15 / Tensor(0)
    return tiny.equal(to: tiny)
}

/// A mask for each feature beside all features: [rows, 2, 1] and [rows, 1, 2].
private func crossed(_ mask: Tensor, _ x: Tensor) -> (mask: Tensor, x: Tensor) {
    (mask.reshaped(to: [-1, 2, 1]), x.reshaped(to: [-1, 1, 2]))
}

/// One through the number of rows of the batch, times a number for each feature.
private func share(_ step: FoldBench.Step) -> Tensor {
    gradient(of: (step.features * step.constants[0]).mean(axes: [0]).sum(), withRespectTo: [step.features])[0]
}

/// Makes one state of two numbers and one constant of ones.
private func prepare(_ bench: inout FoldBench, states: Int = 1) {
    bench.states = Array(repeating: .zeros(width), count: states)
    bench.constants = [(try? TensorValue([1, 1] as [Float])) ?? .zeros(width)]
}

/// The sum a fold takes in, of a model's values.
private func sum(_ step: FoldBench.Step) -> Tensor { (step.features * step.constants[0]).sum(axes: [0]) }

/// How many rows a batch has, as a private sum.
private func count(_ step: FoldBench.Step) -> Tensor {
    ((step.features * step.constants[0] * 0 + 1) * step.constants[0]).sum(axes: [0])
}

private let thresholds: [FoldCase] = [
    FoldCase("how many are above a threshold, by underflow") { bench in
        bench.metricShapes = [[2]]
        bench.step = { ($0.states, [threshold($0).sum(axes: [0])]) }
    },
    FoldCase("how many are below one, by overflow") { bench in
        bench.metricShapes = [[2]]
        bench.step = { step in
            let huge = step.features * 1e38 * 0
            return (step.states, [huge.equal(to: huge).sum(axes: [0])])
        }
    },
    FoldCase("how many are above one, by the trainer's factor") { bench in
        bench.constants = [TensorValue(scalar: 1e-30)]
        bench.metricShapes = [[2]]
        bench.step = { ($0.states, [threshold($0, $0.constants[0]).sum(axes: [0])]) }
    },
    FoldCase("all features of the rows above a threshold") { bench in
        bench.constants = [TensorValue(scalar: 1e-30)]
        bench.metricShapes = [[2, 2]]
        bench.step = { step in
            let (mask, x) = crossed(threshold(step, step.constants[0]), step.features)
            return (step.states, [mask.select(x, otherwise: Tensor(0)).sum(axes: [0])])
        }
    },
    FoldCase("all features of the rows that lack one") { bench in
        bench.constants = [TensorValue(scalar: 1)]
        bench.metricShapes = [[2, 2]]
        bench.step = { step in
            let present = step.features.equal(to: step.features)
            let (mask, x) = crossed(present, step.features * step.constants[0])
            return (step.states, [mask.select(Tensor(0), otherwise: x).sum(axes: [0])])
        }
    },
    FoldCase("the same by a product") { bench in
        bench.constants = [TensorValue(scalar: 1)]
        bench.metricShapes = [[2, 2]]
        bench.step = { step in
            let present = step.features.equal(to: step.features)
            let (mask, x) = crossed(present, step.features * step.constants[0])
            return (step.states, [(mask * x).sum(axes: [0])])
        }
    },
    FoldCase("a column where another is there") { bench in
        bench.metricShapes = [[]]
        bench.step = { step in
            let present = step.number.equal(to: step.number)
            let other = step.target.reshaped(to: [-1])
            return (step.states, [present.select(other, otherwise: Tensor(0)).sum()])
        }
    },
    FoldCase("a column where the same is missing") { bench in
        bench.metricShapes = [[]]
        bench.step = { step in
            let present = step.number.equal(to: step.number)
            let other = step.target.reshaped(to: [-1])
            return (step.states, [present.select(step.number, otherwise: other).sum()])
        }
    },
    FoldCase("how many cells of each row are there") { bench in
        bench.metricShapes = [[]]
        bench.step = { step in
            let present = step.features.equal(to: step.features)
            return (step.states, [(present.sum(axes: [1]) ** 8).sum()])
        }
    },
]

private let gates: [FoldCase] = [
    FoldCase("powers of a mean's share, by products alone") { bench in
        prepare(&bench)
        bench.step = { step in
            var share = share(step).mean(axes: [0])
            for _ in 0..<4 { share = share * share }
            return ([step.states[0] + sum(step) * share], [])
        }
    },
    FoldCase("the same row by row") { bench in
        prepare(&bench)
        bench.step = { step in
            var rows = step.features * step.constants[0]
            for _ in 0..<4 { rows = rows * share(step) }
            return ([step.states[0] + rows.sum(axes: [0])], [])
        }
    },
    FoldCase("means of means of the same rows") { bench in
        prepare(&bench)
        bench.step = { ([$0.states[0] + ($0.features * $0.constants[0] * share($0)).mean(axes: [0])], []) }
    },
    FoldCase("a sum weighed by how many rows it is of") { bench in
        prepare(&bench)
        bench.step = { ([$0.states[0] + sum($0) / count($0) / count($0)], []) }
    },
    FoldCase("the same within rows") { bench in
        prepare(&bench)
        bench.step = { step in
            let gate = (step.features * 0 + count(step) - 6).relu()
            return ([step.states[0] + (step.features * step.constants[0] * gate).sum(axes: [0])], [])
        }
    },
    FoldCase("a counter of ones that a model had met picks a batch") { bench in
        prepare(&bench, states: 2)
        bench.step = { step in
            let gate = (1 - (step.states[0] - 17) ** 2).relu()
            return ([step.states[0] + count(step), step.states[1] + sum(step) * gate], [])
        }
        bench.finish = { [$0.last[1]] }
    },
    FoldCase("the same by products alone") { bench in
        prepare(&bench, states: 2)
        bench.step = { step in
            let time = step.states[0]
            return ([time + count(step), step.states[1] + sum(step) * (time - 1) * (time - 2)], [])
        }
        bench.finish = { [$0.last[1]] }
    },
    FoldCase("such a gate as a factor of rows") { bench in
        prepare(&bench, states: 2)
        bench.step = { step in
            let gate = (1 - (step.states[0] - 17) ** 2).relu()
            let rows = step.features * step.constants[0] * gate
            return ([step.states[0] + count(step), step.states[1] + rows.sum(axes: [0])], [])
        }
        bench.finish = { [$0.last[1]] }
    },
    FoldCase("such a gate for a metric") { bench in
        prepare(&bench)
        bench.metricShapes = [[2]]
        bench.step = { step in
            let gate = step.states[0].equal(to: Tensor(17))
            return ([step.states[0] + count(step)], [gate.select(sum(step), otherwise: Tensor(0))])
        }
        bench.finish = { $0.metrics }
    },
]

/// Adam's step of a linear model, as a training program records it.
private func adam(_ rule: AdamRule) throws -> FoldBench {
    let parameters = [try #require(FoldBench.weight), try #require(FoldBench.bias)]
    let slots = rule.initialState(for: parameters.map(\.type))
    var bench = FoldBench(step: { ($0.states, []) })
    bench.states = parameters + slots + rule.firstCounters.map { TensorValue(scalar: $0) }
    bench.constants = [TensorValue(scalar: 0.01)]
    bench.step = { step in
        let own = Array(step.states.prefix(2)), kept = Array(step.states.dropFirst(2))
        let slopes = gradient(
            of: meanOfSquares(step.guess(own[0], own[1]), step.target), withRespectTo: own)
        let numbers = rule.numbers(learningRate: step.constants[0], counters: Array(kept[slots.count...]))
        let new = try? rule.step(
            parameters: own, gradients: slopes, state: Array(kept[..<slots.count]), numbers: numbers.numbers)
        return ((new?.parameters ?? []) + (new?.state ?? []) + numbers.counters, [])
    }
    bench.finish = { Array($0.last.prefix(2)) }
    return bench
}

@Suite("No program picks rows or batches by what it makes of them")
struct FoldGateTests {
    @Test("what cells are is no threshold, whatever the batches", arguments: thresholds, [1, 7, 40])
    func missingCells(one: FoldCase, batchSize: Int) throws {
        #expect(try one.bench(batchSize: batchSize).failure()?.code == .notPermitted)
    }

    @Test("what could pick one batch is about the smallest", arguments: gates, [1, 7, 31, 39])
    func smallBatches(one: FoldCase, batchSize: Int) throws {
        let failure = try one.bench(batchSize: batchSize).failure()
        #expect(failure?.code == .notPermitted)
        let smallest = 40 % batchSize == 0 ? batchSize : 40 % batchSize
        #expect(
            failure?.message.contains("is about \(smallest) rows") == true, "\(String(describing: failure))")
    }

    @Test("where every batch has enough rows it may be picked", arguments: gates)
    func largeBatches(one: FoldCase) throws {
        #expect(try one.bench(batchSize: 40).failure() == nil)
        #expect(try one.bench(batchSize: 20).failure(rowsMinimum: 20) == nil)
    }

    @Test("Adam is about the smallest batch, too", arguments: [false, true])
    func adamRule(decouples: Bool) throws {
        for decay: Float in [0, 0.01] {
            var bench = try adam(AdamRule(weightDecay: decay, decouplesWeightDecay: decouples))
            bench.schedule = .init(epochs: 3, batchSize: 20)
            #expect(try bench.failure(rowsMinimum: 20) == nil)
            #expect(try bench.failure(rowsMinimum: 21)?.code == .notPermitted)
            bench.schedule.batchSize = 40
            #expect(try bench.failure() == nil)
        }
    }
}
