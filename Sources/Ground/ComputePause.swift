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
}
