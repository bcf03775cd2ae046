import Console
import Datasets
import Foundation
import Keys
import Logging
import Tensor
import WorkerKit

/// What the worker was told, flags first, then the environment, then defaults; everything checked but the
/// data.
struct Settings {
    /// Where the rows come from.
    enum Source {
        case named(String, folder: String?)
        /// Files, each with the path of its schema, where it has one.
        case files([(file: DataFile, schema: String?)])

        /// Reads the data.
        ///
        /// - Parameter rowsMinimum: The fewest rows anything may be about that leaves. Names of categories and classes
        ///   are announced: of fewer rows, only those that a schema's author wrote down.
        func load(rowsMinimum: Int) throws(DatasetError) -> [Dataset] {
            switch self {
            case .named(let name, let folder):
                return [try Dataset.load(named: name, folder: folder)]
            case .files(let files):
                var datasets: [Dataset] = []
                for (file, path) in files {
                    let schema: DataSchema?
                    if let path { schema = try DataSchema(contentsOf: path) } else { schema = nil }
                    let dataset = try Dataset.load(file: file, schema: schema)
                    try dataset.checkNames(rowsMinimum: rowsMinimum)
                    guard !datasets.contains(where: { $0.name == dataset.name }) else {
                        throw .invalidFile(
                            path: file.path,
                            reason: "data set \(dataset.name) is served from another file already")
                    }
                    datasets.append(dataset)
                }
                return datasets
            }
        }
    }

    /// How a data set becomes shards.
    enum Cut {
        /// All rows are a site's own.
        case site(String)
        /// Parts of rows that everyone has.
        case parts(ShardSelection, Partition)

        func shards(of dataset: Dataset) throws(DatasetError) -> [Shard] {
            switch self {
            case .site(let name): [try dataset.shard(ofSite: name)]
            case .parts(let selection, let partition): try dataset.shards(selection, partition: partition)
            }
        }
    }

    let broker: String
    /// Who the worker is to the broker; `nil` for a broker without keys.
    let key: SiteKey?
    /// Who may ask it anything.
    let trainers: TrainerList?
    /// `nil` for a worker without data of its own, which keeps and computes what trainers send.
    let source: Source?
    let cut: Cut
    let name: String
    let slots: Int
    let timeoutMilliseconds: Int64?
    let drainMilliseconds: Int64
    /// The instructions it is held to.
    let portableBits: PortableBits?
    /// How long it serves; `nil` for ever.
    let lifetimeMilliseconds: Int64?
    let objectByteCountMaximum: Int
    let memoryByteCountMaximum: Int
    let releaseRowsMinimum: Int
    /// Whether the owner has said it, also of data that is public.
    let isReleaseRowsMinimumGiven: Bool
    let logLevel: Logger.Level

    /// Reads flags and environment.
    init(_ flags: Flags, _ run: RunFlags) throws {
        let words = Words()
        key = try SiteKey(flags.key, roles: [.worker])
        let list = words.value(flags.trainers, "trainers")
        guard list == nil || key != nil else {
            throw SettingFault("--trainers needs --key: a broker without keys does not say who asks")
        }
        trainers = try list.map { try TrainerList(contentsOf: $0) }
        broker = words.value(flags.broker, "broker") ?? key?.membership.broker ?? "tcp://127.0.0.1:5555"
        if let fault = Console.Flag.fault(ofEndpoint: broker, flag: "broker") { throw SettingFault(fault) }
        source = try Settings.source(flags, words)
        let info = ProcessInfo.processInfo
        let site = words.value(flags.site, "site"), given = try Settings.name(flags, words, key)
        name = given ?? site ?? "\(info.hostName)-\(info.processIdentifier)"
        cut = try Settings.cut(flags, words, site: site ?? given, source)
        slots = try words.integer(run.slots, "slots", 1...1_024) ?? 1
        timeoutMilliseconds = try words.integer(flags.timeout, "timeout", 0...1_000_000).map {
            Int64($0) * 1_000
        }
        drainMilliseconds =
            Int64(try words.integer(run.drainSeconds, "drain-seconds", 0...1_000_000) ?? 25) * 1_000
        portableBits = try words.choice(run.portableBits, "portable-bits")
        lifetimeMilliseconds = try words.integer(run.lifetime, "lifetime", 1...1_000_000_000).map {
            Int64($0) * 1_000
        }
        let objectMemory = try words.integer(run.objectMemory, "object-memory", 0...1_048_576) ?? 1_024
        objectByteCountMaximum = objectMemory << 20
        isReleaseRowsMinimumGiven = words.value(flags.releaseRowsMin, "release-rows-min") != nil
        memoryByteCountMaximum =
            try words.integer(run.memory, "memory", 1...1_073_741_824).map { $0 << 20 }
            ?? MachineMemory.byteCount() / 2
        releaseRowsMinimum =
            try words.integer(flags.releaseRowsMin, "release-rows-min", 1...1_000_000_000) ?? 32
        guard source != nil || objectByteCountMaximum > 0 else {
            throw SettingFault(
                "there is nothing to serve: give --dataset NAME, or --data FILE, or an "
                    + "--object-memory above 0 to keep what trainers send")
        }
        let level = words.value(run.logLevel, "log-level") ?? "info"
        guard let logLevel = Logger.Level(rawValue: level) else {
            let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingFault("--log-level is \(Words.quoted(level)), known are \(known)")
        }
        self.logLevel = logLevel
    }

