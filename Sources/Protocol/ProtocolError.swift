/// Why bytes from a peer are not a message of this protocol.
package enum ProtocolError: Error, Sendable, Hashable {
    /// The first four bytes are not ours: some other protocol, or noise.
    case notFagure
    /// A peer of another major version.
    case unsupportedVersion(major: UInt8, minor: UInt8)
    /// A command this version does not know.
    case unknownCommand(UInt8)
    /// A known command from the wrong side, or where it makes no sense.
    case unexpectedCommand(Command)
    /// Bytes that break the format; says what was expected and what came.
    case malformed(String)
    /// More than a limit allows.
    case limitExceeded(what: String, got: Int, limit: Int)
}

extension ProtocolError: CustomStringConvertible {
    /// One lower-case sentence.
    package var description: String {
        switch self {
        case .notFagure:
            "not a Fagure message: the first four bytes differ"
        case .unsupportedVersion(let major, let minor):
            "the peer speaks protocol \(major).\(minor), this side \(ProtocolVersion.current)"
        case .unknownCommand(let code):
            "command \(code) is unknown to protocol \(ProtocolVersion.current)"
        case .unexpectedCommand(let command):
            "command \(command) is not expected here"
        case .malformed(let reason):
            "malformed: \(reason)"
        case .limitExceeded(let what, let got, let limit):
            "\(what) is \(got), the limit is \(limit)"
        }
    }
}
