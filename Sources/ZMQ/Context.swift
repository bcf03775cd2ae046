internal import CZMQ

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The libzmq context: its input/output threads and its limits.
///
/// A program should have one, ended once: builds of libzmq on libsodium (Debian's 4.3.4 among them) call
/// `randombytes_close` when a context ends, which a second live CURVE context may not survive (libzmq issue
/// 4242).
@safe final class Context: Sendable {
    // Proof: the pointer never changes, and libzmq documents every call on a context as thread-safe;
    // `terminate` is called once, by `Loop` after its last socket, or by `deinit` where no loop ever started.
    nonisolated(unsafe) private let handle: UnsafeMutableRawPointer
    private let isTerminated = Once()

    /// Creates a context.
    ///
    /// - Parameter ioThreads: one is right up to gigabytes a second; two with CURVE, which encrypts on them.
    init(ioThreads: Int) throws(ZMQError) {
        _ = Self.isSeeded
        guard let handle = unsafe Libzmq.newContext() else {
            throw ZMQError(ZMQError.Code(rawValue: zmq_errno()), function: "zmq_ctx_new")
        }
        unsafe self.handle = handle
        // Without a thread only `inproc` would work; -1 is what libzmq refuses for us.
        try set(ZMQ_IO_THREADS, Int32(exactly: ioThreads) ?? -1, "ZMQ_IO_THREADS \(ioThreads)")
        // Sockets linger only where an option says so: a context that never ends must be asked for.
        try set(ZMQ_BLOCKY, 0, "ZMQ_BLOCKY")
    }

    deinit { terminate() }

    /// Opens a socket of this context.
    func makeSocket(_ kind: SocketKind) throws(ZMQError) -> UnsafeMutableRawPointer {
        guard let socket = unsafe Libzmq.newSocket(handle, kind.number) else {
            throw ZMQError(ZMQError.Code(rawValue: zmq_errno()), function: "zmq_socket", detail: "\(kind)")
        }
        return unsafe socket
    }

    /// Ends the context, once; waits until closed sockets have lingered, so never on a thread that matters.
    func terminate() {
        guard isTerminated.claim() else { return }
        _ = unsafe Libzmq.shutdownContext(handle)
        _ = unsafe Libzmq.terminateContext(handle)
    }

    /// An option of the context as libzmq has it.
    func option(_ option: Int32) -> Int32 {
        unsafe Libzmq.getContext(handle, option)
    }

    private func set(_ option: Int32, _ value: Int32, _ detail: String) throws(ZMQError) {
        try ZMQError.check(unsafe Libzmq.setContext(handle, option, value), "zmq_ctx_set", detail)
    }

    /// Seeds the C generator once, before the first context.
    ///
    /// libzmq draws ROUTER peer ids and reconnect jitter from `rand` but never seeds it (4.3.4): without this
    /// every broker would hand out the same ids after each start, and every worker would retry in lockstep.
    private static let isSeeded: Bool = {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        let nanoseconds = UInt32(truncatingIfNeeded: time.tv_nsec) ^ UInt32(truncatingIfNeeded: time.tv_sec)
        srand(UInt32(bitPattern: getpid()) &* 2_654_435_761 ^ nanoseconds)
        return true
    }()
}
