#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Counts work to be done; threads sleep while there is none.
@safe final class Semaphore: @unchecked Sendable {
    // Proof of `@unchecked`: a POSIX semaphore may be used by any number of threads, and its address never changes.
    private let cell: UnsafeMutablePointer<sem_t>

    init() {
        unsafe cell = .allocate(capacity: 1)
        unsafe sem_init(cell, 0, 0)
    }

    deinit {
        unsafe sem_destroy(cell)
        unsafe cell.deallocate()
    }

    func post() { unsafe sem_post(cell) }

    func wait() {
        while unsafe sem_wait(cell) != 0 {}
    }
}
