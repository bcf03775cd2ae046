package import Ground

extension Storage {
    /// Adds the bytes to the end of an array.
    ///
    /// - Complexity: O(bytes).
    package func append(to bytes: inout [UInt8]) {
        unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: base, count: byteCount))
    }

    /// Copies a part of another storage; the caller has checked that it lies inside.
    ///
    /// - Complexity: O(bytes).
    package convenience init(copying other: Storage, from offset: Int, byteCount: Int) {
        precondition(
            offset >= 0 && byteCount >= 0 && offset + byteCount <= other.byteCount, "outside the storage")
        self.init(byteCount: byteCount)
        unsafe base.copyMemory(from: other.base + offset, byteCount: byteCount)
    }

    /// Copies an array.
    ///
    /// - Complexity: O(bytes).
    package convenience init(copying bytes: [UInt8]) {
        self.init(byteCount: bytes.count)
        unsafe bytes.withUnsafeBytes { source in
            if let address = source.baseAddress {
                unsafe base.copyMemory(from: address, byteCount: source.count)
            }
        }
    }
}
