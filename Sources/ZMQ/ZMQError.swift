internal import CZMQ

/// A call into libzmq (or into the system on the loop's behalf) that failed.
package struct ZMQError: Error, Sendable, Hashable {
    /// An error number as libzmq and the system give it; open, because both may grow.
    package struct Code: RawRepresentable, Sendable, Hashable {
        /// The number itself.
        package let rawValue: Int32

        /// Wraps a number.
        package init(rawValue: Int32) { self.rawValue = rawValue }
    }

    /// What went wrong.
    package let code: Code
    /// The function that failed, as C names it.
    package let function: String
    /// What it was applied to: an endpoint, an option; nil where there is nothing to name.
    package let detail: String?

    /// Creates an error.
    package init(_ code: Code, function: String, detail: String? = nil) {
        self.code = code
        self.function = function
        self.detail = detail
    }
}

extension ZMQError {
    /// Turns a result in the manner of `Libzmq` (minus the error number, or a value) into a value or an
    /// error.
    @discardableResult
    static func check(
        _ result: Int32,
        _ function: String,
        _ detail: @autoclosure () -> String? = nil
    ) throws(ZMQError) -> Int32 {
        guard result < 0 else { return result }
        throw ZMQError(Code(rawValue: -result), function: function, detail: detail())
    }
}

extension ZMQError.Code {
    /// The endpoint is already bound, here or in another process.
    package static let addressInUse = Self(rawValue: EADDRINUSE)
    /// The interface or address does not exist on this machine.
    package static let addressNotAvailable = Self(rawValue: EADDRNOTAVAIL)
    /// The interface in the endpoint does not exist.
    package static let noSuchDevice = Self(rawValue: ENODEV)
    /// An endpoint, option or key that libzmq cannot read.
    package static let invalidArgument = Self(rawValue: EINVAL)
    /// The transport in the endpoint is unknown to this libzmq.
    package static let protocolNotSupported = Self(rawValue: EPROTONOSUPPORT)
    /// The transport does not go with the kind of socket.
    package static let incompatibleProtocol = Self(rawValue: ENOCOMPATPROTO)
    /// This libzmq was built without the feature.
    package static let notSupported = Self(rawValue: ENOTSUP)
    /// The socket was closed or never existed.
    package static let notASocket = Self(rawValue: ENOTSOCK)
    /// The context or its loop has been shut down.
    package static let terminated = Self(rawValue: ETERM)
    /// The context has no input/output thread left.
    package static let noIOThread = Self(rawValue: EMTHREAD)
    /// Too many sockets or descriptors are open.
    package static let tooManySockets = Self(rawValue: EMFILE)
    /// Too many open descriptors on the whole machine.
    package static let tooManyFiles = Self(rawValue: ENFILE)
    /// No memory for buffers.
    package static let noBuffers = Self(rawValue: ENOBUFS)
    /// No memory.
    package static let noMemory = Self(rawValue: ENOMEM)
    /// Nothing to receive, or no room to send.
    package static let wouldBlock = Self(rawValue: EAGAIN)
    /// The peer of a ROUTER is not connected.
    package static let hostUnreachable = Self(rawValue: EHOSTUNREACH)
    /// The path of an `ipc` endpoint cannot be written.
    package static let permissionDenied = Self(rawValue: EACCES)
    /// The other side closed the connection while it was written to.
    package static let brokenPipe = Self(rawValue: EPIPE)
    /// The other side closed the connection, and read no more.
    package static let connectionReset = Self(rawValue: ECONNRESET)
}

extension ZMQError.Code {
    /// Whether the system has no room for another connection, and will have none until something is given back.
    package var isOfExhaustion: Bool {
        [.tooManySockets, .tooManyFiles, .noBuffers, .noMemory].contains(self)
    }
}

extension ZMQError.Code: CustomStringConvertible {
    package var description: String {
        switch self {
        case .addressInUse: "address already in use"
        case .addressNotAvailable: "address not available on this machine"
        case .noSuchDevice: "no such interface or host"
        case .invalidArgument: "invalid argument"
        case .protocolNotSupported: "transport not supported"
        case .incompatibleProtocol: "transport does not go with this kind of socket"
        case .notSupported: "not supported by this libzmq"
        case .notASocket: "not an open socket"
        case .terminated: "context or loop was shut down"
        case .noIOThread: "no input/output thread left"
        case .tooManySockets: "too many open sockets or descriptors"
        case .wouldBlock: "would block"
        case .hostUnreachable: "peer is not connected"
        case .permissionDenied: "permission denied"
        case .brokenPipe, .connectionReset: "the other side closed the connection"
        default: Libzmq.message(of: rawValue)
        }
    }
}

extension ZMQError: CustomStringConvertible {
    package var description: String {
        guard let detail else { return "\(function): \(code)" }
        return "\(function) \(detail): \(code)"
    }
}
