import Foundation
import Ground
import TestSupport
import Testing
import ZMQ

@testable import Keys

@Suite("Files of keys")
struct KeyFileTests {
    private static func invitation(_ name: String = "north", _ role: KeyRole = .worker) throws -> Invitation {
        Invitation(
            name: name, role: role, broker: "tcp://broker.example.org:5555",
            brokerKey: try KeyFile().publicKey)
    }

    private static func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("an invitation, the keys made for it and the public half are read as they were written")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let invitation = try Self.invitation("Spitalul Județean", .trainer)
        try invitation.write(to: folder["a.invitation"])
        #expect(try Invitation(contentsOf: folder["a.invitation"]) == invitation)
        let file = try KeyFile(for: invitation)
        try file.create(at: folder["a.key"])
        #expect(try KeyFile(contentsOf: folder["a.key"]) == file)
        let membership = try #require(file.membership)
        #expect(membership.brokerKey == invitation.brokerKey && membership.broker == invitation.broker)
        let half = PublicKeyFile(membership, file.publicKey)
        try half.write(to: folder["a.public"])
        #expect(try PublicKeyFile(contentsOf: folder["a.public"]) == half)
        for (name, words) in [
            ("a.invitation", "is an invitation, not a key"), ("a.public", "the public half"),
        ] {
            let error = #expect(throws: KeyError.self) { try KeyFile(contentsOf: folder[name]) }
            #expect(error?.description.contains(words) == true)
        }
        for name in ["a.invitation", "a.public"] {
            #expect(!String(decoding: try folder.bytes(name), as: UTF8.self).contains(file.keys.secretKey))
        }
    }

    @Test(
        "a secret file is 0600 whatever the mask, is never replaced, and is refused where others may read it")
    func secrecy() throws {
        let folder = try TemporaryFolder()
        let broker = BrokerKeys(folder["keys"])
        let file = try broker.create()
        #expect(try Self.mode(broker.folder) == 0o700)
        #expect(try Self.mode(broker.keyPath) == 0o600 && Self.mode(broker.listPath) == 0o600)
        #expect(try broker.key() == file)
        let again = #expect(throws: KeyError.self) { _ = try broker.create() }
        #expect(again?.description.contains("is there already") == true)
        #expect(try broker.key() == file)
        for mode in [0o640, 0o604, 0o644, 0o666, 0o620, 0o602] {
            for path in [broker.keyPath, broker.listPath] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            }
            let open = #expect(throws: KeyError.self) { _ = try broker.key() }
            #expect(open?.description.contains("is open to others (mode \(String(mode, radix: 8)))") == true)
            #expect(open?.description.contains("chmod 600") == true)
            #expect(throws: KeyError.self) { _ = try AllowList(contentsOf: broker.listPath) }
        }
        #expect("\(file)" == file.publicKey.text && !String(reflecting: file).contains(file.keys.secretKey))
    }

    @Test("a secret file of somebody else's is refused", .enabled(if: geteuid() == 0))
    func foreignOwner() throws {
        let folder = try TemporaryFolder()
        try KeyFile().create(at: folder["x.key"])
        try FileManager.default.setAttributes([.ownerAccountID: 12_345], ofItemAtPath: folder["x.key"])
        let error = #expect(throws: KeyError.self) { _ = try KeyFile(contentsOf: folder["x.key"]) }
        #expect(error?.description.contains("belongs to user 12345, expected user 0") == true)
    }

    @Test("a key file that is none is named with its line, and never shows what it holds")
    func broken() throws {
        let folder = try TemporaryFolder()
        let (pair, other) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
        let good = "fagure key 1\nsecret \(pair.secretKey)\npublic \(pair.publicKey)\n"
        let cases: [(text: String, says: String)] = [
            ("", ":1: expected 'fagure key 1' here"),
            ("fagure key 2\n", ":1: expected 'fagure key 1' here"),
            ("secret \(pair.secretKey)\n", ":1: expected 'fagure key 1' here"),
            ("fagure key 1\nsecret\(pair.secretKey)\n", ":2: expected one of secret, public"),
            (
                "fagure key 1\nsecret \(pair.secretKey.dropLast())\n",
                ":2: 'secret' is not a key of 40 characters"
            ),
            ("fagure key 1\npublic \(pair.publicKey)\n", "has no line 'secret'"),
            (good + "public \(pair.publicKey)\n", ":4: 'public' is there twice"),
            (
                "fagure key 1\nsecret \(pair.secretKey)\npublic \(other.publicKey)\n",
                ":3: 'public' is not the key"
            ),
            (good + "name north\n", "has no line 'role'"),
            (good + "name north\nrole boss\n", ":5: 'role' is not worker, trainer or admin"),
            (good + "name a/b\nrole worker\n", ":4: the name has a slash"),
            (good + "name n\nrole worker\nbroker udp://x\n", ":6: 'broker' is no endpoint"),
            (
                "fagure key 1\nsecret JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6\n"
                    + "public rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\n",
                ":3: 'public' is a key of libzmq's manual"
            ),
        ]
        for (text, says) in cases {
            try folder.write(text, to: "x.key")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder["x.key"])
            let error = #expect(throws: KeyError.self, "\(says)") {
                _ = try KeyFile(contentsOf: folder["x.key"])
            }
            let description = error?.description ?? ""
            #expect(description.hasPrefix(folder["x.key"]) && description.contains(says), "\(description)")
            #expect(!description.contains(pair.secretKey.dropLast()), "\(description)")
        }
        try folder.write([0xFF, 0xFE, 0x00], to: "x.key")
        #expect(throws: KeyError.self) { _ = try KeyFile(contentsOf: folder["x.key"]) }
        let absent = #expect(throws: KeyError.self) { _ = try KeyFile(contentsOf: folder["none"]) }
        #expect(absent?.description.contains("No such file") == true)
        #expect(throws: KeyError.self) { _ = try KeyFile(contentsOf: folder.path) }
    }

    @Test("what mail does to lines is forgiven: their ends, a mark at the beginning, blanks")
    func mail() throws {
        let folder = try TemporaryFolder()
        let invitation = try Self.invitation()
        try invitation.write(to: folder["x"])
        let lines = String(decoding: try folder.bytes("x"), as: UTF8.self).split(separator: "\n")
        try folder.write("\u{FEFF}" + lines.map { "  \($0)  \r\n\r\n" }.joined(), to: "x")
        #expect(try Invitation(contentsOf: folder["x"]) == invitation)
    }

    @Test("a key is asked for whose it is")
    func memberships() throws {
        let site = try KeyFile(for: Self.invitation("anna", .trainer))
        #expect(try site.membership(of: "x", roles: [.trainer, .admin]).name == "anna")
        let wrong = #expect(throws: KeyError.self) { _ = try site.membership(of: "x.key", roles: [.worker]) }
        #expect(wrong?.description == "x.key is the key of a trainer, expected that of a worker")
        let broker = #expect(throws: KeyError.self) {
            _ = try KeyFile().membership(of: "x.key", roles: [.worker])
        }
        #expect(broker?.description.contains("is a broker's key") == true)
    }

    @Test("a worker's trainers are names and keys")
    func trainers() throws {
        let folder = try TemporaryFolder()
        let (anna, bob) = (try KeyFile().publicKey, try KeyFile().publicKey)
        try folder.write("# who may ask\nanna\n\(bob)\n", to: "trainers")
        let list = try TrainerList(contentsOf: folder["trainers"])
        #expect(list.allows(name: "anna", key: anna) && list.allows(name: "zoe", key: bob))
        #expect(!list.allows(name: "zoe", key: anna))
        for (text, says) in [
            ("# nobody\n", "names no trainer"), ("a/b\n", ":1: the name has a slash"),
            ("fagure public key 1\nname anna\n", ":1: is a file of another kind"),
            ("anna\nYne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n", ":2: is a key of libzmq's manual"),
        ] {
            try folder.write(text, to: "trainers")
            let error = #expect(throws: KeyError.self) { _ = try TrainerList(contentsOf: folder["trainers"]) }
            #expect(error?.description.contains(says) == true)
        }
    }
}
