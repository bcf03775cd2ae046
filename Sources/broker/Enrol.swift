import ArgumentParser
import Console
import Keys
import ZMQ

/// `broker enrol FILE`: lets in a key that came back.
struct Enrol: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract: "Lets in a public key that came back for an invitation.",
        discussion: """
            broker enrol north.public

            The role is the invitation's, whatever the file says. A running broker knows the key at once. Ends with 65 \
            for a file that cannot be read, a name nobody invited, or a key that is listed already, 74 where the list \
            cannot be written; it then stays as it was.
            """)

    @Argument(help: "What came back, such as north.public.")
    var file: String

    @OptionGroup var flags: KeyFlags

    func run() async throws {
        try withKeys { () throws(KeyError) in
            let half = try PublicKeyFile(contentsOf: file)
            let enrolled = try AllowList.change(at: flags.folder.listPath) { (list) throws(KeyError) in
                try list.enrol(half, since: AllowList.now)
            }
            return [
                "enrolled \(enrolled.name) as \(enrolled.role.described); its key begins with "
                    + "\(enrolled.key.beginning): ask them whether theirs does"
            ]
        }
    }
}
