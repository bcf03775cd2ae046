import Ground

extension Record {
    /// The body's bytes.
    ///
    /// - Complexity: O(bytes).
    package func body(of frame: RawSpan) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count)
        bytes.append(frame.extracting(body))
        return bytes
    }

    /// The bytes of a control body, as they were before they were compressed.
    ///
    /// - Throws: `ProtocolError` for bytes that are not what was compressed, or more than a control body may have.
    package func controlBody(of frame: RawSpan) throws(ProtocolError) -> [UInt8] {
        let bytes = body(of: frame)
        guard header.flags.contains(.bodyIsDeflated) else { return bytes }
        do {
            return try Deflate.restore(bytes, byteCountMaximum: ProtocolLimits.bodyByteCountMaximum)
        } catch {
            switch error {
            case .damaged:
                throw .malformed("a compressed \(header.command) of \(bytes.count) bytes cannot be restored")
            case .tooLong:
                let limit = ProtocolLimits.bodyByteCountMaximum
                throw .limitExceeded(
                    what: "the number of bytes of a compressed \(header.command)'s body", got: limit + 1,
                    limit: limit)
            }
        }
    }

    /// The body of a `want`, `piece` or `gone`.
    ///
    /// - Throws: `ProtocolError`.
    package func extent(of frame: RawSpan) throws(ProtocolError) -> Extent {
        let extent = try Extent(decoding: Span<UInt8>(_bytes: frame.extracting(body)))
        guard header.command != .piece || extent.count == inline.count else {
            throw .malformed("a piece of \(extent.count) bytes came with \(inline.count)")
        }
        return extent
    }
}
