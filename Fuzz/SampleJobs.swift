import Datasets
import Fagure
import Federation
import Jobs
import Protocol
import Tensor

/// A site's data, and jobs as a trainer sends them for it.
struct SampleJobs: Sendable {
    /// The site's rows.
    let shard: Shard
    /// How a worker announces them.
    let dataset: DatasetDescription
    /// Which they are.
    let reference: ShardReference
    /// Programs of a training run, in the order of one.
    let programs: [ProgramJob]
    /// What a trainer makes of the result of each.
    let readers: [@Sendable (JobResult) throws -> Void]
    /// Graphs to run once: on values, on a kept object, on a column, with outputs that stay and that go elsewhere.
    let graphs: [TensorJob]
    /// The payloads of all and of folds over several shards, with graphs and without.
    let payloads: [Payload]

    init() throws {
        let file = DataFile("Tests/Fixtures/cases/sites/east/patients.csv", label: "outcome")
        let data = try Dataset.load(file: file)
        guard let contract = data.contract else { throw Fault("the sample has no schema") }
        shard = try data.shard(ofSite: "east")
        dataset = try DatasetDescription(contract)
        reference = ShardReference(dataset: data.name, site: "east")
        (programs, readers) = try SampleJobs.programs(LearningTask(dataset), reference)
        graphs = try SampleJobs.graphs(reference)
        let keeping = Job(
            keeping: [
                (ObjectID(1), try TensorValue([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])),
                (ObjectID(2), TensorValue(scalar: 2)),
            ], released: [ObjectID(3)])
        payloads =
            programs.flatMap {
                [$0.job.payload(includesGraphs: true), $0.job.payload(includesGraphs: false)]
            }
            + graphs.flatMap {
                [$0.job.payload(includesGraphs: true), $0.job.payload(includesGraphs: false)]
            }
            + [
                keeping.payload(includesGraphs: false),
                Job(released: [ObjectID(2)], listsObjects: true).payload(includesGraphs: false),
            ]
            + SampleJobs.folds(programs, reference).map { $0.payload(includesGraphs: true) }
    }

    /// Folds over several shards, one of which the worker has: with sums over them, and with states that stay.
    private static func folds(_ programs: [ProgramJob], _ shard: ShardReference) -> [Job] {
        let other = ShardReference(dataset: shard.dataset, site: "west")
        let rows = [shard, other].map { Fold.Rows($0, batchSize: 40, shuffleSeed: 5) }
        let units = SumUnits(limit: 4, weight: 300), run = Identifier(high: 5, low: 5)
        return programs.flatMap { program -> [Job] in
            var summed = program.job(over: rows), kept = program.job(over: [rows[0]])
            for index in summed.outputs.indices {
                summed.outputs[index].destination = .sum(units, byExamples: index % 2 == 0)
                kept.outputs[index].destination = .state(Job.State(run: run, name: "s\(index)"))
            }
            if !kept.sources.isEmpty {
                kept.sources[0] = .state(Job.State(run: run, name: "s0"))
                kept.ended = [Identifier(high: 6, low: 6)]
            }
            return [summed, kept]
        }
    }

    private static func programs(
        _ task: LearningTask, _ shard: ShardReference
    ) throws -> (jobs: [ProgramJob], readers: [@Sendable (JobResult) throws -> Void]) {
        let model = try ModelKind.mlp(hidden: [4]).makeModel(for: task, seed: 1)
        var settings = TrainingProgram.Settings()
        settings.optimizer = AdamRule()
        let state = try ModelState(model), scaling = try Scaling.plain(for: task)
        let moments = FeatureMoments(count: task.featureCount)
        let statistics = try StatisticsProgram(task, pass: .mean)
        let training = try TrainingProgram(task, model: model, settings: settings)
        let evaluation = try EvaluationProgram(task, model: model)
        let jobs = [
            try statistics.job(for: shard, moments: moments),
            training.job(for: shard, from: state, scaling: scaling, shuffleSeed: 7),
            evaluation.job(for: shard, of: state, scaling: scaling),
        ]
        return (
            jobs,
            [
                { result in
                    var sums = try statistics.sums(from: result)
                    sums += sums
                },
                { _ = try training.update(from: $0, shard: 0, baseVersion: 0) },
                { _ = try evaluation.metrics(from: $0) },
            ]
        )
    }

    private static func graphs(_ shard: ShardReference) throws -> [TensorJob] {
        var builder = GraphBuilder()
        let x = builder.input(Graph.Input(name: "x", elementType: .float32, dimensions: [nil, 3]))
        let w = builder.input(Graph.Input(name: "w", elementType: .float32, dimensions: []))
        let product = builder.append(.multiply, [x, w])
        let shifted = builder.append(.add, [product, builder.constant(2)])
        let mean = builder.append(.mean(axes: nil, keepsDimensions: false), [shifted])
        let graph = try SealedGraph(builder.finish(outputs: [mean]))
        let value = try TensorValue([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        let scalar = TensorJob.Binding.value(TensorValue(scalar: 3))
        let column = ColumnReference(shard: shard, part: .train, name: "features")
        let kept = TensorJob.Kept(output: 0, object: ObjectID(2))
        let elsewhere = TensorJob.Transfer(worker: SessionID(high: 1, low: 2), kept: [kept])
        return [
            TensorJob(graph: graph, bindings: [.value(value), scalar]),
            TensorJob(graph: graph, bindings: [.object(ObjectID(1)), scalar], released: [ObjectID(2)]),
            TensorJob(graph: graph, bindings: [.column(column), scalar], kept: [kept]),
            TensorJob(graph: graph, bindings: [.value(value), scalar], transfer: elsewhere),
        ]
    }
}
