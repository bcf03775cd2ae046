import Foundation
import Keys
import TestSupport
import Testing
import ZMQ

@Suite("Keys of real processes", .timeLimit(.minutes(3)))
struct KeyProcessTests {
    /// A broker with keys, and whoever is invited to it.
    private final class House {
        let folder: TemporaryFolder
        let broker: RunningProgram
        let endpoint: String
        var keys: [String] { ["--keys", folder["keys"]] }

        init(bind: String = "tcp://127.0.0.1:*") async throws {
            folder = try TemporaryFolder()
            let keygen = try RunningProgram("broker", ["keygen", "--keys", folder["keys"]])
            #expect(await keygen.end() == 0, "\(keygen.errors)")
            broker = try RunningProgram("broker", ["--keys", folder["keys"], "--bind", bind])
            endpoint = try await Fleet.endpoint(of: broker)
        }

        /// Runs a command to its end.
        @discardableResult
        func run(_ program: String, _ arguments: [String], ends status: Int32 = 0) async throws
            -> RunningProgram
        {
            let command = try RunningProgram(program, arguments)
            #expect(
                await command.end() == status, "\(program) \(arguments): \(command.lines) \(command.errors)")
            return command
        }

        /// Has somebody invited and join.
        func invite(_ name: String, _ role: String = "worker") async throws {
            let invitation = folder["\(name).invitation"]
            try await run(
                "broker",
                ["invite", name, "--role", role, "--address", endpoint, "--output", invitation] + keys)
            try await run(
                role == "worker" ? "worker" : "trainer", ["join", invitation, "--key", folder["\(name).key"]])
        }

        /// Enrols whoever has joined.
        @discardableResult
        func enrol(_ name: String) async throws -> RunningProgram {
            try await run("broker", ["enrol", folder["\(name).public"]] + keys)
        }

