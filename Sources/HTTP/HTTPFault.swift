/// Why there is no server, or no answer.
package enum HTTPFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Bytes that are no request.
    case malformed(String)
    /// More than a limit allows.
    case tooLong(limit: Int)
    /// A text that is no address.
    case address(String)
    /// An address that cannot be listened at.
    case unavailable(address: String, reason: String)

    package var description: String {
        switch self {
        case .malformed(let what): "this is no request: \(what)"
        case .tooLong(let limit): "a request's line and headers may have \(limit) bytes"
        case .address(let text):
            "'\(text)' is no address and port: expected 127.0.0.1:8080, [::1]:8080, localhost:8080 or *:8080"
        case .unavailable(let address, let reason): "cannot listen at \(address): \(reason)"
        }
    }
}
