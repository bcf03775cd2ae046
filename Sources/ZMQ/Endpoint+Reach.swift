internal import CZMQ

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension Endpoint {
    /// Whether nobody outside of this machine reaches it: `ipc`, `inproc`, and `tcp` at a loopback address. What is
    /// not known to be one, such as the name of an interface, is none.
    package var isLocal: Bool {
        guard let host else { return true }
        if host == "localhost" { return true }
        if let bytes = Self.bytes(ofIPv4: host) { return bytes.first == 127 }
        guard let bytes = Self.bytes(ofIPv6: host) else { return false }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? bytes[12] == 127 : bytes.prefix(15).allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    /// Where this process reaches what it has bound here, once a port is resolved: of all addresses the loopback one.
    package var here: String {
        guard let host, ["*", "0.0.0.0", "::"].contains(host), let colon = description.lastIndex(of: ":")
        else {
            return description
        }
        // Whoever listens at all of IPv6 listens at all of IPv4, too.
        return "tcp://127.0.0.1" + description[colon...]
    }

    /// What is before the port of a `tcp` endpoint, without brackets and the zone of an IPv6 address.
    private var host: String? {
        guard description.hasPrefix("tcp://") else { return nil }
        let address = description.dropFirst("tcp://".count)
        guard let colon = address.lastIndex(of: ":") else { return "" }
        let host = address[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        return String(host.prefix { $0 != "%" })
    }

    private static func bytes(ofIPv4 text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4)
        return unsafe inet_pton(AF_INET, text, &bytes) == 1 ? bytes : nil
    }

    private static func bytes(ofIPv6 text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        return unsafe inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }
}
