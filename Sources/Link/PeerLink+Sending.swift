package import Ground
package import Protocol
import ZMQ

extension PeerLink {
    /// Sends a record, or drops it while there is no broker.
    ///
    /// The header's epoch is filled in. Large tensors stay here until they are asked for, and are shared, not copied.
    ///
    /// - Parameter names: of tensors that other jobs may need as well; `nil` for those of this one alone.
    /// - Throws: `Failure` with code `limitExceeded` for what the other side would not take; nothing was sent.
    @discardableResult
    package mutating func send(
        _ header: Header, body: [UInt8] = [], frames: [TensorFrame] = [],
        names: (Storage) -> ContentName? = { _ in nil }
    ) throws(Failure) -> Delivery {
        let bodyLimit =
            header.command.mayCarryTensors
            ? ProtocolLimits.attachedBodyByteCountMaximum : ProtocolLimits.bodyByteCountMaximum
        try check("a body", body.count, bodyLimit)
        for frame in frames {
            try check("a tensor", frame.byteCount, ProtocolLimits.attachmentByteCountMaximum)
        }
        var record = OutgoingRecord(header, body: body, frames: frames, names: names)
        guard record.attachments.count <= ProtocolLimits.attachmentsMaximum else {
            throw Failure(
                .limitExceeded,
                "a message has \(record.attachments.count) attachments, the limit is "
                    + "\(ProtocolLimits.attachmentsMaximum)")
        }
        guard isReady else {
            statistics.messagesUnsent += 1
            return .dropped
        }
        guard outbox.byteCount <= LinkLimits.waitingByteCountMaximum else {
            isOverflowing = !repeatsDropped
            statistics.messagesUnsent += 1
            return .dropped
        }
        record.header.epoch = epoch
        outbox.append(
            record.header, attachments: record.attachments, body: record.body, inline: record.inline)
        supply(record)
        statistics.messagesSent += 1
        scheduleFlush()
        return .accepted
    }

    /// Keeps what the other side may ask for, in place of what belonged to an earlier attempt.
    private mutating func supply(_ record: OutgoingRecord) {
        let header = record.header
        if !record.parts.isEmpty {
            supplies.offer(record.parts, of: header.job, attempt: header.attempt)
        } else if header.command.mayCarryTensors || header.command == .cancel {
            supplies.withdraw(header.job)
        }
        guard header.command == .cancel else { return }
        // Its caller has an answer: what is on its way for it has nobody to come to.
        arrivals.drop(header.job, &arrivalEvents)
        arrivalEvents.removeAll()
    }

    /// Sends what waits, as far as the line has room.
    package mutating func flush() {
        isFlushComing = false
        let now = loop.now()
        while let frame = outbox.takeFrame() {
            guard attempt(frame, at: now) != .full else {
                outbox.putBack(frame)
                return awaitRoom()
            }
        }
        while let room = outbox.pieceRoom, let piece = supplies.nextPiece(byteCountMaximum: room) {
            guard attempt(piece, at: now) != .full else {
                supplies.putBack(piece)
                return awaitRoom()
            }
        }
        if outbox.line.owesWord { sendNow(Header(.heard)) }
    }

    /// Sends a record of the session itself, before all that waits; one that does not fit is dropped, for the machine
    /// repeats them.
    mutating func sendNow(_ header: Header, body: [UInt8] = []) {
        var (header, body) = (header, body)
        header.epoch = header.command == .hello ? 0 : epoch
        header.deflate(&body)
        var frame: [UInt8] = []
        frame.append(header, heard: outbox.line.word, body: body)
        if attempt(frame, at: loop.now()) == .sent { statistics.messagesSent += 1 }
    }

    private mutating func attempt(_ frame: [UInt8], at now: Int64) -> SendOutcome {
        var message = Message(reservingFrames: 1)
        message.append(frame)
        return attempt(&message, at: now)
    }

    private mutating func attempt(_ piece: Supplies.Piece, at now: Int64) -> SendOutcome {
        let header = Header(.piece, job: piece.job, attempt: piece.attempt, epoch: epoch)
        let head = header.pieceHead(piece.extent, heard: outbox.line.word)
        let range = piece.extent.from..<piece.extent.to
        var message = Message(reservingFrames: 1)
        switch piece.part {
        case .packed(let bytes): bytes.withBytes { message.append(head, $0.extracting(range)) }
        case .whole(let storage): storage.withBytes { message.append(head, $0.extracting(range)) }
        }
        return attempt(&message, at: now)
    }

    private mutating func attempt(_ message: inout Message, at now: Int64) -> SendOutcome {
        guard let socket else { return .unreachable }
        let byteCount = message.totalByteCount
        let outcome = loop.send(&message, on: socket)
        switch outcome {
        case .sent:
            outbox.line.send(byteCount, at: now)
            statistics.bytesSent += UInt64(byteCount)
            hasSent = true
        case .unreachable, .lost:
            statistics.messagesUnsent += 1
        case .full:
            break
        }
        return outcome
    }

    private func check(_ what: String, _ byteCount: Int, _ limit: Int) throws(Failure) {
        guard byteCount <= limit else {
            throw Failure(.limitExceeded, "\(what) has \(byteCount) bytes, the limit is \(limit)")
        }
    }
}
