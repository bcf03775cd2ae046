internal import CZMQ

/// A CURVE public key: 32 bytes that name a peer, which proves with its secret key that the name is its own.
package struct CurvePublicKey: Sendable, Hashable {
    /// The number of bytes.
    package static let byteCount = 32
    private static let shownCharacterCount = 8

    /// The key as 40 characters of Z85; one key has one text.
    package let text: String
    /// The key as it travels.
    package let bytes: [UInt8]

    /// Reads a key in Z85. The corresponding libzmq function is `zmq_z85_decode`.
    ///
    /// - Throws: `invalidArgument` where the text is no key.
    package init(_ text: String) throws(ZMQError) {
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        guard text.utf8.count == CurveKeyPair.characterCount, text.utf8.allSatisfy({ $0 != 0 }),
            unsafe text.withCString({ unsafe zmq_z85_decode(&bytes, $0) }) != nil
        else { throw ZMQError(.invalidArgument, function: "zmq_z85_decode", detail: "a public key") }
        try self.init(bytes: bytes)
    }

    /// Takes a key as it travels. The corresponding libzmq function is `zmq_z85_encode`.
    ///
    /// - Throws: `invalidArgument` for any other number of bytes than 32.
    package init(bytes: [UInt8]) throws(ZMQError) {
        guard bytes.count == Self.byteCount else {
            throw ZMQError(.invalidArgument, function: "zmq_z85_encode", detail: "a public key")
        }
        var characters = [CChar](repeating: 0, count: CurveKeyPair.characterCount + 1)
        _ = unsafe zmq_z85_encode(&characters, bytes, bytes.count)
        text = CurveKeyPair.text(characters)
        self.bytes = bytes
    }

    /// The beginning of the text: enough for people to compare.
    package var beginning: String { String(text.prefix(Self.shownCharacterCount)) }

    /// Equal when all bytes are.
    package static func == (left: CurvePublicKey, right: CurvePublicKey) -> Bool { left.bytes == right.bytes }

    /// Hashes the bytes.
    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension CurvePublicKey: CustomStringConvertible {
    /// The key in Z85.
    package var description: String { text }
}

/// What one needs to connect to a CURVE server: keys of one's own, and the server's, told by a way one trusts.
package struct CurveCredentials: Sendable, Hashable {
    /// One's own keys.
    package let keys: CurveKeyPair
    /// The server's.
    package let serverKey: CurvePublicKey

    /// Puts them together.
    package init(keys: CurveKeyPair, serverKey: CurvePublicKey) {
        self.keys = keys
        self.serverKey = serverKey
    }

    /// How a connecting socket is told.
    package var option: SocketOption { .curveClient(keys, serverPublicKey: serverKey.text) }
}
