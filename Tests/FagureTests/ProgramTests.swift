import Datasets
import Federation
import Jobs
import Protocol
import Tensor
import Testing

@testable import Fagure

private let reference = ShardReference(dataset: "data", partition: "contiguous", index: 0, count: 1)

@Suite("Programs")
struct ProgramTests {
    private func task(_ label: ColumnDescription) throws -> LearningTask {
        try LearningTask(Samples.description([Samples.feature(), label]))
    }

    /// The same training written as loops over numbers: linear regression in file order.
    private func naiveRegression(
        _ weights: [Double], _ bias: Double, settings: TrainingProgram.Settings, rule: SGDRule
    ) -> (weights: [Double], bias: Double, loss: Double) {
        var parameters = weights + [bias]
        var velocity = [Double](repeating: 0, count: parameters.count)
        var loss = 0.0
        for _ in 0..<settings.localEpochs {
            for start in stride(from: 0, to: Samples.rows.count, by: settings.batchSize) {
                let batch = start..<min(start + settings.batchSize, Samples.rows.count)
                var gradient = [Double](repeating: 0, count: parameters.count)
                for row in batch {
                    let x = Samples.rows[row].map(Double.init) + [1]
                    let difference = zip(x, parameters).map(*).reduce(0, +) - Double(Samples.targets[row])
                    loss += difference * difference
                    for index in gradient.indices {
                        gradient[index] += 2 * difference * x[index] / Double(batch.count)
                    }
                }
                for index in parameters.indices {
                    gradient[index] += Double(rule.weightDecay) * parameters[index]
                    velocity[index] = Double(rule.momentum) * velocity[index] + gradient[index]
                    parameters[index] -= Double(settings.learningRate) * velocity[index]
                }
            }
        }
        return (Array(parameters.dropLast()), parameters.last ?? 0, loss)
    }

    @Test(
        "training is the naive loop, with remainders, momentum and weight decay", arguments: [1, 2, 5, 7],
        [false, true])
    func training(batchSize: Int, momentum: Bool) throws {
        let task = try task(Samples.numbers())
        let model = try ModelKind.linear.makeModel(for: task, seed: 3)
        var settings = TrainingProgram.Settings()
        settings.localEpochs = 3
        settings.batchSize = batchSize
        settings.learningRate = 0.05
        let rule = momentum ? SGDRule(momentum: 0.9, weightDecay: 0.01) : SGDRule()
        settings.optimizer = rule
        let state = try ModelState(model, version: 4)
        let program = try TrainingProgram(task, model: model, settings: settings)
        let job = program.job(for: reference, from: state, scaling: try .plain(for: task), shuffleSeed: nil)
        let result = try Samples.run(job, on: try Samples.shard(of: Samples.dataset()))
        let update = try program.update(from: result, shard: 2, baseVersion: 4)

        let weights = try #require(state["0.weight"]).floats.map(Double.init)
        let bias = try #require(state["0.bias"]).scalar()
        let expected = naiveRegression(weights, Double(bias), settings: settings, rule: rule)
        let got = try update.values[0].value.floats + update.values[1].value.floats
        for (one, other) in zip(got, expected.weights + [expected.bias]) {
            #expect(abs(Double(one) - other) < 1e-5)
        }
        #expect(abs(update.metrics.loss - expected.loss) < 1e-3 * expected.loss)
        #expect(update.metrics.correct == nil && update.metrics.examples == 15)
        #expect(update.weight == 15 && update.shard == 2 && update.baseVersion == 4)
        #expect(update.values.map(\.name) == ["0.weight", "0.bias"])
    }

    @Test("evaluation sums losses and right answers as the loop over rows does")
    func evaluation() throws {
        let task = try task(Samples.classes(3))
        let model = try ModelKind.logistic.makeModel(for: task, seed: 5)
        let program = try EvaluationProgram(task, model: model)
        let state = try ModelState(model)
        let dataset = try Samples.dataset(classes: true)
        let job = program.job(for: reference, of: state, scaling: try .plain(for: task))
        let metrics = try program.metrics(from: try Samples.run(job, on: try Samples.shard(of: dataset)))

        let weight = try #require(state["0.weight"]).floats.map(Double.init)
        let bias = try #require(state["0.bias"]).floats.map(Double.init)
        var (loss, correct) = (0.0, 0.0)
        for (row, label) in zip(Samples.rows, Samples.labels) {
            let logits = (0..<3).map {
                weight[2 * $0] * Double(row[0]) + weight[2 * $0 + 1] * Double(row[1]) + bias[$0]
            }
            loss += logits.map { exponential($0) }.reduce(0, +).logarithm - logits[Int(label)]
            correct += logits.firstIndex(of: logits.max() ?? 0) == Int(label) ? 1 : 0
        }
        #expect(abs(metrics.loss - loss) < 1e-4)
        #expect(metrics.correct == correct && metrics.examples == 5)
    }

