#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Threads of the system, for what must not wait on Swift's task pool.
package enum SystemThread {
    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread that does something and ends, and nobody waits for.
    ///
    /// - Parameter stackByteCount: as much as the system thinks right unless given.
    /// - Returns: 0, or the system's error number where it had no room for it.
    package static func start(stackByteCount: Int? = nil, _ body: @escaping @Sendable () -> Void) -> Int32 {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        if let stackByteCount { unsafe pthread_attr_setstacksize(&attributes, stackByteCount) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { unsafe pthread_attr_destroy(&attributes) }
        // The thread holds its work until it ends: balanced by `takeRetainedValue` below.
        let context = unsafe Unmanaged.passRetained(Work(body)).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = unsafe pthread_create(
            &thread, &attributes,
            { context in
                #if canImport(Darwin)
                    let work = unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                #else
                    guard let context = unsafe context else { return nil }
                    let work = unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                #endif
                work.body()
                return nil
            }, context)
        if code != 0 { unsafe Unmanaged<Work>.fromOpaque(context).release() }
        return code
    }
}
