import ArgumentParser

/// What a worker says to whom, as it is typed; what is left out may be in the environment.
struct Flags: ParsableArguments {
    @Option(help: "Where the broker is, such as tcp://127.0.0.1:5555, which is the default.")
    var broker: String?

    @Option(
        help: """
            The key that `worker join` made of an invitation; it says where the broker is, and what the worker is \
            called. By default none, for a broker without keys.
            """
    )
    var key: String?

    @Option(
        help: """
            A file of the trainers who may ask this worker anything, a name or a public key a line. By default \
            whoever the broker lets in.
            """
    )
    var trainers: String?

    @Option(
        help: """
            A data set known by name: toy, digits or fashion-mnist; beside --data, the name of the data set the \
            file belongs to, by default the schema's, else the file's.
            """
    )
    var dataset: String?

    @Option(
        help: """
            A file of rows: CSV, NPY, NPZ, safetensors or IDX. It is served whole, as the shard of --site, or cut \
            by --shard where everyone has the same file. May be repeated.
            """
    )
    var data: [String] = []

    @Option(help: "The schema (YAML) of --data, one for all or one for each. By default it is inferred.")
    var schema: [String] = []

    @Option(help: "The site whose rows --data are: the name of the shard. By default --name.")
    var site: String?

    @OptionGroup var file: FileFlags

    @Option(help: "Which parts to serve, such as 0/4, or several: 0/4,1/4. By default 0/1, the whole.")
    var shard: String?

    @Option(help: "How rows are dealt to shards: iid, iid:SEED or contiguous. By default iid.")
    var partition: String?

    @Option(
        help: """
            The worker's name in catalogues and errors. By default the site's name where there is a --site, else the \
            host's name and the process number.
            """
    )
    var name: String?

    @Option(help: "The folder of a data set that is read from files.")
    var dataFolder: String?

    @Option(
        help: "How many seconds to look for the broker before giving up. By default for ever; 5 for check.")
    var timeout: String?

    @Option(
        help: """
            The fewest rows that anything which leaves must be about: losses, gradients, models, counts and sums. \
            By default 32.
            """
    )
    var releaseRowsMin: String?
}

/// What is said of a file: its label, its columns, how it is written.
struct FileFlags: ParsableArguments {
    @Option(help: "The column of the file that is to be predicted, where there is no schema.")
    var label: String?

    @Option(help: "Columns of the file that are passed over, such as id,name, where there is no schema.")
    var ignore: String?

    @Option(help: "What the label holds: classes or number. By default found out.")
    var labelKind: String?

    @Option(help: "The label's classes in their order, such as well,sick, where a file has not all of them.")
    var classes: String?

    @Option(help: "What stands between the cells of CSV: ',', ';' or tab. By default found out.")
    var delimiter: String?

    @Option(help: "What stands before the fraction of numbers in CSV: '.' or ','. By default found out.")
    var decimal: String?
}

/// How a worker runs, which `worker check` takes and does not need.
struct RunFlags: ParsableArguments {
    @Option(
        help: """
            How many jobs run at once, each on a core of its own. By default 1. Trainers take turns; one of which \
            nothing runs does not wait for the long jobs of others.
            """
    )
    var slots: String?

    @Option(
        help: """
            Compute with no more than these instructions, avx2 or sse41, so that machines that have more give the same \
            bits. By default with the best there are.
            """
    )
    var portableBits: String?

    @Option(help: "After how many seconds the worker drains and ends, with 0. By default never.")
    var lifetime: String?

    @Option(help: "How many seconds running jobs may go on after SIGTERM. By default 25.")
    var drainSeconds: String?

    @Option(
        help: """
            How many MiB jobs and the tensors kept for trainers may take together. By default half of what the \
            machine or its control group has.
            """
    )
    var memory: String?

    @Option(
        help: "How many MiB the tensors kept for trainers may take; 0 takes none. By default 1024."
    )
    var objectMemory: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical. By default info.")
    var logLevel: String?
}
