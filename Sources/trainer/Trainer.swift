import ArgumentParser
import Console

/// The program: trains a model on data that stays where it is.
@main
struct Trainer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trainer",
        abstract: "Trains a model on data that stays where it is.",
        version: Program.version,
        subcommands: [Train.self, Predict.self, Status.self, JoinCommand.self],
        defaultSubcommand: Train.self)

    static func main() { Program.run(Trainer.self) }
}