    @Test("evaluation at the trainer gives the bits of a worker's", arguments: [false, true])
    func localEvaluation(classes: Bool) async throws {
        let digits = try Dataset.load(named: "digits")
        let dataset = classes ? digits : try Samples.dataset()
        let shard = try dataset.shard(0, of: 1, partition: .contiguous)
        let task = try LearningTask(shard.schema.description(dataset.name))
        let model = try ModelKind.mlp(hidden: [7]).makeModel(for: task, seed: 1)
        let program = try EvaluationProgram(task, model: model)
        let scaling = try Scaling.plain(for: task)
        let job = program.job(for: reference, of: try ModelState(model), scaling: scaling, part: .train)
        let remote = try program.metrics(from: try Samples.run(job, on: shard))
        let local = try await LocalEvaluation(program, on: shard.train).metrics(
            of: try ModelState(model), scaling)
        #expect(local == remote)
        #expect(local.examples == shard.train.rowCount)
    }

    @Test("Adam's steps inside a program are those of the optimizer outside")
    func adam() throws {
        let task = try task(Samples.numbers())
        let model = try ModelKind.linear.makeModel(for: task, seed: 3)
        let twin = model.copy()
        var settings = TrainingProgram.Settings()
        settings.localEpochs = 4
        settings.batchSize = 5
        settings.optimizer = AdamRule(weightDecay: 0.01)
        let program = try TrainingProgram(task, model: model, settings: settings)
        let job = program.job(
            for: reference, from: try ModelState(model), scaling: try .plain(for: task), shuffleSeed: nil)
        let update = try program.update(
            from: try Samples.run(job, on: try Samples.shard(of: Samples.dataset())), shard: 0, baseVersion: 0
        )

        let optimizer = Adam(
            twin.parameters, learningRate: 0.1, weightDecay: 0.01)
        let x = Tensor(try TensorValue(Samples.rows.flatMap { $0 }, shape: [5, 2]))
        let y = Tensor(try TensorValue(Samples.targets, shape: [5, 1]))
        for _ in 0..<4 {
            optimizer.zeroGradients()
            meanOfSquares(twin(x), y).backward()
            optimizer.step()
        }
        for (named, value) in zip(try twin.values, update.values) {
            for (one, other) in zip(try named.value.floats, try value.value.floats) {
                #expect(abs(one - other) < 2e-5)
            }
        }
    }

    @Test("a loss and metrics of one's own are descended, summed and named")
    func ownObjective() throws {
        let task = try task(Samples.numbers())
        let model = try ModelKind.linear.makeModel(for: task, seed: 5)
        let objective = Objective(
            loss: Loss { outputs, labels in (outputs - labels).abs().sum(axes: [1]) },
            metrics: [Metric("squares") { outputs, labels in ((outputs - labels) ** 2).sum(axes: [1]) }])
        let program = try EvaluationProgram(task, model: model, objective: objective)
        let state = try ModelState(model)
        let job = program.job(for: reference, of: state, scaling: try .plain(for: task))
        let metrics = try program.metrics(
            from: try Samples.run(job, on: try Samples.shard(of: Samples.dataset())))
        let weights = try #require(state["0.weight"]).floats, bias = try #require(state["0.bias"]).scalar()
        let errors = zip(Samples.rows, Samples.targets).map { row, target in
            Double(row[0] * weights[0] + row[1] * weights[1] + bias - target)
        }
        #expect(abs(metrics.loss - errors.reduce(0) { $0 + abs($1) }) < 1e-4)
        #expect(abs(try #require(metrics.others["squares"]) - errors.reduce(0) { $0 + $1 * $1 }) < 1e-3)
    }

