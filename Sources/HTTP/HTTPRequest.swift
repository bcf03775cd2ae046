/// A request's line and headers; what follows them is not read. RFC 9112, section 3.
package struct HTTPRequest: Sendable, Hashable {
    /// Such as `GET`.
    package let method: String
    /// Such as `/metrics`, without a query.
    package let path: String
    /// Whom the client believes to speak to, without a port; empty where it does not say.
    package let host: String

    /// Reads what stands before the first empty line.
    ///
    /// - Parameter head: the bytes, line ends included, or not, of the last line.
    /// - Throws: `HTTPFault.malformed`.
    package init(head: [UInt8]) throws(HTTPFault) {
        guard head.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x0D || $0 == 0x0A || $0 == 0x09 }) else {
            throw .malformed("bytes that are no ASCII text")
        }
        // By bytes: to Swift a carriage return and a line feed are one character.
        let lines = head.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { Substring(decoding: $0.last == 0x0D ? $0.dropLast() : $0, as: UTF8.self) }
        let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1."), !words[0].isEmpty, words[1].hasPrefix("/")
        else {
            throw .malformed("its first line is no request of HTTP/1")
        }
        method = String(words[0])
        path = String(words[1].prefix { $0 != "?" && $0 != "#" })
        host = try Self.host(of: lines.dropFirst())
    }

    private static func host(of headers: ArraySlice<Substring>) throws(HTTPFault) -> String {
        var host: Substring?
        for line in headers where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw .malformed("a header without a name")
            }
            guard line[..<colon].lowercased() == "host" else { continue }
            guard host == nil else { throw .malformed("two hosts") }
            host = line[line.index(after: colon)...]
        }
        let name = (host ?? "").filter { $0 != " " && $0 != "\t" }
        if name.hasPrefix("[") { return String(name.dropFirst().prefix { $0 != "]" }) }
        return String(name.prefix { $0 != ":" })
    }
}
