internal import CZMQ

/// What became of a message that was to be sent.
package enum SendOutcome: Sendable, Hashable {
    /// libzmq took it, which is no proof that it will arrive. The message is empty now.
    case sent
    /// There is no room, or no connection yet; the message is whole and stays with the caller.
    case full
    /// The peer of a ROUTER is gone, or the socket is closed; the message is whole and stays with the caller.
    case unreachable
    /// The connection died within the message; nothing of it will arrive. The message is empty now.
    case lost
}

/// The owner of one libzmq socket; lives and dies on one thread.
@safe struct Socket: ~Copyable {
    /// What a look for a message found.
    enum Receipt: ~Copyable {
        /// A whole message.
        case message(Message)
        /// A message beyond the limits, which was thrown away but for its head.
        case tooLarge(MessageHead)
        /// A message whose connection ended within it.
        case dropped
        /// Nothing.
        case empty
    }

    private var handle: UnsafeMutableRawPointer?
    /// Kept alive: a context that ends waits for its sockets, on the thread that let it go.
    private let context: Context
    /// The limits libzmq does not keep for us.
    private let limits: SocketLimits
    private let pace = Pace()

    /// Frames read since libzmq last looked whether a connection has ended, in step with its own count.
    ///
    /// DESIGN. libzmq looks before every hundredth frame of a flood, in the middle of a message or not; if a
    /// connecting socket's connection has ended by then, the rest of the message is gone and libzmq ends the
    /// process (`Assertion failed: !_more (src/fq.cpp)`, see libzmq issue 3485). So when the hundredth frame is
    /// near, it is made to look between two messages, where that does no harm; what remains is the microsecond
    /// until that frame.
    private final class Pace {
        static let lookInterval = 100
        static let nearness = 16
        var count = 0

        var isNear: Bool { count >= Self.lookInterval - Self.nearness }
        func advance() { count = count + 1 == Self.lookInterval ? 0 : count + 1 }
    }

    /// Opens a socket and sets its options.
    init(_ kind: SocketKind, options: [SocketOption], in context: Context) throws(ZMQError) {
        var limits = SocketLimits()
        for option in options { limits.apply(option) }
        self.limits = limits
        self.context = context
        unsafe handle = try context.makeSocket(kind)
        for option in options { try set(option) }
    }

    deinit {
        guard let handle = unsafe handle else { return }
        _ = unsafe Libzmq.closeSocket(handle)
    }

    /// Whether the socket has not been closed.
    var isOpen: Bool { unsafe handle != nil }

    /// Closes the socket; what is unsent is kept for at most `lingerMilliseconds`.
    mutating func close(lingerMilliseconds: Int32) {
        guard let open = unsafe handle else { return }
        var linger = max(0, lingerMilliseconds)
        _ = unsafe Libzmq.setOption(open, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
        _ = unsafe Libzmq.closeSocket(open)
        unsafe handle = nil
    }
}

// MARK: - Settings

extension Socket {
    private func set(_ option: SocketOption) throws(ZMQError) {
        guard option.isBounded else { throw refusal(of: option) }
        for assignment in option.assignments { try set(assignment, of: option) }
    }

    private func set(_ assignment: SocketOption.Assignment, of option: SocketOption) throws(ZMQError) {
        let result: Int32
        switch assignment {
        case .integer(let number, let value):
            guard var narrow = Int32(exactly: value) else { throw refusal(of: option) }
            result = try unsafe Libzmq.setOption(open(), number, &narrow, MemoryLayout<Int32>.size)
        case .long(let number, let value):
            var wide = Int64(value)
            result = try unsafe Libzmq.setOption(open(), number, &wide, MemoryLayout<Int64>.size)
        case .text(let number, let value):
            let handle = try unsafe open()
            var text = value
            result = text.withUTF8 { unsafe Libzmq.setOption(handle, number, $0.baseAddress, $0.count) }
        }
        try ZMQError.check(result, "zmq_setsockopt", option.name)
    }

    private func refusal(of option: SocketOption) -> ZMQError {
        ZMQError(.invalidArgument, function: "zmq_setsockopt", detail: option.name)
    }

    /// An integer option as libzmq has it.
    func integer(_ option: Int32) throws(ZMQError) -> Int {
        var value: Int32 = 0
        var byteCount = MemoryLayout<Int32>.size
        try ZMQError.check(unsafe Libzmq.getOption(open(), option, &value, &byteCount), "zmq_getsockopt")
        return Int(value)
    }

    /// A 64-bit option as libzmq has it.
    func long(_ option: Int32) throws(ZMQError) -> Int {
        var value: Int64 = 0
        var byteCount = MemoryLayout<Int64>.size
        try ZMQError.check(unsafe Libzmq.getOption(open(), option, &value, &byteCount), "zmq_getsockopt")
        return Int(value)
    }

    /// A text option as libzmq has it, without its closing zero.
    func text(_ option: Int32, capacity: Int = 512) throws(ZMQError) -> String {
        var bytes = [UInt8](repeating: 0, count: capacity)
        var byteCount = bytes.count
        try ZMQError.check(unsafe Libzmq.getOption(open(), option, &bytes, &byteCount), "zmq_getsockopt")
        return String(decoding: bytes.prefix(byteCount).prefix { $0 != 0 }, as: UTF8.self)
    }
}

// MARK: - Endpoints

extension Socket {
    /// Accepts peers at an endpoint; returns it with wildcards resolved.
    func bind(to endpoint: String) throws(ZMQError) -> String {
        try ZMQError.check(unsafe Libzmq.bind(open(), endpoint), "zmq_bind", endpoint)
        return Self.plain(try text(ZMQ_LAST_ENDPOINT))
    }

