import Ground
package import Protocol

/// One side of a connection that keeps to the protocol, for peers and brokers that tests speak through.
///
/// It offers what is attached to what it says, hands it out when asked, asks for what is attached to what it hears,
/// and tells what it has heard.
package struct Correspondence: Sendable {
    /// What was heard, all of it.
    package struct Heard: Sendable {
        package var header: Header
        /// The body, where the command has one, then the tensors.
        package var frames: [[UInt8]]
        package var command: Command { header.command }
        package var body: [UInt8] { command.hasBody ? frames.first ?? [] : [] }
        package var tensors: [[UInt8]] { command.hasBody ? Array(frames.dropFirst()) : [] }
        /// The body of a `failed` or `refused`.
        package var failure: Failure? { try? Failure(decoding: body) }
    }

    private struct Arrival: Sendable {
        var heard: Heard
        var parts: [[UInt8]]
        let lengths: [Int]
    }

    private var line = Line()
    private var offers: [JobID: [[UInt8]]] = [:]
    private var arrivals: [JobID: Arrival] = [:]

    /// A new connection.
    package init() {}

    /// A frame that says something; one small tensor travels inline, others are attached.
    package mutating func frame(_ header: Header, body: [UInt8] = [], tensors: [[UInt8]] = []) -> [UInt8] {
        var (frame, header, body, attached): ([UInt8], Header, [UInt8], [[UInt8]]) = ([], header, body, [])
        if header.command.mayCarryTensors, body.count > header.command.bodyByteCountMaximum {
            header.flags.insert(.bodyIsAttached)
            attached.append(body)
            body = []
        }
        let first = tensors.first.flatMap { 1...ProtocolLimits.inlineByteCountMaximum ~= $0.count ? $0 : nil }
        attached += tensors.dropFirst(first == nil ? 0 : 1)
        if !attached.isEmpty { offers[header.job] = attached }
        frame.append(
            header, heard: taken(), attachments: attached.map { Attachment(byteCount: $0.count) },
            body: body, inline: first ?? [])
        return frame
    }

    /// Takes a frame: what it says, and frames to say in turn.
    package mutating func take(_ frame: [UInt8]) -> (heard: [Heard], replies: [[UInt8]]) {
        line.receive(frame.count)
        var (heard, replies, offset): ([Heard], [[UInt8]], Int) = ([], [], 0)
        while offset < frame.count, let record = try? Record(decoding: frame.span, at: offset) {
            offset = record.end
            take(record, frame, &heard, &replies)
        }
        if line.owesWord {
            var word: [UInt8] = []
            word.append(Header(.heard), heard: taken())
            replies.append(word)
        }
        return (heard, replies)
    }

    private mutating func take(
        _ record: Record, _ frame: [UInt8], _ heard: inout [Heard], _ replies: inout [[UInt8]]
    ) {
        let header = record.header
        switch header.command {
        case .heard:
            break
        case .want:
            guard let extent = try? Extent(decoding: frame.span.extracting(record.body)),
                let offer = offers[header.job], extent.attachment < offer.count
            else { return }
            replies += pieces(of: offer[extent.attachment], extent, header)
        case .piece:
            guard let extent = try? Extent(decoding: frame.span.extracting(record.body)) else { return }
            arrivals[header.job]?.parts[extent.attachment] += frame[record.inline]
            finish(header.job, &heard, &replies)
        default:
            take(Heard(header: header, frames: parts(of: record, frame)), record, &heard, &replies)
        }
    }

    private func parts(of record: Record, _ frame: [UInt8]) -> [[UInt8]] {
        guard record.header.command.hasBody else { return [] }
        let body = record.header.flags.contains(.bodyIsAttached) ? [] : [Array(frame[record.body])]
        return body + (record.inline.isEmpty ? [] : [Array(frame[record.inline])])
    }

    private mutating func take(
        _ message: Heard, _ record: Record, _ heard: inout [Heard], _ replies: inout [[UInt8]]
    ) {
        guard !record.attachments.isEmpty else { return heard.append(message) }
        let header = record.header
        arrivals[header.job] = Arrival(
            heard: message, parts: record.attachments.map { _ in [] },
            lengths: record.attachments.map(\.byteCount))
        for (index, attachment) in record.attachments.enumerated() where attachment.byteCount > 0 {
            var want: [UInt8] = []
            want.append(
                Header(.want, job: header.job, attempt: header.attempt, epoch: header.epoch),
                heard: taken(),
                body: Extent(attachment: index, from: 0, to: attachment.byteCount).bytes)
            replies.append(want)
        }
        finish(header.job, &heard, &replies)
    }

    /// What has come, as it is said in something that is sent at once.
    private mutating func taken() -> UInt32 {
        line.tell()
        return line.word
    }

    private mutating func finish(_ job: JobID, _ heard: inout [Heard], _ replies: inout [[UInt8]]) {
        guard let arrival = arrivals[job], arrival.parts.map(\.count) == arrival.lengths else { return }
        arrivals[job] = nil
        var message = arrival.heard
        message.frames += arrival.parts
        // The body comes before what is inline.
        if message.header.flags.contains(.bodyIsAttached), !arrival.heard.frames.isEmpty {
            message.frames = [arrival.parts[0]] + arrival.heard.frames + arrival.parts.dropFirst()
        }
        heard.append(message)
        guard message.command == .result else { return }
        let header = message.header
        var received: [UInt8] = []
        received.append(
            Header(.received, job: job, attempt: header.attempt, epoch: header.epoch), heard: taken())
        replies.append(received)
    }

    private mutating func pieces(of bytes: [UInt8], _ extent: Extent, _ header: Header) -> [[UInt8]] {
        stride(from: extent.from, to: extent.to, by: ProtocolLimits.pieceByteCountMaximum).map { from in
            let to = min(extent.to, from + ProtocolLimits.pieceByteCountMaximum)
            let piece = Header(.piece, job: header.job, attempt: header.attempt, epoch: header.epoch)
            let head = piece.pieceHead(
                Extent(attachment: extent.attachment, from: from, to: to), heard: taken())
            return head + bytes[from..<to]
        }
    }
}

extension Header {
    /// A frame of one record.
    package func frame(_ body: [UInt8] = [], inline: [UInt8] = []) -> [UInt8] {
        var frame: [UInt8] = []
        frame.append(self, body: body, inline: inline)
        return frame
    }
}