    /// The name that was given: its key's, where it has one.
    private static func name(_ flags: Flags, _ words: Words, _ key: SiteKey?) throws -> String? {
        let given = words.value(flags.name, "name")
        guard let name = key?.membership.name else { return given }
        guard given == nil || given == name else {
            throw SettingFault(
                "--name is \(Words.quoted(given ?? "")), but the key is that of \(Words.quoted(name)), and the broker "
                    + "knows it by no other name")
        }
        return name
    }

    private static func source(_ flags: Flags, _ words: Words) throws -> Source? {
        // A data set named on the command line is not mixed with another from the environment.
        let isFlagged = flags.dataset != nil || !flags.data.isEmpty
        let dataset = isFlagged ? flags.dataset : words.value(nil, "dataset")
        let paths = isFlagged ? flags.data : words.value(nil, "data").map { [$0] } ?? []
        guard paths.isEmpty else { return .files(try files(paths, dataset: dataset, flags, words)) }
        guard let dataset else {
            try refuseOrphans(flags, words)
            return nil
        }
        return .named(dataset, folder: words.value(flags.dataFolder, "data-folder"))
    }

    private static func files(
        _ paths: [String], dataset: String?, _ flags: Flags, _ words: Words
    ) throws -> [(file: DataFile, schema: String?)] {
        let schemas = flags.schema.isEmpty ? words.value(nil, "schema").map { [$0] } ?? [] : flags.schema
        guard schemas.count <= 1 || schemas.count == paths.count else {
            throw SettingFault(
                "\(schemas.count) times --schema for \(paths.count) times --data: give one, or one for each")
        }
        guard dataset == nil || paths.count == 1 else {
            throw SettingFault(
                "--dataset \(Words.quoted(dataset ?? "")) names one data set, there are \(paths.count) --data"
            )
        }
        let label = words.value(flags.file.label, "label")
        guard !schemas.isEmpty || label != nil else {
            throw SettingFault(
                "--data \(Words.quoted(paths[0])) needs --label, the column to be predicted, or a --schema "
                    + "(worker describe writes one)")
        }
        let kind = try labelKind(flags.file, words), ignore = words.names(flags.file.ignore, "ignore")
        guard ignore.isEmpty || schemas.isEmpty else {
            throw SettingFault("--ignore is for files without a --schema, which has its own list")
        }
        let delimiter = try words.delimiter(flags.file.delimiter, "delimiter")
        let mark = try words.decimalMark(flags.file.decimal, "decimal")
        return paths.enumerated().map { index, path in
            let file = DataFile(
                path, label: label, labelKind: kind, delimiter: delimiter, decimalMark: mark,
                dataset: dataset,
                ignore: ignore)
            return (file, schemas.count == 1 ? schemas[0] : schemas.isEmpty ? nil : schemas[index])
        }
    }

    /// A file as the flags speak of it, whoever's it is.
    static func file(_ path: String, dataset: String?, _ flags: FileFlags) throws -> DataFile {
        let words = Words()
        return DataFile(
            path, label: words.value(flags.label, "label"), labelKind: try labelKind(flags, words),
            delimiter: try words.delimiter(flags.delimiter, "delimiter"),
            decimalMark: try words.decimalMark(flags.decimal, "decimal"),
            dataset: words.value(dataset, "dataset"), ignore: words.names(flags.ignore, "ignore")
        )
    }

    private static func labelKind(_ flags: FileFlags, _ words: Words) throws -> LabelKind {
        let classes = words.value(flags.classes, "classes").map { words.names($0, "classes") }
        switch (words.value(flags.labelKind, "label-kind"), classes) {
        case (nil, nil): return .automatic
        case (nil, let classes?), ("classes", let classes?): return .classes(classes)
        case ("classes", nil): return .classes(nil)
        case ("number", nil): return .number
        case ("number", _): throw SettingFault("--classes is given, but --label-kind is number")
        case (let kind?, _):
            throw SettingFault("--label-kind is \(Words.quoted(kind)), there are classes and number")
        }
    }

    private static func cut(_ flags: Flags, _ words: Words, site: String?, _ source: Source?) throws -> Cut {
        let shards = try words.value(flags.shard, "shard").map { try ShardSelection(parsing: $0) }
        let partition = try words.value(flags.partition, "partition").map { try Partition(parsing: $0) }
        if let shards {
            guard flags.site == nil else { throw SettingFault("--site and --shard exclude each other") }
            return .parts(shards, partition ?? .iid(seed: 0))
        }
        guard case .files = source else {
            if let own = flags.site { return .site(own) }
            return .parts(.whole, partition ?? .iid(seed: 0))
        }
        guard partition == nil else {
            throw SettingFault("--partition is for --shard, which cuts a file everyone has")
        }
        guard let site else {
            throw SettingFault(
                "--data needs --site NAME, whose rows they are (a name that stays, for each restart of a worker "
                    + "without one would be another site), or --shard I/N for a part of a file everyone has")
        }
        return .site(site)
    }

    /// Refuses words about a data set where none is named: whoever gave them has forgotten it.
    private static func refuseOrphans(_ flags: Flags, _ words: Words) throws {
        let orphans = [
            (flags.file.label, "label"), (flags.shard, "shard"), (flags.partition, "partition"),
            (flags.dataFolder, "data-folder"), (flags.site, "site"), (flags.schema.first, "schema"),
            (flags.file.classes, "classes"), (flags.file.ignore, "ignore"),
            (flags.file.labelKind, "label-kind"),
            (flags.file.delimiter, "delimiter"),
            (flags.file.decimal, "decimal"),
        ]
        for (flag, name) in orphans {
            guard let text = words.value(flag, name) else { continue }
            throw SettingFault(
                "--\(name) is \(Words.quoted(text)), but no data is named: give --dataset NAME or --data FILE"
            )
        }
    }
}