    /// An endpoint as people write it: with IPv6 on, libzmq names `127.0.0.1` as `[::ffff:127.0.0.1]`.
    static func plain(_ endpoint: String) -> String {
        let prefix = "tcp://[::ffff:"
        guard endpoint.hasPrefix(prefix), let end = endpoint.firstIndex(of: "]") else { return endpoint }
        let address = endpoint[..<end].dropFirst(prefix.count)
        guard address.contains(".") else { return endpoint }
        return "tcp://" + address + endpoint[endpoint.index(after: end)...]
    }

    /// Connects to an endpoint, now and whenever the connection is lost.
    func connect(to endpoint: String) throws(ZMQError) {
        try ZMQError.check(unsafe Libzmq.connect(open(), endpoint), "zmq_connect", endpoint)
    }

    /// Accepts no more peers at an endpoint.
    func unbind(from endpoint: String) throws(ZMQError) {
        try ZMQError.check(unsafe Libzmq.unbind(open(), endpoint), "zmq_unbind", endpoint)
    }

    /// Starts the events of this socket at an `inproc` endpoint.
    func startMonitor(at endpoint: String) throws(ZMQError) {
        try ZMQError.check(
            unsafe Libzmq.monitor(open(), endpoint, ZMQ_EVENT_ALL), "zmq_socket_monitor", endpoint)
    }

    /// Stops the events of this socket.
    func stopMonitor() {
        guard let handle = unsafe handle else { return }
        _ = unsafe Libzmq.monitor(handle, nil, 0)
    }

    /// The descriptor that shows that libzmq's threads have told this socket something.
    func signalDescriptor() throws(ZMQError) -> Int32 {
        Int32(truncatingIfNeeded: try integer(ZMQ_FD))
    }

    /// An entry for `zmq_poll`.
    func pollItem(events: Int32) -> zmq_pollitem_t {
        unsafe zmq_pollitem_t(socket: handle, fd: 0, events: Int16(events), revents: 0)
    }

    private func open() throws(ZMQError) -> UnsafeMutableRawPointer {
        guard let handle = unsafe handle else { throw ZMQError(.notASocket, function: "socket") }
        return unsafe handle
    }
}

// MARK: - Messages

extension Socket {
    /// Sends a message without waiting; the outcome says whose it is now.
    ///
    /// - Precondition: the message has a frame.
    func send(_ message: inout Message) -> SendOutcome {
        precondition(message.frameCount > 0, "a message without frames cannot be sent")
        let result = sendFrame(0, of: &message)
        guard result >= 0 else { return result == -EAGAIN ? .full : .unreachable }
        return sendRest(of: &message)
    }

    /// Sends one frame; returns minus the error number where libzmq did not take it.
    func sendFrame(_ index: Int, of message: inout Message) -> Int32 {
        guard let handle = unsafe handle else { return -ENOTSOCK }
        let flags = index < message.frameCount - 1 ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
        return unsafe Libzmq.send(message.cell(index), handle, flags)
    }

    /// Sends the frames after the first, all of them whatever happens.
    ///
    /// Once the first frame is taken, a failure means that the connection died within the message: libzmq
    /// then throws away frames until one is the last. Stopping early would throw away the next message's
    /// beginning instead (libzmq `lb.cpp`, `_dropping`).
    func sendRest(of message: inout Message) -> SendOutcome {
        var outcome = SendOutcome.sent
        for index in 1..<max(1, message.frameCount) where sendFrame(index, of: &message) < 0 {
            outcome = .lost
        }
        // A frame that was taken left an empty cell; only a refused one holds anything to free.
        if outcome == .lost { message.removeAll() } else { message.forgetFrames() }
        return outcome
    }

    /// Receives a message without waiting.
    func receive() -> Receipt {
        guard let handle = unsafe handle else { return .empty }
        var message = Message()
        var byteCount = 0
        if pace.isNear { _ = try? integer(ZMQ_EVENTS) }
        while true {
            let cell = unsafe message.roomAtEnd()
            unsafe Libzmq.start(cell)
            let result = unsafe Libzmq.receive(cell, handle, ZMQ_DONTWAIT)
            pace.advance()
            guard result >= 0 else {
                pace.count = 0
                unsafe Libzmq.close(cell)
                return message.frameCount == 0 ? .empty : .dropped
            }
            message.countLast()
            // Not the result, which is cut to 32 bits; a sum of at most `frameCountMaximum` sizes cannot
            // overflow.
            byteCount += unsafe Libzmq.byteCount(cell)
            let more = unsafe Libzmq.more(cell)
            if message.frameCount > limits.frameCountMaximum || byteCount > limits.messageByteCountMaximum {
                if more { discardRest() }
                return .tooLarge(MessageHead(message, limits))
            }
            if !more { return .message(message) }
        }
    }

    /// Throws away what is left of a message that is beyond the limits.
    private func discardRest() {
        guard let handle = unsafe handle else { return }
        var cell = zmq_msg_t()
        unsafe Libzmq.start(&cell)
        while unsafe Libzmq.receive(&cell, handle, ZMQ_DONTWAIT) >= 0 && Libzmq.more(&cell) { pace.advance() }
        pace.advance()
        unsafe Libzmq.close(&cell)
    }
}
