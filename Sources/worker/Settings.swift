import Console
import Datasets
import Foundation
import Logging
import WorkerKit

/// What the worker was told, flags first, then the environment, then defaults; everything checked but the
/// data.
struct Settings {
    /// Where the rows come from.
    enum Source {
        case named(String, folder: String?)
        case csv(path: String, label: String)

        func load() throws(DatasetError) -> Dataset {
            switch self {
            case .named(let name, let folder): try Dataset.load(named: name, folder: folder)
            case .csv(let path, let label): try Dataset.load(csv: path, label: label)
            }
        }
    }

    /// Words that are no setting; the text says which, what was expected and what came.
    struct Fault: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    let broker: String
    /// `nil` for a worker without data of its own, which keeps and computes what trainers send.
    let source: Source?
    let shards: ShardSelection
    let partition: Partition
    let name: String
    let threads: Int
    let timeoutMilliseconds: Int64?
    let drainMilliseconds: Int64
    let objectByteCountMaximum: Int
    let memoryByteCountMaximum: Int
    let releaseRowsMinimum: Int
    /// Whether the owner has said it, also of data that is public.
    let isReleaseRowsMinimumGiven: Bool
    let logLevel: Logger.Level

    /// Reads flags and environment.
    init(_ flags: Flags) throws {
        let words = Words()
        broker = words.value(flags.broker, "broker") ?? "tcp://127.0.0.1:5555"
        if let fault = Console.Flag.fault(ofEndpoint: broker, flag: "broker") { throw Fault(fault) }
        source = try Settings.source(flags, words)
        shards = try words.value(flags.shard, "shard").map { try ShardSelection(parsing: $0) } ?? .whole
        partition =
            try words.value(flags.partition, "partition").map { try Partition(parsing: $0) } ?? .iid(seed: 0)
        let info = ProcessInfo.processInfo
        name = words.value(flags.name, "name") ?? "\(info.hostName)-\(info.processIdentifier)"
        threads = Int(try words.number(flags.threads, "threads", 1...1_024) ?? 1)
        timeoutMilliseconds = try words.number(flags.timeout, "timeout", 0...1_000_000).map { $0 * 1_000 }
        drainMilliseconds =
            (try words.number(flags.drainSeconds, "drain-seconds", 0...1_000_000) ?? 25) * 1_000
        let objectMemory = try words.number(flags.objectMemory, "object-memory", 0...1_048_576) ?? 1_024
        objectByteCountMaximum = Int(objectMemory) << 20
        isReleaseRowsMinimumGiven = words.value(flags.releaseRowsMin, "release-rows-min") != nil
        memoryByteCountMaximum =
            try words.number(flags.memory, "memory", 1...1_073_741_824).map { Int($0) << 20 }
            ?? MachineMemory.byteCount() / 2
        releaseRowsMinimum = Int(
            try words.number(flags.releaseRowsMin, "release-rows-min", 1...1_000_000_000) ?? 32)
        guard source != nil || objectByteCountMaximum > 0 else {
            throw Fault(
                "there is nothing to serve: give --dataset NAME, or --data FILE and --label COLUMN, or an "
                    + "--object-memory above 0 to keep what trainers send")
        }
        let level = words.value(flags.logLevel, "log-level") ?? "info"
        guard let logLevel = Logger.Level(rawValue: level) else {
            let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault("--log-level is '\(level)', known are \(known)")
        }
        self.logLevel = logLevel
    }

    /// The name of the built-in data set it serves, if it is one.
    var builtInName: String? { if case .named(let name, _)? = source { name } else { nil } }

    private static func source(_ flags: Flags, _ words: Words) throws -> Source? {
        // A data set named on the command line is not mixed with another from the environment.
        let isFlagged = flags.dataset != nil || flags.data != nil
        let dataset = isFlagged ? flags.dataset : words.value(nil, "dataset")
        let data = isFlagged ? flags.data : words.value(nil, "data")
        switch (dataset, data) {
        case (let name?, nil):
            return .named(name, folder: words.value(flags.dataFolder, "data-folder"))
        case (nil, let path?):
            guard let label = words.value(flags.label, "label") else {
                throw Fault("--data \(path) needs --label, the column to be predicted")
            }
            return .csv(path: path, label: label)
        case (nil, nil):
            try refuseOrphans(flags, words)
            return nil
        case (_?, _?):
            throw Fault("--dataset and --data exclude each other")
        }
    }

    /// Refuses words about a data set where none is named: whoever gave them has forgotten it.
    private static func refuseOrphans(_ flags: Flags, _ words: Words) throws {
        let orphans = [
            (flags.label, "label"), (flags.shard, "shard"), (flags.partition, "partition"),
            (flags.dataFolder, "data-folder"),
        ]
        for (flag, name) in orphans {
            guard let text = words.value(flag, name) else { continue }
            throw Fault("--\(name) is '\(text)', but no data is named: give --dataset NAME or --data FILE")
        }
    }
}

/// Looks settings up under their two names.
private struct Words {
    /// The flag, else its twin in the environment.
    func value(_ flag: String?, _ name: String) -> String? {
        flag ?? Flag.environment(name)
    }

    func number(_ flag: String?, _ name: String, _ range: ClosedRange<Int64>) throws -> Int64? {
        guard let text = value(flag, name) else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            let (low, high) = (range.lowerBound, range.upperBound)
            throw Settings.Fault("--\(name) is '\(text)', expected a whole number from \(low) to \(high)")
        }
        return number
    }
}
