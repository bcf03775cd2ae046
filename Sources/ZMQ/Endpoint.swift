/// Where a socket listens or connects to, checked before libzmq sees it: what libzmq says of a missing port is
/// that it would block.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// What an endpoint is for.
    package enum Use: Sendable {
        /// To listen at: any address, any free port.
        case bind
        /// To connect to: one address and one port.
        case connect
    }

    /// Words that are no endpoint; the text says what is wrong and how one looks.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// One lower-case sentence.
        package let description: String
    }

    /// The endpoint as libzmq reads it.
    package let description: String

    private static let pathByteCountMaximum = 107
    private static let textByteCountMaximum = 1_024

    /// Reads an endpoint: `tcp://host:port`, `ipc://path` or `inproc://name`.
    package init(_ text: String, for use: Use) throws(Fault) {
        description = text
        guard text.utf8.count <= Endpoint.textByteCountMaximum else {
            throw Endpoint.fault("it is longer than \(Endpoint.textByteCountMaximum) bytes", use)
        }
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            throw Endpoint.fault("it has a blank or a control character in it", use)
        }
        guard let end = text.firstRange(of: "://") else {
            throw Endpoint.fault("it does not begin with tcp:// or ipc://", use)
        }
        let (transport, rest) = (text[..<end.lowerBound], text[end.upperBound...])
        switch transport {
        case "tcp": try Endpoint.checkTCP(rest, use)
        case "ipc": try Endpoint.checkPath(rest, use)
        case "inproc":
            guard !rest.isEmpty else { throw Endpoint.fault("the name after inproc:// is missing", use) }
        default:
            throw Endpoint.fault("there is no transport '\(transport)' here, but tcp and ipc", use)
        }
    }

    private static func checkTCP(_ rest: Substring, _ use: Use) throws(Fault) {
        // A socket that connects may say which of its own addresses it does so from.
        let address = rest.split(separator: ";", omittingEmptySubsequences: false).last ?? rest
        guard let colon = address.lastIndex(of: ":"), !isInBrackets(colon, address) else {
            throw fault("the port is missing", use)
        }
        let (host, port) = (address[..<colon], address[address.index(after: colon)...])
        guard !host.isEmpty else { throw fault("the host before the port is missing", use) }
        guard host != "*" || use == .bind else { throw fault("'*' is nobody to connect to", use) }
        let isInBrackets = host.hasPrefix("[") && host.hasSuffix("]")
        guard isInBrackets || !host.contains(":") && !host.contains("[") && !host.contains("/") else {
            throw fault("the host '\(host)' cannot be read; an IPv6 address goes in brackets", use)
        }
        guard !port.isEmpty else { throw fault("the port is missing", use) }
        if use == .bind, ["*", "!"].contains(port) { return }
        guard port.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            throw fault("the port '\(port)' is no number", use)
        }
        // libzmq takes 65,536 and more, and goes somewhere else.
        let lowest = use == .bind ? 0 : 1
        guard let number = Int(port), (lowest...65_535).contains(number) else {
            throw fault("there is no port \(port), ports go from \(lowest) to 65535", use)
        }
    }

    private static func isInBrackets(_ index: String.Index, _ address: Substring) -> Bool {
        address.hasPrefix("[") && address[index...].contains("]")
    }

    private static func checkPath(_ path: Substring, _ use: Use) throws(Fault) {
        guard !path.isEmpty else { throw fault("the path after ipc:// is missing", use) }
        guard path != "*" || use == .bind else { throw fault("'*' is nobody to connect to", use) }
        guard path.utf8.count <= pathByteCountMaximum else {
            throw fault(
                "its path has \(path.utf8.count) bytes, the system takes \(pathByteCountMaximum)", use)
        }
    }

    private static func fault(_ reason: String, _ use: Use) -> Fault {
        let example =
            use == .bind
            ? "tcp://127.0.0.1:5555, tcp://*:5555 or ipc:///tmp/fagure"
            : "tcp://127.0.0.1:5555 or ipc:///tmp/fagure"
        return Fault(description: "\(reason); one looks like \(example)")
    }
}
