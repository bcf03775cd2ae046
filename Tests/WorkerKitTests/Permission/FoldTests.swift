import Jobs
import Protocol
import Tensor
import Testing

@testable import WorkerKit

/// A program, and why it is refused, if it is.
struct FoldCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable (inout FoldBench) -> Void

    init(_ name: String, _ make: @escaping @Sendable (inout FoldBench) -> Void) {
        testDescription = name
        self.make = make
    }

    func bench(batchSize: Int) throws -> FoldBench {
        var bench = FoldBench(
            states: [try #require(FoldBench.weight), try #require(FoldBench.bias)], step: { ($0.states, []) })
        bench.schedule.batchSize = batchSize
        make(&bench)
        return bench
    }
}

/// A step of gradient descent as optimizers record it.
private func descended(
    _ step: FoldBench.Step, momentum: Float = 0, weightDecay: Float = 0, rate: Float = 0.05
) -> (states: [Tensor], loss: Tensor) {
    let parameters = Array(step.states.prefix(2))
    let guess = step.guess(parameters[0], parameters[1])
    let slopes = gradient(of: meanOfSquares(guess, step.target), withRespectTo: parameters)
    let rule = SGDRule(momentum: momentum, weightDecay: weightDecay)
    let new = try? rule.step(
        parameters: parameters, gradients: slopes, state: Array(step.states.dropFirst(2)), learningRate: rate)
    return ((new?.parameters ?? []) + (new?.state ?? []), sumOfSquares(guess, step.target))
}

/// The value of a model for each row: attempts use it, so that no missing model saves us.
private func score(_ step: FoldBench.Step) -> Tensor { step.guess(step.states[0], step.states[1]) }

/// A model of windows, pooled, and of a row of a table for each class, cut and joined again.
private func windowed(_ step: FoldBench.Step) -> Tensor {
    let found = step.features.reshaped(to: [0, 1, 2]).convolution(step.states[0], stride: [1]).maxPool([2])
        .values
    let rows = step.states[1].rows(at: step.label)
    let parts = [
        rows.sliced(starts: [0, 1], stops: [.max, 2]), rows.sliced(starts: [0, 0], stops: [.max, 1]),
    ]
    return (found.flattened() + .concatenated(parts, axis: 1)).sum(axes: [1], keepsDimensions: true)
}

private let allowed: [FoldCase] = [
    FoldCase("training of windows and a table, with momentum") { bench in
        let windows = try? TensorValue([0.5, -0.25] as [Float], shape: [2, 1, 1])
        let table = try? TensorValue([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])
        bench.states = [windows, table].compactMap(\.self)
        bench.states += bench.states.map { .zeros($0.type) }
        bench.metricShapes = [[]]
        bench.step = { step in
            let guess = windowed(step), parameters = Array(step.states.prefix(2))
            let slopes = gradient(of: meanOfSquares(guess, step.target), withRespectTo: parameters)
            let new = try? SGDRule(momentum: 0.9).step(
                parameters: parameters, gradients: slopes, state: Array(step.states.suffix(2)),
                learningRate: 0.1)
            return ((new?.parameters ?? []) + (new?.state ?? []), [sumOfSquares(guess, step.target)])
        }
        bench.finish = { Array($0.last.prefix(2)) + $0.metrics }
    },
    FoldCase("training") { bench in
        bench.metricShapes = [[]]
        bench.step = {
            let made = descended($0); return (made.states, [made.loss])
        }
    },
    FoldCase("training with momentum and weight decay, whose velocity stays") { bench in
        bench.states += bench.states.map { .zeros($0.type) }
        bench.metricShapes = [[]]
        bench.step = {
            let made = descended($0, momentum: 0.9, weightDecay: 0.01)
            return (made.states, [made.loss])
        }
        bench.finish = { Array($0.last.prefix(2)) + $0.metrics }
    },
    FoldCase("training with little momentum") { bench in
        bench.states += bench.states.map { .zeros($0.type) }
        bench.step = { (descended($0, momentum: 0.1).states, []) }
        bench.finish = { Array($0.last.prefix(2)) }
    },
    FoldCase("what training changed, and the mean loss") { bench in
        bench.metricShapes = [[]]
        bench.step = {
            let made = descended($0); return (made.states, [made.loss])
        }
        bench.finish = { [$0.last[0] - $0.first[0], $0.metrics[0] / $0.examples] }
    },
    FoldCase("losses and right answers of classes") { bench in
        bench.states = []
        bench.constants = [.zeros(ValueType(.float32, (try? Shape([2, 3])) ?? .scalar))]
        bench.metricShapes = [[], []]
        bench.step = { step in
            let logits = step.features.matmul(step.constants[0]), labels = step.label.cast(to: .int64)
            return ([], [softmaxCrossEntropy(logits, labels, reduction: .sum), correctCount(logits, labels)])
        }
    },
    FoldCase("sums, absolute and squared deviations") { bench in
        bench.states = []
        bench.constants = [TensorValue(scalar: 2.5), TensorValue(scalar: 3)]
        bench.metricShapes = [[2], [], [2], [2], [], [2]]
        bench.step = { step in
            let x = step.features, mean = step.constants[0], deviation = step.constants[1]
            let scaled = (x - mean) / deviation
            return (
                [],
                [
                    x.sum(axes: [0]), (x * 0.25).sum(), (x - mean).abs().sum(axes: [0]),
                    scaled.sum(axes: [0]),
                    (scaled ** 2).sum(), (x ** 2).sum(axes: [0]),
                ]
            )
        }
    },
    FoldCase("the same of cells that are there, and how many are") { bench in
        bench.states = []
        bench.metricShapes = [[2], [2], [2]]
        bench.step = { step in
            let x = step.features, present = x.equal(to: x)
            return (
                [],
                [
                    present.sum(axes: [0]), present.select(x * 0.5, otherwise: Tensor(0)).sum(axes: [0]),
                    present.select((x - 0.25).abs(), otherwise: Tensor(0)).sum(axes: [0]),
                ]
            )
        }
    },
    FoldCase("training on cells of which missing ones are filled") { bench in
        bench.step = { step in
            let x = step.features, filled = x.equal(to: x).select(x, otherwise: Tensor(0.5))
            let guess = ((filled - 0.5) * 2).matmul(step.states[0]) + step.states[1]
            let slopes = gradient(of: meanOfSquares(guess, step.target), withRespectTo: step.states)
            return (zip(step.states, slopes).map { $0 - 0.1 * $1 }, [])
        }
    },
]

private let refused: [FoldCase] = [
    FoldCase("a sum that is halved with every batch, whose digits are the rows") { bench in
        bench.states = [.zeros(ValueType(.float32, (try? Shape([2])) ?? .scalar))]
        bench.constants = [.zeros(ValueType(.float32, (try? Shape([1, 2])) ?? .scalar))]
        bench.step = { ([$0.states[0] * 0.5 + ($0.features * $0.constants[0]).sum(axes: [0])], []) }
    },
    FoldCase("the same by way of a model that stays, and a velocity that is added up") { bench in
        let width = ValueType(.float32, (try? Shape([2])) ?? .scalar)
        bench.states = [
            .zeros(width), .zeros(width), .zeros(ValueType(.float32, (try? Shape([1, 2])) ?? .scalar)),
        ]
        bench.step = { step in
            let velocity = step.states[0] * 0.9 + (step.features * step.states[2]).sum(axes: [0])
            return ([velocity, step.states[1] + velocity, step.states[2]], [])
        }
        bench.finish = { [$0.last[1]] }
    },
    FoldCase("momentum of a loss whose slope is the rows") { bench in
        bench.states += bench.states.map { .zeros($0.type) }
        bench.step = { step in
            let parameters = Array(step.states.prefix(2))
            let slopes = gradient(
                of: step.guess(parameters[0], parameters[1]).sum(), withRespectTo: parameters)
            let velocities = zip(step.states.dropFirst(2), slopes).map { $0 * 0.5 + $1 }
            return (zip(parameters, velocities).map { $0 - $1 } + velocities, [])
        }
    },
    FoldCase("a state that is the batch's sum") { bench in
        bench.step = { ([$0.states[0], score($0).sum(axes: [0])], []) }
    },
    FoldCase("a state that is the batch") { bench in
        bench.states = [.zeros(ValueType(.float32, (try? Shape([bench.schedule.batchSize, 2])) ?? .scalar))]
        bench.schedule.dropsRemainder = true
        bench.step = { ([$0.features], []) }
    },
    FoldCase("a metric that is rows") { bench in
        bench.metricShapes = [[bench.schedule.batchSize, 1]]
        bench.schedule.dropsRemainder = true
        bench.step = { ($0.states, [score($0)]) }
    },
    FoldCase("a metric that is a row") { bench in
        bench.metricShapes = [[1, 1]]
        bench.step = { ($0.states, [score($0)[0..<1]]) }
    },
    FoldCase("a metric of the largest") { bench in
        bench.metricShapes = [[]]
        bench.step = { ($0.states, [score($0).max()]) }
    },
    FoldCase("a mask of the rows of a batch") { bench in
        let size = bench.schedule.batchSize
        bench.constants = [.zeros(ValueType(.float32, (try? Shape([size, 1])) ?? .scalar))]
        bench.schedule.dropsRemainder = true
        bench.metricShapes = [[]]
        bench.step = { ($0.states, [(score($0) * $0.constants[0]).sum()]) }
        // With one row to a batch it is no mask; then it is the clock's turn.
        if size == 1 { bench.step = { ($0.states.map { $0 + 1 }, [score($0).sum()]) } }
    },
    FoldCase("digits: a state that is shifted and added to") { bench in
        bench.step = { ([$0.states[0], $0.states[1] * 10 + score($0).sum(axes: [0])], []) }
    },
    FoldCase("a state that is taken away again") { bench in
        bench.step = { step in
            let bias = step.states[1]
            return ([step.states[0], bias - bias.reshaped(to: [1]) + score(step).sum(axes: [0])], [])
        }
    },
    FoldCase("a clock that picks a batch for a metric") { bench in
        bench.states.append(TensorValue(scalar: 0))
        bench.metricShapes = [[]]
        bench.step = { step in
            let picks = step.states[2].equal(to: Tensor(3))
            return (step.states.prefix(2) + [step.states[2] + 1], [(score(step) * picks).sum()])
        }
        bench.finish = { $0.metrics }
    },
    FoldCase("a clock that picks a batch for the parameters") { bench in
        bench.states.append(TensorValue(scalar: 0))
        bench.step = { step in
            let made = descended(
                FoldBench.Step(
                    states: Array(step.states.prefix(2)), constants: [], features: step.features,
                    number: step.number, target: step.target, label: step.label)
            ).states
            let picks = step.states[2].equal(to: Tensor(3))
            let moved = zip(step.states, made).map { $0 + ($1 - $0) * picks }
            return (moved + [step.states[2] + 1], [])
        }
        bench.finish = { Array($0.last.prefix(2)) }
    },
    FoldCase("all batches less all but the last") { bench in
        bench.states = [TensorValue(scalar: 0)]
        bench.metricShapes = [[], []]
        bench.constants = [TensorValue(scalar: 1)]
        bench.step = { step in
            let sum = (step.features * step.constants[0]).sum()
            return ([sum], [sum, step.states[0] * 1])
        }
        bench.finish = { [$0.metrics[0] - $0.metrics[1]] }
    },
    FoldCase("the mean of each batch, so that a short one weighs more") { bench in
        bench.schedule.batchSize = 39
        bench.metricShapes = [[]]
        bench.step = { ($0.states, [(score($0) ** 2).mean()]) }
    },
    FoldCase("a plain sum made a state") { bench in
        bench.step = { ([$0.states[0], $0.states[1] + $0.number.sum()], []) }
    },
    FoldCase("a plain sum of some batches") { bench in
        bench.schedule.batchSize = min(bench.schedule.batchSize, 16)
        bench.schedule.batchLimit = (31 + bench.schedule.batchSize) / bench.schedule.batchSize
        bench.metricShapes = [[]]
        bench.step = { ($0.states, [$0.number.sum()]) }
    },
    FoldCase("how many are above a constant") { bench in
        bench.metricShapes = [[]]
        bench.step = { ($0.states, [$0.number.greater(than: Tensor(3)).sum()]) }
    },
    FoldCase("how many are equal to another column") { bench in
        bench.metricShapes = [[]]
        bench.step = { ($0.states, [$0.number.equal(to: $0.features.sum(axes: [1])).sum()]) }
    },
    FoldCase("how many are below a constant, as missing logarithms") { bench in
        bench.metricShapes = [[]]
        bench.step = { step in
            let log = (step.number - 3).log()
            return (step.states, [log.equal(to: log).sum()])
        }
    },
    FoldCase("the loss of rows of a class by a model's choice") { bench in
        bench.constants = [.zeros(ValueType(.float32, (try? Shape([2, 3])) ?? .scalar))]
        bench.metricShapes = [[]]
        bench.step = { step in
            let choice = step.features.matmul(step.constants[0]).argmax(axis: 1).cast(to: .float32)
            return (step.states, [(choice * step.number).sum()])
        }
    },
    FoldCase("few rows: one batch of one row") { bench in
        bench.schedule.batchSize = 1
        bench.schedule.batchLimit = 1
        bench.metricShapes = [[]]
        bench.step = { ($0.states, [(score($0) ** 2).sum()]) }
    },
    FoldCase("few rows, many times") { bench in
        bench.schedule = .init(epochs: 1, batchSize: 31, batchLimit: 1)
        bench.metricShapes = [[]]
        bench.step = { ($0.states, [(score($0) ** 2).sum()]) }
    },
    FoldCase("work on a row that stays, for its time") { bench in
        bench.metricShapes = [[]]
        bench.step = { step in
            let heavy = step.features[0..<1].greater(than: Tensor(0.5)).expanded(to: [4, 2]).tanh().sum()
            return (step.states, [heavy])
        }
        bench.finish = { $0.first }
    },
    FoldCase("a label out of range, which would fail") { bench in
        bench.constants = [.zeros(ValueType(.float32, (try? Shape([2, 2])) ?? .scalar))]
        bench.metricShapes = [[]]
        bench.step = { step in
            (step.states, [softmaxCrossEntropy(step.features.matmul(step.constants[0]), step.label)])
        }
    },
]

@Suite("Programs obey the row rule")
struct FoldTests {
    @Test(
        "training, judging and statistics leave, whatever the batches", arguments: allowed,
        [1, 7, 10, 32, 40, 64])
    func allowances(one: FoldCase, batchSize: Int) throws {
        var bench = try one.bench(batchSize: batchSize)
        #expect(try bench.failure() == nil)
        bench.schedule.epochs = 3
        bench.schedule.shuffleSeed = 5
        #expect(try bench.failure() == nil)
        #expect(try bench.failure(rowCount: 31)?.code == .notPermitted)
        #expect(try bench.failure(rowCount: 31, rowsMinimum: 31) == nil)
    }

    @Test("what reads rows does not run, whatever the batches", arguments: refused, [1, 7, 31])
    func refusals(one: FoldCase, batchSize: Int) throws {
        let failure = try one.bench(batchSize: batchSize).failure()
        #expect(failure?.code == .notPermitted, "\(String(describing: failure))")
        #expect(failure?.message.hasPrefix("data set lesson at worker bob: ") == true)
    }

    @Test("training may stop after some batches of enough different rows, and not of fewer")
    func batchLimits() throws {
        var bench = try allowed[0].bench(batchSize: 8)
        bench.schedule.batchLimit = 4
        #expect(try bench.failure() == nil)
        bench.schedule.batchLimit = 3
        let failure = try bench.failure()
        #expect(failure?.message.contains("the fold is about 24 rows") == true)
        bench.schedule.epochs = 9
        bench.schedule.shuffleSeed = 1
        #expect(try bench.failure()?.code == .notPermitted)
    }

    @Test("of data everybody has one row is enough; the rule is the same")
    func publicData() throws {
        let rules = ReleaseRules(worker: "bob", rowsMinimum: 32, publicDatasets: ["toy"])
        #expect(rules.minimum(of: ["toy"]) == 1 && rules.minimum(of: ["toy", "patients"]) == 32)
        let inventory = Inventory(
            shards: ShardStore([try Lessons.shard(rowCount: 4)]),
            objects: ObjectStore(worker: "bob", byteCountMaximum: 0),
            rules: ReleaseRules(worker: "bob", rowsMinimum: 32, publicDatasets: ["lesson"]))
        var bench = Workbench(inventory, now: { 0 })
        func answer(_ job: ProgramJob) -> Failure? {
            let work = Work(run: 1, job.job.payload(includesGraphs: true), for: .none)
            return bench.answer(work, started: {}, progressed: { _ in }).failure
        }
        #expect(answer(try allowed[0].bench(batchSize: 3).job()) == nil)
        #expect(answer(try refused[6].bench(batchSize: 3).job())?.code == .notPermitted)
    }

    @Test("time is told in tenths of a second, rounded up, where rows were read")
    func seconds() {
        let told = [0, 1, 100_000_000, 100_000_001].map { Release.seconds($0, tellsOfRows: true) }
        #expect(told == [0, 0.1, 0.1, 0.2])
        #expect(Release.seconds(1_500, tellsOfRows: false) == 1.5e-6)
    }
}
