/// Something that is fed changed inputs.
protocol Target {
    /// Feeds it one input of the run: one file, or one conversation of many messages. What a run does for an input
    /// depends on the randomness alone, so that it can be repeated.
    ///
    /// - Throws: What is a fault of the target. Refusing an input is none.
    mutating func feed(_ random: inout Randomness) async throws -> Tally
}

/// What became of inputs.
struct Tally {
    var tried = 0
    var accepted = 0

    var refused: Int { tried - accepted }

    static func += (left: inout Tally, right: Tally) {
        left.tried += right.tried
        left.accepted += right.accepted
    }
}

/// A fault of a target.
struct Fault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The targets by their names, and the names of several.
enum Targets {
    static let messages = ["broker", "worker", "trainer"]
    static let files = ["csv", "idx", "npy", "npz", "safetensors", "model", "schema", "keys"]
    static let all = messages + files + ["graph"]

    /// The targets a name stands for; none for one that is unknown.
    static func named(_ name: String) -> [String] {
        switch name {
        case "all": all
        case "messages": messages
        case "files": files
        default: all.contains(name) ? [name] : []
        }
    }

    static func make(_ name: String, folder: String) async throws -> any Target {
        switch name {
        case "broker": try BrokerTarget()
        case "worker": try WorkerTarget()
        case "trainer": try TrainerTarget()
        case "graph": try GraphTarget()
        case "keys": try KeyTarget(folder: folder)
        default: try FileTarget(name, folder: folder)
        }
    }
}
