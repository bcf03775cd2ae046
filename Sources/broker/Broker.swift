import ArgumentParser
import BrokerKit
import Console

/// The program: brings trainers and workers together, and keeps the list of who may come.
@main
struct Broker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Brings trainers and workers together.",
        version: Program.version,
        subcommands: [Serve.self, Keygen.self, Invite.self, Enrol.self, Revoke.self, Peers.self],
        defaultSubcommand: Serve.self)

    static func main() { Program.run(Broker.self, needs: needs) }

    /// A connection is a file, and there is one for each session.
    private static var needs: Needs {
        var needs = Needs.any
        needs.openFilesOfUse = BrokerLimits.sessionsMaximum + needs.openFiles
        return needs
    }
}
