extension [UInt8] {
    /// Appends a copy of some bytes.
    package mutating func append(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    /// Lends the bytes for reading.
    package func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
        unsafe withUnsafeBytes { unsafe body($0.bytes) }
    }

    /// Lends the bytes from an index on for writing.
    package mutating func edit(from index: Int, _ body: (inout MutableRawSpan) -> Void) {
        unsafe withUnsafeMutableBytes { bytes in
            var span = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[index...]).mutableBytes
            body(&span)
        }
    }
}

extension Storage {
    /// Copies bytes to an offset. Only for whoever just made the storage and has given it to nobody.
    ///
    /// - Precondition: they lie inside.
    package func fill(_ bytes: RawSpan, at offset: Int) {
        precondition(offset >= 0 && offset <= byteCount - bytes.byteCount, "outside the storage")
        unsafe bytes.withUnsafeBytes { source in
            guard let address = source.baseAddress else { return }
            unsafe (base + offset).copyMemory(from: address, byteCount: source.count)
        }
    }
}
