import ArgumentParser
import Console
import Keys

/// `trainer join INVITATION`: makes keys for this site, and writes the half that is sent back.
struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Makes the keys an invitation asks for, and writes the public half to send back.",
        discussion: "trainer join NAME.invitation\n\n\(Join.discussion)")

    @Argument(help: "What the broker's owner sent, such as NAME.invitation.")
    var invitation: String

    @Option(help: "Where the keys go. By default NAME.key, in this folder.")
    var key: String?

    func run() async throws {
        do throws(KeyError) {
            let lines = try Join.accept(
                invitation, keyPath: key, program: "trainer", roles: [.trainer, .admin])
            for line in lines { StandardStream.output.line(line) }
        } catch {
            Program.complain("trainer", error.description)
            throw ExitCode(ExitStatus(error).rawValue)
        }
    }
}
