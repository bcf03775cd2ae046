package import Protocol

extension Header {
    /// The header as it travels, written over bytes that are not zero.
    package var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0xAA, count: Header.byteCount)
        var span = bytes.mutableSpan
        var raw = MutableRawSpan(_elements: &span)
        encode(into: &raw)
        return bytes
    }
}
