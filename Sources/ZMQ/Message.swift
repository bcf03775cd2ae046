internal import CZMQ

/// One message of one or more frames, owned by whoever holds it.
///
/// DESIGN. The frames are `zmq_msg_t` cells in one block from a pool, so a message costs no allocation of its
/// own. A body of up to 33 bytes lives *inside* its cell (libzmq `max_vsm_size`): a pointer to the bytes is
/// good only until the cell moves. So cells stand in the heap, bytes are lent for the length of a closure and
/// never kept, and what moves a cell is `mutating`. Frames sit in `first..<first + count`; one cell is left
/// free in front, so that a routing id can be put before a message without moving anything. Received bytes
/// begin at any address: read them unaligned.
@safe package struct Message: ~Copyable, @unchecked Sendable {
    // Proof of Sendable: the struct is noncopyable and the only owner of its block, so one thread at a time
    // sees the cells; content that cells share with other messages is read-only and counted atomically by
    // libzmq.
    private var cells: UnsafeMutablePointer<zmq_msg_t>
    private var capacity: Int
    private var first: Int
    private var count: Int

    /// Frames of at least this many bytes are sent without a copy by `append(sharing:)`; below, a copy is
    /// cheaper.
    package static let sharingByteCountMinimum = 16 * 1024

    /// Creates a message without frames.
    package init(reservingFrames frameCount: Int = MessagePool.blockCapacity - 1) {
        capacity = max(MessagePool.blockCapacity, frameCount + 1)
        unsafe cells = MessagePool.take(capacity: capacity)
        first = 1
        count = 0
    }

    deinit {
        for index in first..<first + count { unsafe Libzmq.close(cells + index) }
        unsafe MessagePool.give(cells, capacity: capacity)
    }
}

// MARK: - Reading

extension Message {
    /// How many frames there are.
    package var frameCount: Int { count }

    /// How many bytes all frames have together.
    package var totalByteCount: Int {
        (first..<first + count).reduce(0) { sum, index in unsafe sum + Libzmq.byteCount(cells + index) }
    }

    /// How many bytes a frame has.
    ///
    /// - Precondition: `index` is below `frameCount`.
    package func byteCount(at index: Int) -> Int {
        unsafe Libzmq.byteCount(cell(index))
    }

    /// Lends the bytes of a frame for the length of a closure.
    ///
    /// - Precondition: `index` is below `frameCount`.
    @inlinable  // generic: without it every call from another module would go unspecialised
    package func withFrame<R: ~Copyable, E: Error>(
        _ index: Int,
        _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        let bytes = unsafe frameBytes(index)
        return try unsafe body(bytes.bytes)
    }

    /// A copy of the bytes of a frame.
    ///
    /// - Precondition: `index` is below `frameCount`.
    package func bytes(at index: Int) -> [UInt8] {
        unsafe [UInt8](frameBytes(index))
    }

    /// The descriptor of the connection a received message came by; nil for `inproc` and for messages made
    /// here.
    ///
    /// It equals the descriptor in the monitor's `accepted` and `disconnected`, which is how a peer's death
    /// finds its session. Descriptors are reused at once: see `MonitorEvent`.
    package var sourceDescriptor: Int32? {
        guard count > 0 else { return nil }
        // The last frame: libzmq 4.3.4 forgets the properties of a ROUTER's id frame once events were polled.
        let descriptor = unsafe Libzmq.property(cell(count - 1), ZMQ_SRCFD)
        return descriptor < 0 ? nil : descriptor
    }

    /// The name the authenticator gave the peer of a received message; nil where nobody authenticated it.
    package var userID: String? {
        guard count > 0 else { return nil }
        return unsafe Libzmq.property(cell(count - 1), named: "User-Id")
    }

    /// The bytes of a frame, good until the message changes.
    @usableFromInline
    func frameBytes(_ index: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(Libzmq.bytes(cell(index)))
    }

    /// The cell of a frame.
    func cell(_ index: Int) -> UnsafeMutablePointer<zmq_msg_t> {
        precondition(index >= 0 && index < count, "message: no such frame")
        return unsafe cells + (first + index)
    }
}

// MARK: - Appending

extension Message {
    /// Appends a frame of `byteCount` bytes, zeroed, for `fill` to write.
    package mutating func append(byteCount: Int, fill: (inout MutableRawSpan) -> Void) {
        let cell = unsafe roomAtEnd()
        unsafe Self.fill(cell, byteCount, fill)
        count += 1
    }

