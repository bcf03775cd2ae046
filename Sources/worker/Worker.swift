import ArgumentParser
import Console

/// The program: holds data, and computes beside it.
@main
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Holds data that stays where it is, and runs a trainer's jobs beside it.",
        version: Program.version,
        subcommands: [Serve.self, Describe.self, Check.self, JoinCommand.self],
        defaultSubcommand: Serve.self)

    static func main() { Program.run(Worker.self) }
}
