#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What becomes of memory that was freed.
///
/// glibc gives freed memory back to the system at once where it is of more than some hundred kilobytes, and takes it
/// anew, page by page, for the next tensor: of 8 MB there and back that is a third of the time.
package enum FreedMemory {
    /// Blocks up to this size are kept when they are freed; the most glibc allows.
    private static let blockByteCountMaximum: Int32 = 32 << 20
    /// How much lies free at the end of a heap before it is given back.
    private static let keptByteCountMaximum: Int32 = 256 << 20

    /// Has freed memory kept for what comes next; for a program to call when it begins, as it concerns the whole
    /// process.
    ///
    /// Whoever has set glibc's own variables for it (`MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_THRESHOLD_`) is heard.
    /// Where addresses are limited (`ulimit -v`) nothing is kept, and all threads share two heaps: each thread's own
    /// takes 128 MiB of addresses in the moment it is made, and libzmq ends a program that gets no thread.
    package static func keep() {
        guard ProcessLimits.addressByteCount == .max else {
            _ = option?(-8, 2)
            return
        }
        if unsafe getenv("MALLOC_TRIM_THRESHOLD_") == nil { _ = option?(-1, keptByteCountMaximum) }
        if unsafe getenv("MALLOC_MMAP_THRESHOLD_") == nil { _ = option?(-3, blockByteCountMaximum) }
    }

    /// Gives memory that was freed back to the system.
    package static func giveBack() { _ = trim?(0) }

    // Where the C library has them; their header is not among those Swift sees.

    /// `mallopt`, whose options -1, -3 and -8 are `M_TRIM_THRESHOLD`, `M_MMAP_THRESHOLD` and `M_ARENA_MAX`.
    private static let option: (@convention(c) (Int32, Int32) -> Int32)? = {
        guard let symbol = unsafe dlsym(dlopen(nil, RTLD_NOW), "mallopt") else { return nil }
        return unsafe unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
    }()

    /// `malloc_trim`.
    private static let trim: (@convention(c) (Int) -> Int32)? = {
        guard let symbol = unsafe dlsym(dlopen(nil, RTLD_NOW), "malloc_trim") else { return nil }
        return unsafe unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)
    }()
}
