internal import CZMQ

/// What a broker does to a message on its way: another peer, another header, the same body frames untouched.
extension Message {
    /// The first frame read as a routing id; nil where it cannot be one.
    package var routingID: RoutingID? {
        guard frameCount > 0 else { return nil }
        return withFrame(0) { RoutingID($0) }
    }

    /// Puts a routing id before the first frame; costs no allocation.
    package mutating func prepend(_ id: RoutingID) {
        unsafe Self.fill(roomAtStart(), id.byteCount) { id.write(to: &$0) }
        countFirst()
    }

    /// Writes another routing id over the first frame; costs no allocation.
    ///
    /// - Precondition: there is a first frame.
    package mutating func replaceRoutingID(with id: RoutingID) {
        replaceFrame(0, byteCount: id.byteCount) { id.write(to: &$0) }
    }

    /// Drops the first frame.
    ///
    /// - Precondition: there is one.
    package mutating func removeFirst() {
        dropFirst()
    }

    /// Puts a new frame of `byteCount` bytes, zeroed, for `fill` to write, in place of another.
    ///
    /// - Precondition: `index` is below `frameCount`.
    package mutating func replaceFrame(_ index: Int, byteCount: Int, fill: (inout MutableRawSpan) -> Void) {
        let cell = unsafe cell(index)
        unsafe Libzmq.close(cell)
        unsafe Self.fill(cell, byteCount, fill)
    }

    /// Changes the bytes of a frame where they are; a frame whose bytes others may see is copied first.
    ///
    /// - Precondition: `index` is below `frameCount`.
    package mutating func editFrame(_ index: Int, _ body: (inout MutableRawSpan) -> Void) {
        let cell = unsafe cell(index)
        // A large frame may be lent by a `ByteOwner`, here or on the other side of an `inproc` pipe; what came by a
        // connection libzmq has read into memory of its own.
        let isLent = unsafe Libzmq.byteCount(cell) >= Self.sharingByteCountMinimum && sourceDescriptor == nil
        if unsafe isLent || Libzmq.property(cell, ZMQ_SHARED) != 0 { detach(index) }
        var span = unsafe Libzmq.bytes(cell).mutableBytes
        body(&span)
    }

    /// Another message with the same frames; long bodies are shared and counted, not copied.
    ///
    /// It is `mutating` because libzmq marks the frames as shared.
    package mutating func share() -> Message {
        var other = Message(reservingFrames: frameCount)
        for index in 0..<frameCount {
            let cell = unsafe other.roomAtEnd()
            unsafe Libzmq.start(cell)
            unsafe Libzmq.copy(self.cell(index), to: cell)
            other.countLast()
        }
        return other
    }

    /// Copies small frames out of the receive buffer they arrived in.
    ///
    /// libzmq lets small frames point into a buffer of 8 KiB that stays as long as any of them does. Call
    /// this before keeping a received message for long, or a queue of small messages may hold a hundred times
    /// their size.
    package mutating func detachFromReceiveBuffer() {
        for index in 0..<frameCount {
            let byteCount = byteCount(at: index)
            if byteCount > Self.inlineByteCountMaximum, byteCount < Self.receiveBufferByteCount {
                detach(index)
            }
        }
    }

    /// Bodies up to this long live inside their cell (libzmq `msg.hpp`, `max_vsm_size`).
    private static let inlineByteCountMaximum = 33
    /// Bodies shorter than this may point into a shared receive buffer (libzmq `config.hpp`,
    /// `in_batch_size`).
    private static let receiveBufferByteCount = 8192

    /// Gives a frame bytes of its own.
    private mutating func detach(_ index: Int) {
        let cell = unsafe cell(index)
        let source = unsafe Libzmq.bytes(cell)
        var copy = zmq_msg_t()
        unsafe Libzmq.start(&copy, byteCount: source.count)
        unsafe Libzmq.bytes(&copy).copyMemory(from: UnsafeRawBufferPointer(source))
        unsafe Libzmq.move(&copy, to: cell)
    }
}
