import ArgumentParser
import Console
import Keys

/// `broker invite NAME`: writes what somebody needs who is to join.
struct Invite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite",
        abstract: "Writes an invitation for a worker or a trainer, to be sent to them.",
        discussion: """
            broker invite north --address tcp://broker.example.org:5555
            broker invite anna --role trainer --address tcp://broker.example.org:5555

            Nothing in an invitation is secret, but it says which broker to trust: send it by a way on which nobody \
            changes it. Whoever gets it runs `worker join` or `trainer join` and sends a public key back, for \
            `broker enrol`. Ends with 64 for wrong usage, 65 for keys that cannot be used or a name that is enrolled, \
            74 where a file cannot be written.
            """)

    @Argument(help: "What the broker calls them: a worker's name in catalogues and errors.")
    var name: String

    @Option(
        help: "What they may do: worker, trainer, or admin, who sees and submits nothing. By default worker.")
    var role: String?

    @Option(help: "Where they reach the broker, such as tcp://broker.example.org:5555. [FAGURE_ADDRESS]")
    var address: String?

    @Option(help: "The file to write. By default NAME.invitation.")
    var output: String?

    @OptionGroup var flags: KeyFlags

    func run() async throws {
        let word = role ?? KeyRole.worker.rawValue
        guard let role = KeyRole(rawValue: word) else {
            throw ValidationError("--role is \(Words.quoted(word)), expected \(KeyRole.names)")
        }
        guard let address = Words().value(address, "address") else {
            throw ValidationError(
                "--address is missing: where they reach the broker, such as tcp://broker.example.org:5555")
        }
        if let fault = Console.Flag.fault(ofEndpoint: address, flag: "address") {
            throw ValidationError(fault)
        }
        if let fault = KeyName.fault(of: name) {
            throw ValidationError("the name \(Words.quoted(name)) \(fault)")
        }
        try withKeys { () throws(KeyError) in
            let key = try flags.folder.key().publicKey
            try AllowList.change(at: flags.folder.listPath) { (list) throws(KeyError) in
                try list.invite(name, as: role, since: AllowList.now)
            }
            let path = output ?? "\(name).invitation"
            try Invitation(name: name, role: role, broker: address, brokerKey: key).write(to: path)
            let program = role == .worker ? "worker" : "trainer"
            return [
                "invited \(name) as \(role.described): send them \(path)",
                "they run: \(program) join \(path)",
            ]
        }
    }
}
