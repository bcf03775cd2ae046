#if FAGURE_PTHREAD_LOCKS
    #if canImport(Glibc)
        import Glibc
    #else
        import Darwin
    #endif

    /// A value that one thread at a time may reach: `Lock` as the thread sanitizer can see it.
    ///
    /// On Linux `Mutex` is a futex of Swift's own, of which the sanitizer knows nothing: it then reports whatever two
    /// threads do under one. This twin is a pthread mutex, which it knows; `scripts/sanitize thread` builds with it.
    @safe public struct Lock<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
        // Proof of `@unchecked`: the value is reached under the mutex alone, and came by `sending`.
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        /// Takes a value.
        public init(_ initial: consuming sending Value) {
            unsafe mutex = .allocate(capacity: 1)
            unsafe pthread_mutex_init(mutex, nil)
            unsafe value = .allocate(capacity: 1)
            unsafe value.initialize(to: initial)
        }

        deinit {
            unsafe value.deinitialize(count: 1)
            unsafe value.deallocate()
            unsafe pthread_mutex_destroy(mutex)
            unsafe mutex.deallocate()
        }

        /// Calls a closure with the value while nobody else has it.
        public borrowing func withLock<Result: ~Copyable, Fault: Error>(
            _ body: (inout sending Value) throws(Fault) -> sending Result
        ) throws(Fault) -> sending Result {
            unsafe pthread_mutex_lock(mutex)
            defer { unsafe pthread_mutex_unlock(mutex) }
            return try unsafe body(&value.pointee)
        }
    }
#else
    public import Synchronization

    /// A value that one thread at a time may reach: Swift's `Mutex`.
    ///
    /// It has a name of its own so that a build for the thread sanitizer can put something in its place that the
    /// sanitizer sees. It is public so that other modules inline it: see `RecencyCache`.
    public struct Lock<Value: ~Copyable>: ~Copyable, Sendable {
        @usableFromInline let mutex: Mutex<Value>

        /// Takes a value.
        @inlinable
        public init(_ initial: consuming sending Value) {
            mutex = Mutex(initial)
        }

        /// Calls a closure with the value while nobody else has it.
        @inlinable
        @inline(__always)
        public borrowing func withLock<Result: ~Copyable, Fault: Error>(
            _ body: (inout sending Value) throws(Fault) -> sending Result
        ) throws(Fault) -> sending Result {
            try mutex.withLock(body)
        }
    }
#endif
