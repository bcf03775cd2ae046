internal import CZMQ
internal import Ground

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension SystemThread {
    /// The calling thread as a number; never zero.
    static var current: UInt {
        #if canImport(Glibc)
            pthread_self()
        #else
            UInt(bitPattern: pthread_self())
        #endif
    }

    /// Runs `body` on a new thread that nobody waits for.
    ///
    /// - Parameter name: what the system's tools show; cut to 15 bytes.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(ZMQError) {
        let code = start {
            let name = String(decoding: name.utf8.prefix(15), as: UTF8.self)
            #if os(Linux)
                unsafe fagure_name_thread(name)
            #else
                _ = unsafe pthread_setname_np(name)
            #endif
            body()
        }
        guard code == 0 else {
            throw ZMQError(ZMQError.Code(rawValue: code), function: "pthread_create", detail: name)
        }
    }
}
