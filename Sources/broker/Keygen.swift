import ArgumentParser
import Console
import Keys
import ZMQ

/// `broker keygen`: makes a broker's keys, and a list of nobody.
struct Keygen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Makes the broker's keys, in a folder that only you can read.",
        discussion: """
            broker keygen && broker --keys keys --bind tcp://*:5555

            Keys that are there stay as they are. Ends with 65 where there are some, 74 where none can be written.
            """)

    @OptionGroup var flags: KeyFlags

    func run() async throws {
        try withKeys { () throws(KeyError) in
            let file = try flags.folder.create()
            return [
                "made keys in \(flags.folder.folder); the broker's begins with \(file.publicKey.beginning), and its "
                    + "secret half stays here",
                "next: broker --keys \(flags.folder.folder) --bind tcp://*:5555, and broker invite NAME --address "
                    + "tcp://HOST:5555 for each site",
            ]
        }
    }
}
