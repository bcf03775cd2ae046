import ArgumentParser
import Console
import Keys
import ZMQ

/// `broker revoke NAME`: lets a key in no more.
struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Lets somebody in no more, and ends what they are in the middle of.",
        discussion: """
            broker revoke north

            A running broker ends their sessions within a second. The key is never let in again; to come back they \
            are invited anew. Ends with 65 for a name that is not there, 74 where the list cannot be written.
            """)

    @Argument(help: "Whom, as in `broker peers`.")
    var name: String

    @OptionGroup var flags: KeyFlags

    func run() async throws {
        try withKeys { () throws(KeyError) in
            let key = try AllowList.change(at: flags.folder.listPath) { (list) throws(KeyError) in
                try list.revoke(name, since: AllowList.now)
            }
            guard let key else { return ["took the invitation of \(name) back"] }
            return ["revoked \(name), whose key begins with \(key.beginning)"]
        }
    }
}