        func secret(of path: String) throws -> String {
            try KeyFile(contentsOf: path).keys.secretKey
        }
    }

    private static let site = [
        "--data", Fixtures.fieldCase("sites/north/patients.csv"), "--label", "outcome",
    ]

    @Test(
        "invited, joined, enrolled: a run goes through; whoever is not, or is not on a worker's list, is told so"
    )
    func enrolment() async throws {
        let house = try await House()
        for (name, role) in [("north", "worker"), ("anna", "trainer"), ("eve", "trainer"), ("root", "admin")]
        {
            try await house.invite(name, role)
            let enrolled = try await house.enrol(name)
            let begins = try KeyFile(contentsOf: house.folder["\(name).key"]).publicKey.beginning
            #expect(enrolled.lines.contains { $0.contains("enrolled \(name)") && $0.contains(begins) })
        }
        try house.folder.write("anna\n", to: "trainers")
        let north = try RunningProgram(
            "worker",
            ["--key", house.folder["north.key"], "--trainers", house.folder["trainers"]] + Self.site)
        try await north.line(containing: "worker north registered with \(house.endpoint)")
        let run = ["--model", "logistic", "--rounds", "2", "--key"]
        let anna = try await house.run("trainer", run + [house.folder["anna.key"]])
        #expect(anna.lines.last?.hasPrefix("done") == true)
        let eve = try await house.run("trainer", run + [house.folder["eve.key"]], ends: 77)
        #expect(
            eve.errors.contains("trainer eve") && eve.errors.contains("list of trainers"), "\(eve.errors)")
        let root = try await house.run("trainer", ["status", "--key", house.folder["root.key"]])
        #expect(root.lines.contains { $0.contains("north") })
        let admin = try await house.run("trainer", run + [house.folder["root.key"]], ends: 65)
        #expect(admin.errors.contains("is the key of an admin, expected that of a trainer"))
        // The site runs, and is not told of itself.
        let check = try await house.run("worker", ["check", "--key", house.folder["north.key"]] + Self.site)
        #expect(check.lines.contains { $0.contains("a broker answers at") }, "\(check.errors)")
        #expect(!check.lines.contains { $0.contains("as the broker says") })

        let peers = try await house.run("broker", ["peers"] + house.keys)
        #expect(peers.lines.count == 4 && peers.lines.allSatisfy { !$0.contains("revoked") })
        let start = ContinuousClock.now
        try await house.run("broker", ["revoke", "north"] + house.keys)
        #expect(await north.end() == 77)
        #expect(ContinuousClock.now - start < .seconds(2))
        #expect(north.errors.contains("the key was revoked"), "\(north.errors)")
        let again = try await house.run("worker", ["--key", house.folder["north.key"]], ends: 77)
        #expect(again.errors.contains("was not enrolled there yet, or was revoked"), "\(again.errors)")

        var shown = [house.broker, north, anna, eve, root, check, again].map { $0.errors + $0.lines.joined() }
        for file in ["cmdline", "environ"] {
            let path = "/proc/\(house.broker.identifier)/\(file)"
            if let bytes = FileManager.default.contents(atPath: path) {
                shown.append(String(decoding: bytes, as: UTF8.self))
            }
        }
        await house.broker.stop()
        shown.append(house.broker.errors)
        for name in ["keys/broker", "north", "anna", "eve", "root"] {
            let secret = try house.secret(of: house.folder["\(name).key"])
            #expect(shown.allSatisfy { !$0.contains(secret) })
        }
    }

    @Test("strangers: without a key, with one that is not enrolled, with another broker's")
    func strangers() async throws {
        let house = try await House()
        try await house.invite("north")
        let keyless = try await house.run("worker", ["--broker", house.endpoint], ends: 77)
        #expect(keyless.errors.contains("lets in keys only"), "\(keyless.errors)")
        let keylessTrainer = try await house.run("trainer", ["status", "--broker", house.endpoint], ends: 77)
        #expect(keylessTrainer.errors.contains("lets in keys only"), "\(keylessTrainer.errors)")
        let early = try await house.run("worker", ["--key", house.folder["north.key"]], ends: 77)
        #expect(early.errors.contains("not enrolled there yet"), "\(early.errors)")
        try await house.enrol("north")
        let north = try RunningProgram("worker", ["--key", house.folder["north.key"]])
        try await north.line(containing: "registered")
        await north.stop()

        let other = try await House()
        let posing = try await other.run(
            "worker", ["--key", house.folder["north.key"], "--broker", other.endpoint, "--timeout", "1"],
            ends: 69)
        #expect(
            posing.errors.contains("is the broker's key still that of the invitation?"), "\(posing.errors)")
        await other.broker.stop()
        let open = try await Fleet()
        let fooled = try await house.run(
            "worker", ["--key", house.folder["north.key"], "--broker", open.endpoint], ends: 77)
        #expect(fooled.errors.contains("has no keys"), "\(fooled.errors)")
        await open.stop()
        await house.broker.stop()
    }

    @Test("what keys cannot be used for is said, with the exit codes of the other programs")
    func refusals() async throws {
        let house = try await House()
        let (folder, keys) = (house.folder, house.keys)
        try await house.invite("north")
        try await house.invite("anna", "trainer")
        let invite = ["--address", house.endpoint] + keys
        try house.folder.write("fagure public key 1\nname north\nrole admin\npublic x\n", to: "short.public")
        try FileManager.default.copyItem(atPath: folder["north.key"], toPath: folder["open.key"])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder["open.key"])
        let open = try TemporaryFolder()
        _ = try BrokerKeys(open["keys"]).create()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: open["keys/broker.key"])
        let cases: [(program: String, arguments: [String], status: Int32, says: String)] = [
            ("broker", ["--bind", "tcp://*:*"], 64, "which other machines can reach, and there are no keys"),
            ("broker", ["--bind", "tcp://[::]:*"], 64, "--insecure"),
            ("broker", ["--bind", "tcp://*:*", "--insecure"] + keys, 64, "exclude each other"),
            ("broker", ["--keys", folder["none"]], 65, "`broker keygen --keys"),
            ("broker", ["--keys", open["keys"]], 65, "is open to others (mode 644), expected mode 600"),
            ("broker", ["keygen"] + keys, 65, "is there already"),
            ("broker", ["keygen", "--keys", "/proc/keys"], 74, "/proc/keys"),
            ("broker", ["invite", "x", "--role", "boss"] + invite, 64, "--role is 'boss', expected worker"),
            ("broker", ["invite", "a/b"] + invite, 64, "has a slash"),
            ("broker", ["invite", "x"] + keys, 64, "--address is missing"),
            ("broker", ["invite", "x", "--address", "tcp://x"] + keys, 64, "the port is missing"),
            ("broker", ["enrol", folder["none.public"]] + keys, 65, "No such file"),
            ("broker", ["enrol", folder["short.public"]] + keys, 65, "short.public:4: 'public' is not"),
            ("broker", ["revoke", "nord"] + keys, 65, "there is no 'nord'; there are north, anna"),
            ("worker", ["join", folder["anna.invitation"]], 65, "is for a trainer: `trainer join"),
            (
                "trainer", ["join", folder["anna.invitation"], "--key", folder["north.key"]], 65,
                "of another invitation"
            ),
            (
                "worker", ["--key", folder["anna.key"]], 65,
                "is the key of a trainer, expected that of a worker"
            ),
            ("worker", ["--key", folder["keys/broker.key"]], 65, "is a broker's key"),
            ("worker", ["--key", folder["north.invitation"]], 65, "is an invitation, not a key"),
            ("worker", ["--key", folder["open.key"]], 65, "is open to others"),
            ("worker", ["--key", folder["north.key"], "--name", "south"], 64, "the key is that of 'north'"),
            ("worker", ["--trainers", folder["north.public"]], 64, "--trainers needs --key"),
            ("trainer", ["--key", folder["north.key"]], 65, "is the key of a worker"),
        ]
        for (program, arguments, status, says) in cases {
            let running = try await house.run(program, arguments, ends: status)
            #expect(running.errors.contains(says), "\(arguments): \(running.errors)")
        }
        // A full disk leaves the list as it was.
        let before = try folder.bytes("keys/peers")
        let full = try RunningProgram(
            "broker", ["enrol", folder["north.public"]] + keys, shell: #"ulimit -f 0; exec "$@""#)
        #expect(await full.end() == 74)
        #expect(full.errors.contains("cannot be written"), "\(full.errors)")
        #expect(try folder.bytes("keys/peers") == before)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder["keys"]).allSatisfy {
                !$0.contains("partial")
            })
        // The same invitation again writes the public half again.
        try FileManager.default.removeItem(atPath: folder["north.public"])
        try await house.run("worker", ["join", folder["north.invitation"], "--key", folder["north.key"]])
        try await house.enrol("north")
        await house.broker.stop()
    }

    @Test(
        "elsewhere than on loopback it listens with keys, or where that is meant", arguments: [true, false])
    func elsewhere(_ hasKeys: Bool) async throws {
        if hasKeys {
            let house = try await House(bind: "tcp://*:*")
            await house.broker.stop()
            #expect(house.broker.errors.contains("lets in 0 keys"), "\(house.broker.errors)")
        } else {
            let broker = try RunningProgram("broker", ["--bind", "tcp://*:*", "--insecure"])
            try await broker.line(containing: "listening")
            await broker.stop()
            #expect(broker.errors.contains("there are no keys"), "\(broker.errors)")
        }
    }
}
