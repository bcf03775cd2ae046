import ArgumentParser

/// The program: trains a model on data that stays where it is.
@main
struct Trainer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trainer",
        abstract: "Trains a model on data that stays where it is.",
        subcommands: [Train.self, Status.self],
        defaultSubcommand: Train.self)
}
