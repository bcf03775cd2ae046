/// An IP address and a port to listen at.
package struct HTTPAddress: Sendable, Hashable, CustomStringConvertible {
    /// Such as `127.0.0.1` or `::1`.
    package let host: String
    /// 0 takes a free one.
    package let port: UInt16

    var isVersion6: Bool { host.contains(":") }

    /// As in a URL.
    package var description: String { isVersion6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

    /// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or `*:8080` for all there are of this machine.
    ///
    /// - Throws: `HTTPFault.address` for a text of another kind.
    package init(_ text: String) throws(HTTPFault) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            text[text.index(after: colon)...].allSatisfy(\.isNumber)
        else { throw .address(text) }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":") else { throw .address(text) }
        } else {
            switch host {
            case "localhost": host = "127.0.0.1"
            case "*": host = "0.0.0.0"
            default: break
            }
            guard !host.contains(":") else { throw .address(text) }
        }
        guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || $0 == "." || $0 == ":" }) else {
            throw .address(text)
        }
        self.init(host: host, port: port)
    }
}
