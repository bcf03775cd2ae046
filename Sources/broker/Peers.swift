import ArgumentParser
import Console
import Keys
import ZMQ

/// `broker peers`: says who is let in.
struct Peers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract:
            "Lists who is invited, enrolled and revoked: name, role, the beginning of the key, since when.")

    @OptionGroup var flags: KeyFlags

    func run() async throws {
        try withKeys { () throws(KeyError) in
            try AllowList(contentsOf: flags.folder.listPath).entries.map { entry in
                switch entry.standing {
                case .invited(let role): "\(entry.name)  \(role.rawValue), invited  -  \(entry.since)"
                case .enrolled(let known):
                    "\(entry.name)  \(known.role.rawValue)  \(known.key.beginning)  \(entry.since)"
                case .revoked(let key): "\(entry.name)  revoked  \(key.beginning)  \(entry.since)"
                }
            }
        }
    }
}
