import ArgumentParser

/// The flags of `trainer train` as they are typed; what is left out may be in the environment.
struct TrainFlags: ParsableArguments {
    @Option(help: "Where the broker is. By default tcp://127.0.0.1:5555.")
    var broker: String?

    @Option(
        help: """
            The key that `trainer join` made of an invitation; it says where the broker is. By default none, for a \
            broker without keys.
            """
    )
    var key: String?

    @Option(help: "Train in this process alone, with so many workers, one shard each; no broker is needed.")
    var embedded: String?

    @Option(help: "The data set to learn from. By default the only one there is; with --embedded, digits.")
    var dataset: String?

    @Option(help: "A file of rows (CSV, NPY, NPZ, safetensors) that --embedded learns from.")
    var data: String?

    @Option(
        help: """
            A file to judge the model of each round by, all its rows, read by the schema of the workers' data; \
            columns that are not in it are passed over. By default a copy of the workers' \
            built-in data set, else the rows they hold out.
            """
    )
    var test: String?

    @Option(
        help: """
            The schema (YAML) that is right where workers' differ, and that --data of --embedded is read by. By \
            default the one that most shards share.
            """
    )
    var schema: String?

    @Option(help: "The column of --data that is to be predicted.")
    var label: String?

    @Option(help: "Columns of --data that are passed over, such as id,name, where there is no --schema.")
    var ignore: String?

    @Option(help: "The folder of a data set that is read from files.")
    var dataFolder: String?

    @Option(help: "How --embedded deals rows to shards: iid, iid:SEED or contiguous. By default iid.")
    var partition: String?

    @Option(help: "The model: linear, logistic, mlp, cnn or lenet; the last two read images. By default mlp.")
    var model: String?

    @Option(help: "The widths of the mlp's hidden layers. By default 200,200.")
    var hidden: String?

    @Option(help: "How models are put together: fedavg, the default, weighted by examples.")
    var strategy: String?

    @Option(help: "Rounds: in each every shard learns, and the models are averaged. By default 10.")
    var rounds: String?

    @Option(help: "Passes over the data in all: rounds times local epochs, in place of --rounds.")
    var epochs: String?

    @Option(help: "Passes over each shard in a round. By default 1.")
    var localEpochs: String?

    @Option(
        help: """
            Rows in a batch. By default 32. With adam and adamw some more, where a shard's last batch would have fewer \
            than its worker lets anything out about.
            """
    )
    var batchSize: String?

    @Option(help: "How a step follows from a gradient: sgd, adam or adamw. By default sgd.")
    var optimizer: String?

    @Option(
        help: "How the learning rate changes: constant, cosine or step:ROUNDS:FACTOR. By default constant.")
    var schedule: String?

    @Option(help: "The size of a step. By default 0.1.")
    var learningRate: String?

    @Option(help: "The share of the last step that is kept, from 0 to below 1. By default 0.")
    var momentum: String?

    @Option(help: "The share of each parameter added to its gradient. By default 0.")
    var weightDecay: String?

    @Option(help: "Workers that must be present for a round to begin. By default 1.")
    var workersMin: String?

    @Option(help: "How many seconds a round waits for the workers it needs to begin. By default for ever.")
    var wait: String?

    @Option(help: "Shards that must be present for a round to begin. By default none.")
    var shardsMin: String?

    @Option(
        help: """
            How many seconds a round waits for a shard that is away, a part of a data set or a site that took part \
            before; then it goes on without. By default 60.
            """
    )
    var patience: String?

    @Option(
        help: """
            How many seconds a worker may neither answer nor come further before a round goes on without its shard; \
            0 for ever. By default 120.
            """
    )
    var silenceTimeout: String?

    @Option(
        help: """
            How many seconds a worker may take for its part of a round, everything included, before the round goes on \
            without its shard. By default as many as it needs.
            """
    )
    var jobTimeout: String?

    @Option(help: "How many seconds to look for the broker before giving up. By default 60.")
    var timeout: String?

    @Option(
        help: """
            Compute with no more than these instructions, avx2 or sse41, so that machines that have more give the same \
            bits: the workers of --embedded, and the judging of models. By default with the best there are.
            """
    )
    var portableBits: String?

    @Option(help: "What weights and orders are drawn from; the same seed gives the same bits. By default 0.")
    var seed: String?

    @Option(help: "A folder for history.jsonl and model.safetensors.")
    var output: String?

    @Flag(help: "Let the run take the place of one that is in --output already.")
    var overwrite = false

    @Flag(help: "Take features as they are (pixels divided by 255), not brought to mean 0 and deviation 1.")
    var noStandardize = false

    @Flag(help: "End with 1 rather than go on without a shard that is away.")
    var strict = false

    @Flag(help: "Go on when the loss is no number.")
    var allowNan = false

    @Flag(help: "Print a JSON object for each round and a last one.")
    var json = false

    @Flag(help: "Print the last line alone, and what does not go as it should.")
    var quiet = false
}
