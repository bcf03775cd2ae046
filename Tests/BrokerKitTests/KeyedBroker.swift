import Ground
import Keys
import Protocol
import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

/// A folder of keys for a broker, with whoever is enrolled.
struct KeyFolder: Sendable {
    let keys: BrokerKeys
    let brokerKey: CurvePublicKey

    init(_ folder: TemporaryFolder) throws {
        keys = BrokerKeys(folder["keys"])
        brokerKey = try keys.create().publicKey
    }

    /// Enrols somebody with new keys.
    func enrol(_ name: String, _ role: KeyRole) throws -> CurveCredentials {
        let invitation = Invitation(
            name: name, role: role, broker: "tcp://127.0.0.1:5555", brokerKey: brokerKey)
        let file = try KeyFile(for: invitation)
        let half = PublicKeyFile(try #require(file.membership), file.publicKey)
        try AllowList.change(at: keys.listPath) { (list) throws(KeyError) in
            try list.invite(name, as: role, since: "1")
            try list.enrol(half, since: "1")
        }
        return CurveCredentials(keys: file.keys, serverKey: brokerKey)
    }

    /// Revokes somebody.
    func revoke(_ name: String) throws {
        try AllowList.change(at: keys.listPath) { (list) throws(KeyError) in try list.revoke(name, since: "2")
        }
    }

    /// A new key that is on no list.
    func stranger() throws -> CurveCredentials {
        CurveCredentials(keys: try CurveKeyPair.generate(), serverKey: brokerKey)
    }
}

/// Runs a test against a broker that lets in listed keys only, and ends both.
func withKeyedBroker(
    _ folder: KeyFolder, at address: String = "tcp://127.0.0.1:0",
    _ body: (Loop, BrokerShell, String) async throws -> Void
) async throws {
    let access = try AccessConfiguration(folder.keys)
    let loop = try Loop(name: "keyed-test")
    let shell = BrokerShell(endpoint: address, loop: loop, logger: .silent, access: access)
    do {
        let endpoint = try await shell.start()
        try await shell.proveAccess()
        try await body(loop, shell, endpoint)
        await shell.stop()
    } catch {
        await loop.shutdown()
        throw error
    }
    #expect(await loop.shutdown() == .finished)
}
