import Foundation

/// Feeds changed inputs to decoders, readers and whole programs; `scripts/fuzz` builds it with the address
/// sanitizer and says how it is used.
@main
struct Fuzz {
    static func main() async {
        do {
            try await run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            note("\(error)")
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) async throws {
        guard let name = arguments.first, case let names = Targets.named(name), !names.isEmpty else {
            note("fuzz: name one of all, messages, files, \(Targets.all.joined(separator: ", "))")
            exit(64)
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fagure-fuzz-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        switch Array(arguments.dropFirst()) {
        case let rest where rest.count == 2 && rest[0] == "--replay":
            let numbers = rest[1].split(separator: ":").compactMap { UInt64($0) }
            guard numbers.count == 2, names.count == 1 else { return usage() }
            try await Run(name, seed: numbers[0], folder: folder.path).replay(numbers[1])
        case let rest where rest.count == 3 && rest[0] == "--count":
            guard let count = Int(rest[1]), let seed = UInt64(rest[2]) else { return usage() }
            for name in names {
                try await Run(name, seed: seed, folder: folder.path).run(until: .tried(count / names.count))
            }
        case let rest where rest.count == 2:
            guard let seconds = Double(rest[0]), let seed = UInt64(rest[1]), seconds > 0 else {
                return usage()
            }
            for name in names {
                try await Run(name, seed: seed, folder: folder.path)
                    .run(until: .seconds(seconds / Double(names.count)))
            }
        default:
            usage()
        }
    }

    private static func usage() {
        note("fuzz: expected TARGET SECONDS SEED, TARGET --count INPUTS SEED or TARGET --replay SEED:NUMBER")
        exit(64)
    }

    /// Prints a line at once, whoever reads.
    static func report(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    /// Ends the process where it stands, so that the stacks of all threads are shown.
    static func end(_ reason: String) -> Never {
        note("fuzz: \(reason)")
        abort()
    }

    /// Says something to people.
    static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
