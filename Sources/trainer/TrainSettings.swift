import Console
import Datasets
import Fagure
import Federation
import Keys
import Protocol
import Tensor

/// What `trainer train` was told: flags first, then the environment, then defaults; everything checked but
/// the data.
struct TrainSettings {
    /// What the trainer reads itself.
    enum Source {
        case named(String?, folder: String?)
        case file(DataFile, schema: DataSchema?)
    }

    let broker: String
    /// Who the trainer is to the broker; `nil` for a broker without keys.
    let key: SiteKey?
    /// The instructions it is held to.
    let portableBits: PortableBits?
    /// Workers in this process; `nil` where there is a broker.
    let embedded: Int?
    let source: Source
    /// The file to judge by.
    let test: String?
    /// The schema that decides, where one is given.
    let schema: DataSchema?
    let partition: Partition
    let timeout: Duration
    let output: String?
    /// Whether a run that is in the folder may be replaced.
    let overwrites: Bool
    let isJSON: Bool
    let isQuiet: Bool
    let configuration: TrainingConfiguration

    /// Reads flags and environment.
    init(_ flags: TrainFlags) throws {
        let words = Words()
        portableBits = try words.choice(flags.portableBits, "portable-bits")
        embedded = try words.integer(flags.embedded, "embedded", 1...1_024)
        key = embedded == nil ? try SiteKey(flags.key, roles: [.trainer]) : nil
        broker = words.value(flags.broker, "broker") ?? key?.membership.broker ?? "tcp://127.0.0.1:5555"
        if let fault = Console.Flag.fault(ofEndpoint: broker, flag: "broker") { throw SettingFault(fault) }
        partition =
            try words.value(flags.partition, "partition").map { try Partition(parsing: $0) } ?? .iid(seed: 0)
        timeout = .seconds(try words.integer(flags.timeout, "timeout", 0...1_000_000) ?? 60)
        output = words.value(flags.output, "output")
        overwrites = try words.isSet(flags.overwrite, "overwrite")
        isJSON = try words.isSet(flags.json, "json")
        isQuiet = try words.isSet(flags.quiet, "quiet")
        let schema = try words.value(flags.schema, "schema").map { try DataSchema(contentsOf: $0) }
        source = try TrainSettings.source(flags, words, schema)
        test = words.value(flags.test, "test")
        self.schema = schema
        var configuration = try TrainSettings.configuration(flags, words, source)
        if let schema {
            configuration.schema = try DatasetDescription(schema)
            configuration.dataset = configuration.dataset ?? schema.dataset
        }
        self.configuration = configuration
        guard embedded != nil || words.value(flags.data, "data") == nil else {
            throw SettingFault("--data is what --embedded learns from; to judge by a file give it as --test")
        }
        if let label = words.value(flags.label, "label"), embedded == nil {
            throw SettingFault(
                "--label is \(Words.quoted(label)), which is for --embedded: workers say what theirs is")
        }
        let strategy = words.value(flags.strategy, "strategy") ?? FederatedAveraging.name
        guard strategy == FederatedAveraging.name else {
            throw SettingFault("--strategy is \(Words.quoted(strategy)), there is \(FederatedAveraging.name)")
        }
    }

    private static func source(
        _ flags: TrainFlags, _ words: Words, _ schema: DataSchema?
    ) throws -> Source {
        let ignore = words.names(flags.ignore, "ignore")
        guard ignore.isEmpty || (schema == nil && words.value(flags.data, "data") != nil) else {
            throw SettingFault(
                "--ignore is for --data of --embedded without a --schema, which has its own list")
        }
        guard let path = words.value(flags.data, "data") else {
            return .named(
                words.value(flags.dataset, "dataset"), folder: words.value(flags.dataFolder, "data-folder"))
        }
        let label = words.value(flags.label, "label")
        guard label != nil || schema != nil else {
            throw SettingFault(
                "--data \(Words.quoted(path)) needs --label, the column to be predicted, or a --schema")
        }
        return .file(
            DataFile(path, label: label, dataset: words.value(flags.dataset, "dataset"), ignore: ignore),
            schema: schema)
    }

