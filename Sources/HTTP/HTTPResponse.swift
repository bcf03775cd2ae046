/// An answer: a status, and a text.
package struct HTTPResponse: Sendable, Hashable {
    /// What kind of answer it is: RFC 9110, section 15.
    package enum Status: Int, Sendable, Hashable {
        case ok = 200
        case badRequest = 400
        case forbidden = 403
        case notFound = 404
        case methodNotAllowed = 405
        case headTooLarge = 431
        case unavailable = 503

        var reason: String {
            switch self {
            case .ok: "OK"
            case .badRequest: "Bad Request"
            case .forbidden: "Forbidden"
            case .notFound: "Not Found"
            case .methodNotAllowed: "Method Not Allowed"
            case .headTooLarge: "Request Header Fields Too Large"
            case .unavailable: "Service Unavailable"
            }
        }
    }

    /// What kind of answer it is.
    package let status: Status
    /// What the text is, such as `application/json`.
    package let type: String
    /// The text.
    package let text: String

    /// Puts an answer together.
    package init(_ text: String, _ status: Status = .ok, type: String = "text/plain; charset=utf-8") {
        (self.status, self.type, self.text) = (status, type, text)
    }

    /// A line that says what is wrong.
    package init(refusing fault: HTTPFault) {
        if case .tooLong = fault {
            self.init("\(fault)\n", .headTooLarge)
        } else {
            self.init("\(fault)\n", .badRequest)
        }
    }

    /// The bytes as they travel; the connection ends after them.
    ///
    /// - Parameter isHead: whether the client wants to know what the text would be, and not the text: RFC 9110, 9.3.2.
    package func bytes(isHead: Bool = false) -> [UInt8] {
        let allow = status == .methodNotAllowed ? "Allow: GET, HEAD\r\n" : ""
        let head =
            "HTTP/1.1 \(status.rawValue) \(status.reason)\r\nContent-Type: \(type)\r\n"
            + "Content-Length: \(text.utf8.count)\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
            + allow + "Connection: close\r\n\r\n"
        return Array(head.utf8) + (isHead ? [] : Array(text.utf8))
    }
}
