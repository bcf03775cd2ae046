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
