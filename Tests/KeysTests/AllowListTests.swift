import Foundation
import TestSupport
import Testing
import ZMQ

@testable import Keys

@Suite("The list of who is let in")
struct AllowListTests {
    private func file(_ name: String, _ role: KeyRole = .worker) throws -> PublicKeyFile {
        let keys = try KeyFile()
        let membership = KeyFile.Membership(
            name: name, role: role, broker: "tcp://127.0.0.1:5555", brokerKey: keys.publicKey)
        return PublicKeyFile(membership, keys.publicKey)
    }

    private func reason<T>(_ body: () throws(KeyError) -> T) -> String {
        do throws(KeyError) {
            _ = try body()
            return ""
        } catch {
            return error.description
        }
    }

    @Test("who is invited and sends a key back is let in, until revoked")
    func enrolment() throws {
        var list = AllowList()
        let north = try file("north")
        try list.invite("north", as: .worker, since: "1")
        #expect(list.credential(of: north.key) == nil && list.count == 0)
        let credential = try list.enrol(north, since: "2")
        #expect(credential == Credential(key: north.key, name: "north", role: .worker))
        #expect(list.credential(of: north.key) == credential && list.entries.count == 1)
        let before = list
        #expect(try list.revoke("north", since: "3") == north.key)
        #expect(list.credential(of: north.key) == nil && list.count == 0)
        #expect(before.without(list) == [north.key] && list.without(before).isEmpty)
    }

    @Test("what may not be is refused, and says why")
    func refusals() throws {
        var list = AllowList()
        let (north, south) = (try file("north"), try file("south"))
        #expect(
            reason { () throws(KeyError) in try list.enrol(north, since: "1") }.contains(
                "nobody invited 'north'"))
        #expect(
            reason { () throws(KeyError) in try list.revoke("north", since: "1") }
                == "there is no 'north'; there is nobody")
        try list.invite("north", as: .trainer, since: "1")
        let posing = reason { () throws(KeyError) in try list.enrol(north, since: "1") }
        #expect(posing == "north was invited as a trainer, the file says worker")
        try list.invite("north", as: .worker, since: "1")
        #expect(list.entries.count == 1)
        try list.enrol(north, since: "1")
        let again = reason { () throws(KeyError) in try list.invite("north", as: .worker, since: "1") }
        #expect(
            again.contains(
                "north is enrolled already, as a worker with a key that begins with \(north.key.beginning)"))
        #expect(
            reason { () throws(KeyError) in try list.enrol(north, since: "1") }
                == "that key is enrolled already, as north")
        let other = PublicKeyFile(
            KeyFile.Membership(name: "north", role: .worker, broker: "", brokerKey: south.key), south.key)
        #expect(
            reason { () throws(KeyError) in try list.enrol(other, since: "1") }.contains(
                "enrolled with another key"))
        #expect(
            reason { () throws(KeyError) in try list.revoke("nord", since: "1") }
                == "there is no 'nord'; there are north")
        try list.revoke("north", since: "2026-11-24")
        try list.invite("north", as: .worker, since: "3")
        let revoked = reason { () throws(KeyError) in try list.enrol(north, since: "1") }
        #expect(revoked.contains("was revoked on 2026-11-24"))
        #expect(try list.revoke("north", since: "4") == nil)
        for name in ["", "a/b", "a\nb", " a", "a ", ".a", "-a", String(repeating: "x", count: 257)] {
            #expect(!reason { () throws(KeyError) in try list.invite(name, as: .worker, since: "1") }.isEmpty)
        }
    }

    @Test("a list is read as it was written, names with blanks among them")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let keys = BrokerKeys(folder["keys"])
        _ = try keys.create()
        let north = try file("Spitalul de Nord")
        try AllowList.change(at: keys.listPath) { (list) throws(KeyError) in
            try list.invite("Spitalul de Nord", as: .worker, since: "2026-11-24")
            try list.invite("anna", as: .trainer, since: "2026-11-24")
            try list.enrol(north, since: "2026-11-25")
            try list.invite("old", as: .admin, since: "1")
        }
        let list = try AllowList(contentsOf: keys.listPath)
        #expect(list.entries.map(\.name) == ["anna", "Spitalul de Nord", "old"])
        #expect(list.credential(of: north.key)?.name == "Spitalul de Nord")
        let mode = try FileManager.default.attributesOfItem(atPath: keys.listPath)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        // A change that is refused changes nothing.
        #expect(throws: KeyError.self) {
            try AllowList.change(at: keys.listPath) { (list) throws(KeyError) in
                try list.invite("bob", as: .trainer, since: "1")
                try list.revoke("nobody", since: "1")
            }
        }
        #expect(try AllowList(contentsOf: keys.listPath) == list)
    }

    @Test("a line that is none is named")
    func broken() throws {
        let folder = try TemporaryFolder()
        let key = try KeyFile().publicKey
        let cases = [
            ("worker \(key) 1", ":2: expected a role, a key or -, a date and a name"),
            ("boss \(key) 1 north", ":2: there is no role 'boss', expected worker, trainer or admin"),
            ("worker short 1 north", ":2: the key of north is no public key"),
            ("revoked - 1 north", ":2: the key of north is no public key"),
            ("worker \(key) 1 .north", ":2: the name begins with a dot"),
            ("worker \(key) 1 a\nworker \(key) 1 b", ":3: its key is listed twice"),
            ("worker \(key) 1 a\nrevoked \(key) 1 b", ":3: its key is listed twice"),
            ("worker \(key) 1 a\ntrainer - 1 a", ":3: 'a' is listed twice"),
            (
                "worker rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7 1 a",
                ":2: the key of a is a key of libzmq's manual"
            ),
        ]
        for (lines, says) in cases {
            try folder.write("fagure peers 1\n\(lines)\n", to: "peers")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder["peers"])
            let text = reason { () throws(KeyError) in try AllowList(contentsOf: folder["peers"]) }
            #expect(text.contains(says), "\(text)")
        }
    }

    @Test("many who change the list at once lose nobody's change")
    func concurrency() async throws {
        let folder = try TemporaryFolder()
        let keys = BrokerKeys(folder["keys"])
        _ = try keys.create()
        let path = keys.listPath
        await withTaskGroup { group in
            for index in 0..<16 {
                group.addTask {
                    _ = try? AllowList.change(at: path) { (list) throws(KeyError) in
                        try list.invite("site-\(index)", as: .worker, since: "1")
                    }
                }
            }
        }
        #expect(try AllowList(contentsOf: path).entries.count == 16)
    }
}
