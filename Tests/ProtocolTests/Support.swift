@testable import Protocol

extension Header {
    init(_ bytes: [UInt8]) throws(ProtocolError) { try self.init(decoding: bytes.span) }
}

/// The error a closure throws.
func thrown(_ body: () throws(ProtocolError) -> Void) -> ProtocolError? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
