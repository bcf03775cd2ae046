import Protocol
import ZMQ

/// A message to be sent, kept as its parts: a full socket takes it later, built anew.
struct OutgoingMessage: Sendable {
    let header: Header
    let body: [UInt8]?
    let frames: [TensorFrame]
    /// The number of bytes of all frames.
    let byteCount: Int

    init(header: Header, body: [UInt8]?, frames: [TensorFrame]) {
        self.header = header
        self.body = body
        self.frames = frames
        var byteCount = Header.byteCount + (body?.count ?? 0)
        for frame in frames { byteCount += frame.byteCount }
        self.byteCount = byteCount
    }

    /// The frames as libzmq wants them: the header written in place, large tensors lent.
    func built(epoch: UInt64) -> Message {
        var header = header
        header.epoch = epoch
        var message = Message(reservingFrames: 2 + frames.count)
        message.append(byteCount: Header.byteCount) { header.encode(into: &$0) }
        if let body { message.append(body) }
        for frame in frames {
            switch frame {
            case .packed(let bytes): message.append(bytes)
            case .whole(let storage): message.append(sharing: LentStorage(storage))
            }
        }
        return message
    }
}

/// Messages that wait for room, first come first sent, bounded by number and bytes.
struct ParkedMessages: Sendable {
    private var messages: [OutgoingMessage] = []
    private var next = 0
    private var byteCount = 0

    var isEmpty: Bool { next == messages.count }
    var count: Int { messages.count - next }
    var first: OutgoingMessage? { isEmpty ? nil : messages[next] }

    /// Adds a message; `false` when it does not fit.
    mutating func append(_ message: OutgoingMessage) -> Bool {
        let (bytes, overflow) = byteCount.addingReportingOverflow(message.byteCount)
        guard !overflow, bytes <= LinkLimits.parkedByteCountMaximum,
            count < LinkLimits.parkedMessageCountMaximum
        else { return false }
        messages.append(message)
        byteCount = bytes
        return true
    }

    /// Drops the first message, which must be there.
    ///
    /// - Complexity: O(1) on average.
    mutating func removeFirst() {
        byteCount -= messages[next].byteCount
        next += 1
        guard next == messages.count || next >= 1_024 else { return }
        messages.removeFirst(next)
        next = 0
    }

    /// Drops all messages.
    mutating func removeAll() {
        messages.removeAll()
        next = 0
        byteCount = 0
    }
}
