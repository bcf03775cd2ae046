internal import CZMQ

/// Every call into libzmq, each in one documented wrapper.
///
/// Results follow the kernel's habit: zero or more is the value, less is minus the error number. An
/// interrupted call is repeated. The error number is read straight after the call: a wrapper owns no
/// reference, so no release (which may call `free` and spoil `errno`) can run between the two.
enum Libzmq {
    /// Calls `body` until it is not interrupted.
    @inline(__always)
    static func retry(_ body: () -> Int32) -> Int32 {
        while true {
            let result = body()
            guard result < 0 else { return result }
            let code = zmq_errno()
            guard code == EINTR else { return -code }
        }
    }

    /// The text of an error number. The corresponding libzmq function is `zmq_strerror`.
    static func message(of code: Int32) -> String {
        guard let text = unsafe zmq_strerror(code) else { return "error \(code)" }
        let message = unsafe String(cString: text)
        return message.prefix(1).lowercased() + message.dropFirst()
    }

    /// Whether this libzmq was built with a capability such as `curve`. The corresponding libzmq function is
    /// `zmq_has`.
    static func has(_ capability: String) -> Bool {
        unsafe capability.withCString { name in unsafe zmq_has(name) == 1 }
    }

    // MARK: Contexts

    /// A new context, or nil with `errno` set. The corresponding libzmq function is `zmq_ctx_new`.
    static func newContext() -> UnsafeMutableRawPointer? {
        unsafe zmq_ctx_new()
    }

    /// Sets an option of a context. The corresponding libzmq function is `zmq_ctx_set`.
    static func setContext(_ context: UnsafeMutableRawPointer, _ option: Int32, _ value: Int32) -> Int32 {
        retry { unsafe zmq_ctx_set(context, option, value) }
    }

    /// Reads an option of a context. The corresponding libzmq function is `zmq_ctx_get`.
    static func getContext(_ context: UnsafeMutableRawPointer, _ option: Int32) -> Int32 {
        retry { unsafe zmq_ctx_get(context, option) }
    }

    /// Makes every blocked call of a context return. The corresponding libzmq function is `zmq_ctx_shutdown`.
    static func shutdownContext(_ context: UnsafeMutableRawPointer) -> Int32 {
        retry { unsafe zmq_ctx_shutdown(context) }
    }

    /// Ends a context; waits for its sockets to close and linger. The corresponding libzmq function is
    /// `zmq_ctx_term`.
    static func terminateContext(_ context: UnsafeMutableRawPointer) -> Int32 {
        retry { unsafe zmq_ctx_term(context) }
    }

    // MARK: Sockets

    /// A new socket, or nil with `errno` set. The corresponding libzmq function is `zmq_socket`.
    static func newSocket(_ context: UnsafeMutableRawPointer, _ kind: Int32) -> UnsafeMutableRawPointer? {
        unsafe zmq_socket(context, kind)
    }

    /// Closes a socket; what is unsent lingers. The corresponding libzmq function is `zmq_close`.
    static func closeSocket(_ socket: UnsafeMutableRawPointer) -> Int32 {
        retry { unsafe zmq_close(socket) }
    }

    /// Accepts peers at an endpoint. The corresponding libzmq function is `zmq_bind`.
    static func bind(_ socket: UnsafeMutableRawPointer, _ endpoint: String) -> Int32 {
        unsafe endpoint.withCString { text in retry { unsafe zmq_bind(socket, text) } }
    }

    /// Accepts no more peers at an endpoint. The corresponding libzmq function is `zmq_unbind`.
    static func unbind(_ socket: UnsafeMutableRawPointer, _ endpoint: String) -> Int32 {
        unsafe endpoint.withCString { text in retry { unsafe zmq_unbind(socket, text) } }
    }

    /// Connects to an endpoint. The corresponding libzmq function is `zmq_connect`.
    static func connect(_ socket: UnsafeMutableRawPointer, _ endpoint: String) -> Int32 {
        unsafe endpoint.withCString { text in retry { unsafe zmq_connect(socket, text) } }
    }

    /// Sets an option. The corresponding libzmq function is `zmq_setsockopt`.
    static func setOption(
        _ socket: UnsafeMutableRawPointer, _ option: Int32, _ value: UnsafeRawPointer?, _ byteCount: Int
    ) -> Int32 {
        retry { unsafe zmq_setsockopt(socket, option, value, byteCount) }
    }

    /// Reads an option; `byteCount` is the room, then the length. The corresponding libzmq function is
    /// `zmq_getsockopt`.
    static func getOption(
        _ socket: UnsafeMutableRawPointer, _ option: Int32, _ value: UnsafeMutableRawPointer,
        _ byteCount: inout Int
    ) -> Int32 {
        var length = byteCount
        let result = retry { unsafe zmq_getsockopt(socket, option, value, &length) }
        byteCount = length
        return result
    }

    /// Starts (or, without an endpoint, stops) the events of a socket.
    /// The corresponding libzmq function is `zmq_socket_monitor`.
    static func monitor(_ socket: UnsafeMutableRawPointer, _ endpoint: String?, _ events: Int32) -> Int32 {
        guard let endpoint else { return retry { unsafe zmq_socket_monitor(socket, nil, 0) } }
        return unsafe endpoint.withCString { text in retry { unsafe zmq_socket_monitor(socket, text, events) }
        }
    }