    private static func configuration(
        _ flags: TrainFlags, _ words: Words, _ source: Source
    ) throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.dataset = words.value(flags.dataset, "dataset")
        configuration.model = try model(flags, words)
        configuration.seed = try words.seed(flags.seed, "seed") ?? 0
        configuration.workersMin = try words.integer(flags.workersMin, "workers-min", 1...1_000_000) ?? 1
        configuration.shardsMin = try words.integer(flags.shardsMin, "shards-min", 0...1_000_000) ?? 0
        configuration.waitMaximum = try words.integer(flags.wait, "wait", 0...1_000_000).map { .seconds($0) }
        let patience = try words.integer(flags.patience, "patience", 0...1_000_000)
        if let patience { configuration.patience = .seconds(patience) }
        configuration.isStrict = try words.isSet(flags.strict, "strict")
        let silence = try words.integer(flags.silenceTimeout, "silence-timeout", 0...1_000_000)
        if let silence { configuration.silenceMaximum = silence == 0 ? nil : .seconds(silence) }
        configuration.jobTimeout = try words.integer(flags.jobTimeout, "job-timeout", 1...1_000_000).map {
            .seconds($0)
        }
        configuration.standardizes = try !words.isSet(flags.noStandardize, "no-standardize")
        configuration.allowsNaN = try words.isSet(flags.allowNan, "allow-nan")
        configuration.training.localEpochs =
            try words.integer(flags.localEpochs, "local-epochs", 1...10_000) ?? 1
        configuration.training.batchSize =
            try words.integer(flags.batchSize, "batch-size", 1...1_000_000) ?? 32
        configuration.training.learningRate = try words.number(flags.learningRate, "learning-rate") ?? 0.1
        configuration.training.optimizer = try optimizer(flags, words)
        configuration.training.schedule = try schedule(flags, words)
        configuration.rounds = try rounds(flags, words, localEpochs: configuration.training.localEpochs)
        return configuration
    }

    /// `--rounds`, else as many as make `--epochs` passes over the data, else 10.
    private static func rounds(_ flags: TrainFlags, _ words: Words, localEpochs: Int) throws -> Int {
        let rounds = try words.integer(flags.rounds, "rounds", 1...1_000_000)
        guard let epochs = try words.integer(flags.epochs, "epochs", 1...1_000_000) else {
            return rounds ?? 10
        }
        // Said twice is no contradiction where it is the same.
        guard epochs % localEpochs == 0 else {
            throw SettingFault(
                "--epochs is \(epochs), which is no multiple of the \(localEpochs) passes a round makes "
                    + "(--local-epochs)")
        }
        guard rounds == nil || rounds == epochs / localEpochs else {
            throw SettingFault(
                "--rounds \(rounds ?? 0) with --local-epochs \(localEpochs) are not the \(epochs) passes of --epochs"
            )
        }
        return epochs / localEpochs
    }

    private static func optimizer(_ flags: TrainFlags, _ words: Words) throws -> any OptimizerRule {
        let momentum = try words.number(flags.momentum, "momentum", below: 1) ?? 0
        let weightDecay = try words.number(flags.weightDecay, "weight-decay") ?? 0
        let name = words.value(flags.optimizer, "optimizer") ?? "sgd"
        switch name {
        case "sgd":
            return SGDRule(momentum: momentum, weightDecay: weightDecay)
        case "adam", "adamw":
            guard momentum == 0 else { throw SettingFault("--momentum is for --optimizer sgd, not \(name)") }
            return AdamRule(weightDecay: weightDecay, decouplesWeightDecay: name == "adamw")
        default:
            throw SettingFault("--optimizer is \(Words.quoted(name)), there are sgd, adam and adamw")
        }
    }

    private static func schedule(_ flags: TrainFlags, _ words: Words) throws -> LearningRateSchedule {
        let name = words.value(flags.schedule, "schedule") ?? "constant"
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("constant", 1): return .constant
        case ("cosine", 1): return .cosine
        case ("step", 3):
            guard let every = Int(parts[1]), every > 0, let factor = Words.decimal(String(parts[2])),
                factor > 0, factor <= 1
            else { fallthrough }
            return .step(every: every, factor: factor)
        default:
            throw SettingFault(
                "--schedule is \(Words.quoted(name)), there are constant, cosine and "
                    + "step:ROUNDS:FACTOR such as step:10:0.5")
        }
    }

    private static func model(_ flags: TrainFlags, _ words: Words) throws -> ModelKind {
        let name = words.value(flags.model, "model") ?? "mlp"
        if name == "mlp" { return .mlp(hidden: try words.widths(flags.hidden, "hidden") ?? [200, 200]) }
        let others: [ModelKind] = [.linear, .logistic, .cnn, .lenet]
        guard let kind = others.first(where: { $0.name == name }) else {
            throw SettingFault(
                "--model is \(Words.quoted(name)), there are linear, logistic, mlp, cnn and lenet")
        }
        guard flags.hidden == nil else { throw SettingFault("--hidden is for --model mlp, not \(name)") }
        return kind
    }
}
