#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ComputeQueue {
    /// Lets a compute thread sleep for a moment: what it waits for is another thread's to give.
    package static func pause() { usleep(2_000) }

    /// Gives memory that was freed back to the system, which `free` alone does not always do.
    package static func giveBackFreedMemory() { _ = trim?(0) }

    /// `malloc_trim`, where the C library has one; its header is not among those Swift sees.
    private static let trim: (@convention(c) (Int) -> Int32)? = {
        guard let symbol = unsafe dlsym(dlopen(nil, RTLD_NOW), "malloc_trim") else { return nil }
        return unsafe unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)
    }()
}
