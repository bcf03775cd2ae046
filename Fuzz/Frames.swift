import Ground
import Protocol
import ZMQ

/// A message as its frames, ready to be changed.
struct Frames: Sendable {
    /// Header, body and tensors, without a routing id.
    var frames: [[UInt8]]

    /// A message as a peer would send it.
    init(_ header: Header, body: [UInt8]? = nil, tensors: [TensorFrame] = []) {
        var message = Message(reservingFrames: 1)
        message.append(byteCount: Header.byteCount) { header.encode(into: &$0) }
        frames = [message.bytes(at: 0)]
        if let body { frames.append(body) }
        for tensor in tensors {
            switch tensor {
            case .packed(let bytes): frames.append(bytes)
            case .whole(let storage): frames.append(storage.withBytes { bytes in bytes.copied })
            }
        }
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
        case 0, 1: changeHeader(beside: other, &random)
        case 2: frames.swapAt(index, random.below(frames.count))
        case 3: frames.insert(random.pick(other.frames), at: index)
        case 4: if frames.count > 1 { frames.remove(at: index) }
        case 5:
            // Once in a while more than any message may have.
            let times = random.once(in: 20) ? 1_100 : 1 + random.below(3)
            frames.insert(
                contentsOf: repeatElement(frames[index].count < 256 ? frames[index] : [], count: times),
                at: index)
        case 6: frames[index] = Mutation.changed(frames[index], beside: random.pick(other.frames), &random)
        default:
            guard frames.count > 1 else { return changeHeader(beside: other, &random) }
            let body = other.frames.count > 1 ? other.frames[1] : frames[1]
            frames[1] = Protobuf.changed(frames[1], beside: body, &random)
        }
    }

    /// Changes one field of the header, by the places PROTOCOL.md gives them.
    private mutating func changeHeader(beside other: Frames, _ random: inout Randomness) {
        guard frames[0].count == Header.byteCount else { return }
        let fields = [
            (5, 1), (6, 1), (7, 1), (8, 4), (12, 4), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8), (56, 4),
        ]
        let (offset, byteCount) =
            random.once(in: 12) ? (random.below(Header.byteCount), 1) : random.pick(fields)
        let isTaken = random.once(in: 2) && other.frames[0].count == Header.byteCount
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

extension RawSpan {
    /// The bytes as an array.
    fileprivate var copied: [UInt8] {
        var message = Message(reservingFrames: 1)
        message.append(self)
        return message.bytes(at: 0)
    }
}