    /// Waits for events; an interruption is returned as none, so that the caller looks at its clock again.
    /// The corresponding libzmq function is `zmq_poll`.
    static func poll(_ items: inout [zmq_pollitem_t], timeoutMilliseconds: Int) -> Int32 {
        unsafe items.withUnsafeMutableBufferPointer { buffer in
            let count = Int32(buffer.count)
            let result = unsafe zmq_poll(buffer.baseAddress, count, timeoutMilliseconds)
            guard result < 0 else { return result }
            let code = zmq_errno()
            return code == EINTR ? 0 : -code
        }
    }

    // MARK: Frames

    /// Sends one frame; on success the cell is left empty. The corresponding libzmq function is
    /// `zmq_msg_send`.
    @inline(__always)
    static func send(
        _ cell: UnsafeMutablePointer<zmq_msg_t>, _ socket: UnsafeMutableRawPointer, _ flags: Int32
    ) -> Int32 {
        retry { unsafe zmq_msg_send(cell, socket, flags) }
    }

    /// Receives one frame into a started cell. The corresponding libzmq function is `zmq_msg_recv`.
    @inline(__always)
    static func receive(
        _ cell: UnsafeMutablePointer<zmq_msg_t>, _ socket: UnsafeMutableRawPointer, _ flags: Int32
    ) -> Int32 {
        retry { unsafe zmq_msg_recv(cell, socket, flags) }
    }

    /// Starts an empty cell. The corresponding libzmq function is `zmq_msg_init`; it cannot fail.
    @inline(__always)
    static func start(_ cell: UnsafeMutablePointer<zmq_msg_t>) {
        _ = unsafe zmq_msg_init(cell)
    }

    /// Starts a cell with room. The corresponding libzmq function is `zmq_msg_init_size`.
    ///
    /// - Precondition: there is memory; its absence ends the program, as for any other allocation in Swift.
    static func start(_ cell: UnsafeMutablePointer<zmq_msg_t>, byteCount: Int) {
        let result = unsafe zmq_msg_init_size(cell, byteCount)
        precondition(result == 0, "zmq_msg_init_size: no memory for a frame")
    }

    /// Starts a cell on foreign memory. The corresponding libzmq function is `zmq_msg_init_data`.
    ///
    /// - Precondition: there is memory for the forty bytes that describe the frame.
    static func start(
        _ cell: UnsafeMutablePointer<zmq_msg_t>,
        data: UnsafeMutableRawPointer,
        byteCount: Int,
        hint: UnsafeMutableRawPointer,
        free: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void
    ) {
        let result = unsafe zmq_msg_init_data(cell, data, byteCount, free, hint)
        precondition(result == 0, "zmq_msg_init_data: no memory for a frame")
    }

    /// Frees what a cell holds. The corresponding libzmq function is `zmq_msg_close`; it cannot fail on a
    /// started cell.
    @inline(__always)
    static func close(_ cell: UnsafeMutablePointer<zmq_msg_t>) {
        _ = unsafe zmq_msg_close(cell)
    }

    /// Moves content between started cells. The corresponding libzmq function is `zmq_msg_move`.
    static func move(
        _ source: UnsafeMutablePointer<zmq_msg_t>, to destination: UnsafeMutablePointer<zmq_msg_t>
    ) {
        _ = unsafe zmq_msg_move(destination, source)
    }

    /// Lets two started cells hold the same content. The corresponding libzmq function is `zmq_msg_copy`.
    static func copy(
        _ source: UnsafeMutablePointer<zmq_msg_t>, to destination: UnsafeMutablePointer<zmq_msg_t>
    ) {
        _ = unsafe zmq_msg_copy(destination, source)
    }

    /// The content of a cell, good until the cell moves. The corresponding libzmq functions are
    /// `zmq_msg_data` and `zmq_msg_size`.
    @inline(__always)
    static func bytes(_ cell: UnsafeMutablePointer<zmq_msg_t>) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: zmq_msg_data(cell), count: zmq_msg_size(cell))
    }

    /// How many bytes a cell holds. The corresponding libzmq function is `zmq_msg_size`.
    @inline(__always)
    static func byteCount(_ cell: UnsafeMutablePointer<zmq_msg_t>) -> Int {
        unsafe zmq_msg_size(cell)
    }

    /// Whether the message goes on after this frame. The corresponding libzmq function is `zmq_msg_more`.
    @inline(__always)
    static func more(_ cell: UnsafeMutablePointer<zmq_msg_t>) -> Bool {
        unsafe zmq_msg_more(cell) != 0
    }

    /// A property of a frame. The corresponding libzmq function is `zmq_msg_get`.
    static func property(_ cell: UnsafeMutablePointer<zmq_msg_t>, _ property: Int32) -> Int32 {
        retry { unsafe zmq_msg_get(cell, property) }
    }

    /// A named property of a frame, such as `User-Id`. The corresponding libzmq function is `zmq_msg_gets`.
    static func property(_ cell: UnsafeMutablePointer<zmq_msg_t>, named name: String) -> String? {
        unsafe name.withCString { name in
            guard let value = unsafe zmq_msg_gets(cell, name) else { return nil }
            return unsafe String(cString: value)
        }
    }

    /// Whether a named property of a frame is a text, found out without making one.
    static func property(
        _ cell: UnsafeMutablePointer<zmq_msg_t>, named name: StaticString, is text: String
    ) -> Bool {
        let name = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        guard let value = unsafe zmq_msg_gets(cell, name) else { return false }
        return unsafe text.withCString { unsafe strcmp(value, $0) == 0 }
    }
}