    /// Appends a copy of some bytes as a frame.
    package mutating func append(_ bytes: RawSpan) {
        let cell = unsafe roomAtEnd()
        unsafe Libzmq.start(cell, byteCount: bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in unsafe Libzmq.bytes(cell).copyMemory(from: source) }
        count += 1
    }

    /// Appends a copy of some bytes as a frame.
    package mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe append($0.bytes) }
    }

    /// Appends some bytes and, right behind them, others as one frame.
    package mutating func append(_ head: [UInt8], _ rest: RawSpan) {
        let cell = unsafe roomAtEnd()
        unsafe Libzmq.start(cell, byteCount: head.count + rest.byteCount)
        unsafe head.withUnsafeBytes { source in unsafe Libzmq.bytes(cell).copyMemory(from: source) }
        unsafe rest.withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(rebasing: Libzmq.bytes(cell)[head.count...])
                .copyMemory(from: source)
        }
        count += 1
    }

    /// Appends the bytes of `owner` as a frame, without copying them where they are many.
    ///
    /// The owner is kept until libzmq has sent or dropped the frame, then released on libzmq's thread.
    package mutating func append(sharing owner: some ByteOwner) {
        guard owner.byteCount >= Self.sharingByteCountMinimum else { return owner.withBytes { append($0) } }
        let cell = unsafe roomAtEnd()
        owner.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { source in
                guard let address = source.baseAddress else { return unsafe Libzmq.start(cell) }
                let hint = unsafe Unmanaged<AnyObject>.passRetained(owner).toOpaque()
                unsafe Libzmq.start(
                    cell, data: UnsafeMutableRawPointer(mutating: address), byteCount: source.count,
                    hint: hint,
                    free: { _, hint in
                        guard let hint = unsafe hint else { return }
                        unsafe Unmanaged<AnyObject>.fromOpaque(hint).release()
                    }
                )
            }
        }
        count += 1
    }

    /// Takes a frame out of another message and appends it; the other keeps an empty frame instead.
    package mutating func append(movingFrame index: Int, of other: inout Message) {
        let cell = unsafe roomAtEnd()
        unsafe Libzmq.start(cell)
        unsafe Libzmq.move(other.cell(index), to: cell)
        count += 1
    }

    /// Starts a cell with room and lets `fill` write it.
    static func fill(
        _ cell: UnsafeMutablePointer<zmq_msg_t>, _ byteCount: Int, _ fill: (inout MutableRawSpan) -> Void
    ) {
        unsafe Libzmq.start(cell, byteCount: byteCount)
        let bytes = unsafe Libzmq.bytes(cell)
        // Never a stranger's memory on the wire, whatever `fill` leaves out.
        _ = unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
        var span = unsafe bytes.mutableBytes
        fill(&span)
    }

    /// The first free cell behind the last frame, not started and not yet counted.
    mutating func roomAtEnd() -> UnsafeMutablePointer<zmq_msg_t> {
        if first + count == capacity { regrow(to: capacity * 2, first: first) }
        return unsafe cells + (first + count)
    }

    /// The free cell before the first frame, not started and not yet counted.
    mutating func roomAtStart() -> UnsafeMutablePointer<zmq_msg_t> {
        if first == 0 { regrow(to: max(capacity, count + MessagePool.blockCapacity), first: 1) }
        return unsafe cells + (first - 1)
    }

    /// Counts the cell of `roomAtEnd` in, once it is started.
    mutating func countLast() { count += 1 }

    /// Counts the cell of `roomAtStart` in, once it is started.
    mutating func countFirst() {
        first -= 1
        count += 1
    }

    /// Closes the first frame and counts it out.
    mutating func dropFirst() {
        unsafe Libzmq.close(cell(0))
        first += 1
        count -= 1
    }

    /// Closes every frame.
    package mutating func removeAll() {
        for index in first..<first + count { unsafe Libzmq.close(cells + index) }
        forgetFrames()
    }

    /// Counts every frame out without closing it: libzmq took them, or they are closed.
    mutating func forgetFrames() {
        first = 1
        count = 0
    }

    /// Moves the frames to a larger block.
    private mutating func regrow(to newCapacity: Int, first newFirst: Int) {
        let block = unsafe MessagePool.take(capacity: newCapacity)
        for index in 0..<count {
            unsafe Libzmq.start(block + (newFirst + index))
            unsafe Libzmq.move(cells + (first + index), to: block + (newFirst + index))
            unsafe Libzmq.close(cells + (first + index))
        }
        unsafe MessagePool.give(cells, capacity: capacity)
        unsafe cells = block
        (capacity, first) = (newCapacity, newFirst)
    }
}
