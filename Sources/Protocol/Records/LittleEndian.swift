// Words are put together byte by byte: no alignment is assumed, the span checks its bounds, so that no length a peer
// sends can make us read past the end, and the optimiser makes one load of it.

extension Span<UInt8> {
    /// The little-endian word at an offset.
    @inline(__always)
    func word32(at offset: Int) -> UInt32 {
        var word: UInt32 = 0
        for index in 0..<4 { word |= UInt32(self[offset + index]) << UInt32(8 * index) }
        return word
    }

    /// The little-endian double word at an offset.
    @inline(__always)
    func word64(at offset: Int) -> UInt64 {
        UInt64(word32(at: offset)) | UInt64(word32(at: offset + 4)) << 32
    }
}

extension MutableRawSpan {
    /// Writes a word at an offset, little-endian.
    @inline(__always)
    mutating func store(word32 word: UInt32, at offset: Int) {
        storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt32.self)
    }

    /// Writes a double word at an offset, little-endian.
    @inline(__always)
    mutating func store(word64 word: UInt64, at offset: Int) {
        storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}
