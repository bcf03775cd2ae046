internal import CZMQ

/// A CURVE key pair: 32 bytes each, written as 40 characters of Z85.
///
/// Make keys before the first context lives, or in a program of its own: ending libzmq's random source is not
/// thread-safe in some builds (libzmq issue 4242).
package struct CurveKeyPair: Sendable, Hashable {
    /// The key to show around.
    package let publicKey: String
    /// The key to keep.
    package let secretKey: String

    /// Characters in a key.
    package static let characterCount = 40

    /// Whether this libzmq can do CURVE at all.
    package static var isSupported: Bool { Libzmq.has("curve") }

    private init(publicKey: String, secretKey: String) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// A new random pair. The corresponding libzmq function is `zmq_curve_keypair`.
    package static func generate() throws(ZMQError) -> CurveKeyPair {
        var publicKey = [CChar](repeating: 0, count: characterCount + 1)
        var secretKey = [CChar](repeating: 0, count: characterCount + 1)
        try ZMQError.check(
            Libzmq.retry { unsafe zmq_curve_keypair(&publicKey, &secretKey) }, "zmq_curve_keypair"
        )
        return CurveKeyPair(publicKey: text(publicKey), secretKey: text(secretKey))
    }

    /// The pair of a secret key in Z85. The corresponding libzmq function is `zmq_curve_public`.
    ///
    /// - Throws: `invalidArgument` where the text is not a key; the error does not show it.
    package init(secretKey: String) throws(ZMQError) {
        guard Self.isKey(secretKey) else { throw ZMQError(.invalidArgument, function: "zmq_curve_public") }
        var publicKey = [CChar](repeating: 0, count: Self.characterCount + 1)
        let result = unsafe secretKey.withCString { secret in
            Libzmq.retry { unsafe zmq_curve_public(&publicKey, secret) }
        }
        try ZMQError.check(result, "zmq_curve_public")
        self.init(publicKey: Self.text(publicKey), secretKey: secretKey)
    }

    /// Whether a text is a key in Z85. The corresponding libzmq function is `zmq_z85_decode`.
    package static func isKey(_ text: String) -> Bool {
        guard text.utf8.count == characterCount, text.utf8.allSatisfy({ $0 != 0 }) else { return false }
        var key = [UInt8](repeating: 0, count: 32)
        return unsafe text.withCString { unsafe zmq_z85_decode(&key, $0) } != nil
    }

    static func text(_ key: [CChar]) -> String {
        String(decoding: key.prefix(characterCount).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension CurveKeyPair: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The public key; the secret one never gets into a log.
    package var description: String { publicKey }
    package var debugDescription: String { publicKey }
    package var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}
