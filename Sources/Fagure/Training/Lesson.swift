import Datasets
import Protocol
import Tensor

/// What a run has made of a data set's schema: the model and the programs that travel.
struct Lesson: Sendable {
    let task: LearningTask
    let model: Sequential
    let training: TrainingProgram
    let evaluation: EvaluationProgram
    let statistics: StatisticsProgram
    private let dataset: DatasetDescription
    private let local: LocalTest

    init(_ dataset: DatasetDescription, _ configuration: TrainingConfiguration) throws(RunError) {
        self.dataset = dataset
        do throws(ModelError) {
            task = try LearningTask(dataset)
            model = try configuration.model.makeModel(for: task, seed: configuration.seed)
        } catch {
            throw .model(error)
        }
        do throws(TensorError) {
            training = try TrainingProgram(task, model: model, settings: configuration.training)
            evaluation = try EvaluationProgram(task, model: model)
            statistics = try StatisticsProgram(task)
        } catch {
            throw .graph(error)
        }
        local = LocalTest()
    }

    /// Evaluation on the trainer's own test rows, which are loaded when first asked for; `nil` where it has
    /// none.
    func localEvaluation(_ testData: TestData) async -> LocalEvaluation? {
        await local.evaluation(evaluation) { [dataset] in await testData.table(for: dataset) }
    }

    /// What the run sets out to do.
    func start(
        _ configuration: TrainingConfiguration, shards: [ShardReference], workers: Int,
        in catalogue: Catalogue
    ) -> RunStart {
        RunStart(
            dataset: dataset.name, model: "\(configuration.model)",
            parameterCount: model.parameters.reduce(0) { $0 + $1.parameter.type.shape.elementCount },
            epochs: configuration.epochs, shards: shards.count, workers: workers,
            examples: shards.reduce(0) { $0 + (catalogue.description(of: $1)?.trainRows ?? 0) })
    }
}

/// The trainer's own test rows: loaded once, whoever asks first.
private actor LocalTest {
    // An actor, because evaluations of two rounds may ask at once; the second waits for the first one's
    // loading.
    private var loading: Task<LocalEvaluation?, Never>?

    func evaluation(
        _ program: EvaluationProgram, _ load: @escaping @Sendable () async -> Table?
    ) async -> LocalEvaluation? {
        let task = loading ?? Task { await load().map { LocalEvaluation(program, on: $0) } }
        loading = task
        return await task.value
    }
}

extension Catalogue {
    /// What a shard's workers say of it.
    func description(of shard: ShardReference) -> ShardDescription? {
        for worker in workers {
            if let found = worker.shards.first(where: { $0.reference == shard }) { return found }
        }
        return nil
    }
}