    @Test(
        "a shard sees as many examples as its schedule says", arguments: [1, 2, 3, 5, 7],
        [nil, 1, 2, 4, 9, 99])
    func exampleCounts(batchSize: Int, limit: Int?) throws {
        let task = try task(Samples.numbers())
        let model = try ModelKind.linear.makeModel(for: task, seed: 3)
        var settings = TrainingProgram.Settings()
        settings.localEpochs = 3
        settings.batchSize = batchSize
        settings.batchLimit = limit
        let program = try TrainingProgram(task, model: model, settings: settings)
        let job = program.job(
            for: reference, from: try ModelState(model), scaling: try .plain(for: task), shuffleSeed: 1)
        let result = try Samples.run(job, on: try Samples.shard(of: Samples.dataset()))
        #expect(program.exampleCount(rows: 5, batchSize: batchSize) == result.examples)
    }

    @Test("each round and shard has an order of its own, the same in every run")
    func shuffleSeeds() {
        var seeds: Set<UInt64> = []
        for seed in 0..<3 {
            for round in 0..<5 {
                for shard in 0..<5 {
                    seeds.insert(
                        TrainingProgram.shuffleSeed(
                            seed: UInt64(seed), round: round, shard: .part(index: shard, of: 5)))
                }
            }
        }
        #expect(seeds.count == 75)
        #expect(
            TrainingProgram.shuffleSeed(seed: 1, round: 2, shard: .site("north"))
                == TrainingProgram.shuffleSeed(seed: 1, round: 2, shard: .site("north")))
    }

    @Test("a result that is not what was asked for is malformed, and says what is missing")
    func strangeResult() throws {
        let task = try task(Samples.numbers())
        let model = try ModelKind.linear.makeModel(for: task, seed: 0)
        let result = JobResult(
            outputs: [("loss", try TensorValue([Float(1), 2]))], examples: 5, batches: 1, seconds: 0)
        let missing = Failure(
            .malformed, "in the result of a worker loss has shape [2], expected []")
        #expect(throws: missing) { _ = try EvaluationProgram(task, model: model).metrics(from: result) }
        let program = try TrainingProgram(task, model: model, settings: .init())
        #expect(throws: missing) { _ = try program.update(from: result, shard: 0, baseVersion: 0) }
        #expect(throws: Failure(.malformed, "the result of a worker lacks mean.first")) {
            _ = try StatisticsProgram(task, pass: .mean).sums(from: result)
        }
        var sums = result
        let size = Scaling.dimensions(for: task)
        sums.outputs = [("mean.first", try TensorValue([1, 2, 3, 4, 5, 6, 7, 8, 9] as [Float]))]
        #expect(
            throws: Failure(
                .malformed, "in the result of a worker mean.first has shape [9], expected \(try Shape(size))")
        ) { _ = try StatisticsProgram(task, pass: .mean).sums(from: sums) }
        sums.outputs = [("mean.first", try TensorValue([1, 2, 3] as [Int64]))]
        let error = #expect(throws: Failure.self) {
            _ = try StatisticsProgram(task, pass: .mean).sums(from: sums)
        }
        #expect(
            error?.message.hasPrefix("in the result of a worker mean.first is int64 [3], expected float32")
                == true)
    }

    @Test(
        "labels of every integer type and of any rank will do",
        arguments: [ElementType.int32, .int64, .uint8])
    func labels(type: ElementType) throws {
        let task = try task(Samples.classes(3, type: type))
        let model = try ModelKind.linear.makeModel(for: task, seed: 0)
        _ = try TrainingProgram(task, model: model, settings: .init())
        let flat = try self.task(Samples.numbers([]))
        _ = try TrainingProgram(
            flat, model: ModelKind.linear.makeModel(for: flat, seed: 0), settings: .init())
    }
}

extension Schema {
    fileprivate func description(_ name: String) -> DatasetDescription {
        DatasetDescription(
            name: name, tags: [],
            columns: columns.map {
                ColumnDescription(
                    name: $0.name, role: $0.role == .feature ? .feature : .label,
                    elementType: $0.elementType.rawValue,
                    dimensions: $0.rowShape.dimensions, classes: $0.classes ?? [])
            })
    }
}

/// eˣ by its series: the tests need no C library.
private func exponential(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    for n in 1..<60 {
        term *= x / Double(n)
        sum += term
    }
    return sum
}

extension Double {
    /// The natural logarithm by Newton's method.
    fileprivate var logarithm: Double {
        var y = 0.0
        for _ in 0..<100 { y += 2 * (self - exponential(y)) / (self + exponential(y)) }
        return y
    }
}
