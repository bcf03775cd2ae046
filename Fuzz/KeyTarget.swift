import Foundation
import Keys
import ZMQ

/// Files of keys: each is read as every kind of them.
struct KeyTarget: Target {
    private let folder: String
    private let corpus: [[UInt8]]

    init(folder: String) throws {
        self.folder = folder
        corpus = try KeyTarget.corpus()
    }

    mutating func feed(_ random: inout Randomness) async throws -> Tally {
        let bytes = Mutation.changed(
            random.pick(corpus), beside: random.pick(corpus), words: KeyTarget.words, &random)
        let path = "\(folder)/input"
        guard write(bytes, to: path) else { throw Fault("\(path) cannot be written") }
        var isAccepted = (try? KeyFile(contentsOf: path)) != nil
        isAccepted = (try? Invitation(contentsOf: path)) != nil || isAccepted
        isAccepted = (try? PublicKeyFile(contentsOf: path)) != nil || isAccepted
        isAccepted = (try? TrainerList(contentsOf: path)) != nil || isAccepted
        if let list = try? AllowList(contentsOf: path) {
            isAccepted = true
            guard write(Array(list.text.utf8), to: path) else { throw Fault("\(path) cannot be written") }
            let again = try? AllowList(contentsOf: path)
            precondition(again == list, "a list reads something else than it wrote: \(list.text)")
        }
        return Tally(tried: 1, accepted: isAccepted ? 1 : 0)
    }

    /// Not by `File`, which waits for the disk; the mode is that of a secret.
    private func write(_ bytes: [UInt8], to path: String) -> Bool {
        FileManager.default.createFile(
            atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
    }

    private static func corpus() throws -> [[UInt8]] {
        // The same in every run, so that an input can be fed again: 32 bytes of anything are a secret key.
        let keys = try (1...4 as ClosedRange<UInt8>).map {
            try CurvePublicKey(bytes: [UInt8](repeating: $0, count: 32))
        }
        let pair = try CurveKeyPair(secretKey: keys[0].text)
        let site = "name north\nrole worker\nbroker tcp://127.0.0.1:5555\nbroker-key \(keys[1])\n"
        return [
            "fagure key 1\n# mine\nsecret \(pair.secretKey)\npublic \(pair.publicKey)\n",
            "fagure key 1\nsecret \(pair.secretKey)\npublic \(pair.publicKey)\n\(site)",
            "fagure invitation 1\n\(site)",
            "fagure public key 1\nname north\nrole worker\npublic \(keys[2])\n",
            """
            fagure peers 1
            worker \(keys[1]) 2026-11-24T10:00:00Z north
            trainer - 1 anna b
            revoked \(keys[2]) 1 old

            """,
            "anna\n# who else\n\(keys[3])\n",
        ].map { Array($0.utf8) }
    }

    private static let words = [
        "fagure ", "key", "peers", "1", "\n", "\r\n", "\u{FEFF}", " ", "\t", "# ", "secret ", "public ",
        "name ", "role ",
        "broker ", "broker-key ", "worker", "trainer", "admin", "revoked", "-", "/", "\0", "é", "\u{2028}",
        "\u{A0}",
        "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "tcp://[::1]:1", "ipc://x",
    ]
}
