import Ground
import Protocol

/// A record to be sent: what travels with it, and what when it is asked for.
struct OutgoingRecord: Sendable {
    var header: Header
    private(set) var body: [UInt8]
    private(set) var inline: [UInt8] = []
    /// What is attached, in order.
    private(set) var parts: [TensorFrame] = []
    private(set) var attachments: [Attachment] = []

    /// Sorts body and tensors by their size.
    ///
    /// - Parameter names: of the tensors' bytes that others may need as well; of those that have none, `nil`.
    init(
        _ header: Header, body: [UInt8], frames: [TensorFrame],
        names: (Storage) -> ContentName? = { _ in nil }
    ) {
        self.header = header
        self.body = body
        if body.count > header.command.bodyByteCountMaximum, header.command.mayCarryTensors {
            self.header.flags.insert(.bodyIsAttached)
            self.body = []
            attach(.packed(body), nil)
        }
        for (index, frame) in frames.enumerated() {
            switch frame {
            case .packed(let bytes) where index == 0 && bytes.count <= ProtocolLimits.inlineByteCountMaximum:
                // Tensors without elements lie in a frame as well.
                inline = bytes.isEmpty ? [UInt8](repeating: 0, count: 8) : bytes
            case .packed: attach(frame, nil)
            case .whole(let storage): attach(frame, names(storage))
            }
        }
    }

    private mutating func attach(_ part: TensorFrame, _ name: ContentName?) {
        parts.append(part)
        attachments.append(Attachment(byteCount: part.byteCount, name: name))
    }
}
