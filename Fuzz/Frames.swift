import Ground
import Protocol
import ZMQ

/// A message as its frames, ready to be changed.
struct Frames: Sendable {
    /// Header, body and tensors, without a routing id.
    var frames: [[UInt8]]

    /// A message as a peer would send it: header, what follows it, and bytes beside them that are asked for.
    init(_ header: Header, body: [UInt8]? = nil, tensors: [TensorFrame] = []) {
        var inline: [UInt8] = []
        var attachments: [Attachment] = []
        for (index, tensor) in tensors.enumerated() {
            if index == 0, case .packed(let bytes) = tensor,
                bytes.count <= ProtocolLimits.inlineByteCountMaximum
            {
                inline = bytes
            } else {
                attachments.append(Attachment(byteCount: tensor.byteCount))
            }
        }
        var frame: [UInt8] = []
        frame.append(header, attachments: attachments, body: body ?? [], inline: inline)
        frames = [frame]
    }

    /// A job or a result.
    init(_ header: Header, _ payload: Payload) {
        self.init(header, body: payload.body, tensors: payload.frames)
    }

    /// The message as libzmq takes it, behind the routing id where a ROUTER sends it.
    func message(to peer: RoutingID? = nil) -> Message {
        var message = Message(reservingFrames: frames.count)
        for frame in frames { message.append(frame) }
        if let peer { message.prepend(peer) }
        return message
    }

    /// The message with some changes; one in ten has none, so that what comes after has something to stand on.
    func changed(beside other: Frames, _ random: inout Randomness) -> Frames {
        var changed = self
        guard !random.once(in: 10) else { return changed }
        for _ in 0...random.below(2) { changed.change(beside: other, &random) }
        return changed
    }

    private mutating func change(beside other: Frames, _ random: inout Randomness) {
        let index = random.below(frames.count)
        switch random.below(12) {
        case 0, 1, 2: changeHeader(beside: other, &random)
        case 3:
            // Another record behind the first.
            let rest = frames[0].count & 7
            if rest != 0 { frames[0] += [UInt8](repeating: 0, count: 8 - rest) }
            frames[0] += other.frames[0]
        case 4: frames.insert(random.pick(other.frames), at: index)
        case 5: frames[index] = Mutation.changed(frames[index], beside: random.pick(other.frames), &random)
        default: changeBody(beside: other, &random)
        }
    }

    /// Changes the body alone, and says how long it is then.
    private mutating func changeBody(beside other: Frames, _ random: inout Randomness) {
        let (own, others) = (frames[0], other.frames[0])
        guard let record = try? Record(decoding: own.span, at: 0), record.attachments.isEmpty,
            !record.body.isEmpty
        else { return changeHeader(beside: other, &random) }
        let body = Array(own[record.body]), inline = Array(own[record.inline])
        let otherBody = (try? Record(decoding: others.span, at: 0)).map { Array(others[$0.body]) }
        let changed = Protobuf.changed(body, beside: otherBody ?? body, &random)
        var frame: [UInt8] = []
        frame.append(record.header, heard: record.heard, body: changed, inline: inline)
        frames[0] = frame
    }

    /// Changes one field of the header, by the places PROTOCOL.md gives them.
    private mutating func changeHeader(beside other: Frames, _ random: inout Randomness) {
        guard frames[0].count >= Header.byteCount else { return }
        let fields = [
            (5, 1), (6, 1), (7, 1), (8, 4), (12, 2), (16, 4), (20, 4), (24, 8), (32, 8), (40, 8), (48, 8),
            (56, 8),
            (64, 4), (68, 4), (72, 4), (76, 4),
        ]
        let (offset, byteCount) =
            random.once(in: 12) ? (random.below(Header.byteCount), 1) : random.pick(fields)
        let isTaken = random.once(in: 2) && other.frames[0].count >= Header.byteCount
        let number = random.pick(Mutation.numbers)
        for index in 0..<byteCount {
            frames[0][offset + index] =
                isTaken
                ? other.frames[0][offset + index] : UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
        }
        // Commands are few, and most numbers are none.
        if offset == 6, !random.once(in: 4) { frames[0][6] = random.pick(Command.allCases).rawValue }
    }
}
