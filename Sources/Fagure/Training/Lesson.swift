import Datasets
import Protocol
import Tensor

/// What a run has made of a data set's schema: the model and the programs that travel.
struct Lesson: Sendable {
    let task: LearningTask
    let model: any Module
    /// What the model is called in reports.
    let modelName: String
    let training: TrainingProgram
    let evaluation: EvaluationProgram
    let dataset: DatasetDescription
    let isLossNonnegative: Bool
    private let statistics: [StatisticsProgram.Pass: StatisticsProgram]

    /// - Parameter model: a model of the caller's own; `nil` makes the one configured.
    init(
        _ dataset: DatasetDescription, _ configuration: TrainingConfiguration, model: (any Module)?
    ) throws(RunError) {
        self.dataset = dataset
        isLossNonnegative = configuration.objective.isLossNonnegative
        do throws(ModelError) {
            task = try LearningTask(dataset)
            if let model {
                self.model = model
            } else {
                self.model = try configuration.model.makeModel(for: task, seed: configuration.seed)
            }
        } catch {
            throw .model(error)
        }
        modelName = model.map { "\(type(of: $0))" } ?? "\(configuration.model)"
        do throws(TensorError) {
            training = try TrainingProgram(
                task, model: self.model, settings: configuration.training, objective: configuration.objective)
            evaluation = try EvaluationProgram(task, model: self.model, objective: configuration.objective)
            var statistics: [StatisticsProgram.Pass: StatisticsProgram] = [:]
            for pass in StatisticsProgram.Pass.allCases {
                statistics[pass] = try StatisticsProgram(task, pass: pass)
            }
            self.statistics = statistics
        } catch {
            throw .graph(error)
        }
    }

    /// The program of a pass for statistics.
    func statistics(pass: Int) -> StatisticsProgram? {
        StatisticsProgram.Pass(rawValue: pass).flatMap { statistics[$0] }
    }

    /// Rows in a batch of a shard.
    func batchSize(of shard: ShardDescription) -> Int {
        training.batchSize(for: shard, isPublic: !dataset.digest.isEmpty)
    }

    /// The examples a shard sees in a round.
    func exampleCount(of shard: ShardDescription) -> Int {
        training.exampleCount(rows: shard.trainRows, batchSize: batchSize(of: shard))
    }

    /// What the run sets out to do.
    func start(
        _ configuration: TrainingConfiguration, shards: [ShardDescription], workers: Int,
        judge: JudgeDescription
    ) -> RunStart {
        RunStart(
            dataset: dataset.name, model: modelName,
            parameterCount: model.parameters.reduce(0) { $0 + $1.parameter.type.shape.elementCount },
            epochs: configuration.epochs, rounds: configuration.rounds, shards: shards.count,
            workers: workers,
            // Each count is below 2³¹ and there are fewer than 2³² shards.
            examples: shards.reduce(0) { $0 + $1.trainRows }, judge: judge)
    }
}
