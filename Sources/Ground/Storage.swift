#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Bytes in memory, those of a tensor most of all: aligned for vector instructions, filled once, immutable afterwards.
///
/// The address is stable for the storage's lifetime, so a message can carry the bytes without copying them.
@safe package final class Storage: @unchecked Sendable {
    // Proof of `@unchecked`: `base` is written only inside the initialisers, before anyone else can hold a
    // reference, or through `withMutableBytes`, whose contract is that the caller holds the only one;
    // afterwards it is only read.
    /// The alignment of the first byte: a cache line, and what oneDNN likes best.
    package static let alignment = 64

    /// The first byte, for kernels and sockets; it stays where it is as long as the storage lives.
    package let base: UnsafeMutableRawPointer
    /// The number of bytes.
    package let byteCount: Int
    /// Whose bytes these are, where they are a part of another storage, which lives as long.
    private let whole: Storage?
    /// What is to be freed; nothing of a part.
    private let block: UnsafeMutableRawPointer?

    /// Whether these are a part of another storage: whoever keeps them keeps all of it.
    package var isPart: Bool { whole != nil }

    /// Takes memory of zeros.
    ///
    /// Much of it comes from the system as zeros, and is not touched before it is used.
    package init(byteCount: Int) {
        let blockByteCount = Swift.max(byteCount, 1) + Storage.alignment
        guard let block = unsafe calloc(blockByteCount, 1) else {
            // As `allocate` does: nobody here can go on without.
            preconditionFailure("no memory for \(byteCount) bytes")
        }
        self.byteCount = byteCount
        self.whole = nil
        unsafe self.block = block
        unsafe self.base = block.alignedUp(toMultipleOf: Storage.alignment)
    }

    /// Takes memory as it comes, for an initialiser that fills all of it.
    package init(unfilled byteCount: Int) {
        self.byteCount = byteCount
        self.whole = nil
        let blockByteCount = Swift.max(byteCount, 1) + Storage.alignment
        guard let block = unsafe malloc(blockByteCount) else {
            preconditionFailure("no memory for \(byteCount) bytes")
        }
        unsafe self.block = block
        unsafe self.base = block.alignedUp(toMultipleOf: Storage.alignment)
    }

    /// Shares a part of another storage; the caller has checked that it lies inside.
    package init(partOf other: Storage, from offset: Int, byteCount: Int) {
        precondition(
            offset >= 0 && byteCount >= 0 && offset <= other.byteCount - byteCount, "outside the storage")
        self.byteCount = byteCount
        self.whole = other.whole ?? other
        unsafe self.block = nil
        unsafe self.base = other.base + offset
    }

    /// Copies bytes.
    package convenience init(copying bytes: RawSpan) {
        self.init(unfilled: bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in
            if let address = source.baseAddress {
                unsafe base.copyMemory(from: address, byteCount: source.count)
            }
        }
    }

    /// Copies the elements of an array as they lie in memory.
    package convenience init<Element: BitwiseCopyable>(elements: [Element]) {
        unsafe self.init(copying: elements.span.bytes)
    }

    deinit { unsafe free(block) }

    /// Lends the bytes for reading.
    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: byteCount).bytes)
    }

    /// Lends the bytes for writing. Only for whoever just made the storage and has given it to nobody.
    package func withMutableBytes<Result, Failure: Error>(
        _ body: (inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = unsafe UnsafeMutableRawBufferPointer(start: base, count: byteCount).mutableBytes
        return try body(&span)
    }

    /// Lends the bytes as elements of one type; bytes after the last whole element are left out.
    package func withElements<Element: BitwiseCopyable, Result>(
        as type: Element.Type, _ body: (Span<Element>) -> Result
    ) -> Result {
        let count = byteCount / MemoryLayout<Element>.stride
        let elements = unsafe UnsafeBufferPointer(
            start: UnsafePointer(base.assumingMemoryBound(to: Element.self)), count: count)
        return unsafe body(elements.span)
    }

    /// The bytes read as elements of one type; bytes after the last whole element are left out.
    package func elements<Element: BitwiseCopyable>(as type: Element.Type) -> [Element] {
        let count = byteCount / MemoryLayout<Element>.stride
        return unsafe [Element](unsafeUninitializedCapacity: count) { target, initialized in
            if let address = target.baseAddress {
                unsafe UnsafeMutableRawPointer(address).copyMemory(
                    from: base, byteCount: count * MemoryLayout<Element>.stride)
            }
            initialized = count
        }
    }
}

extension Storage: Hashable {
    /// Whether all bytes are the same.
    package static func == (left: Storage, right: Storage) -> Bool {
        guard left !== right else { return true }
        guard left.byteCount == right.byteCount else { return false }
        return unsafe UnsafeRawBufferPointer(start: left.base, count: left.byteCount)
            .elementsEqual(UnsafeRawBufferPointer(start: right.base, count: right.byteCount))
    }

    /// Hashes all bytes.
    package func hash(into hasher: inout Hasher) {
        unsafe hasher.combine(bytes: UnsafeRawBufferPointer(start: base, count: byteCount))
    }
}
