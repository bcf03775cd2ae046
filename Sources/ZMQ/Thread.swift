internal import CZMQ

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Threads of the system.
enum Thread {
    /// The calling thread as a number; never zero.
    static var current: UInt {
        #if canImport(Glibc)
            pthread_self()
        #else
            UInt(bitPattern: pthread_self())
        #endif
    }

    /// What a new thread is given.
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        /// Names the calling thread and does what it was made for.
        func run() {
            let name = String(decoding: name.utf8.prefix(15), as: UTF8.self)
            #if os(Linux)
                unsafe fagure_name_thread(name)
            #else
                _ = unsafe pthread_setname_np(name)
            #endif
            body()
        }
    }

    /// Runs `body` on a new thread that nobody waits for.
    ///
    /// - Parameter name: what the system's tools show; cut to 15 bytes.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(ZMQError) {
        let result = create(Start(name, body))
        guard result == 0 else {
            throw ZMQError(ZMQError.Code(rawValue: result), function: "pthread_create", detail: name)
        }
    }

    /// Makes a detached thread; returns the system's error number, or 0.
    private static func create(_ start: Start) -> Int32 {
        let retained = unsafe Unmanaged.passRetained(start).toOpaque()
        #if canImport(Glibc)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let result = unsafe pthread_create(&thread, nil, Self.body, retained)
        if result != 0 { unsafe Unmanaged<Start>.fromOpaque(retained).release() }
        #if canImport(Glibc)
            if result == 0 { pthread_detach(thread) }
        #else
            if let thread { pthread_detach(thread) }
        #endif
        return result
    }

    #if canImport(Glibc)
        private typealias Argument = UnsafeMutableRawPointer?
    #else
        private typealias Argument = UnsafeMutableRawPointer
    #endif

    /// The C function every thread begins in.
    private static let body: @convention(c) (Argument) -> UnsafeMutableRawPointer? = { argument in
        guard let argument = unsafe argument as UnsafeMutableRawPointer? else { return nil }
        unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
}
