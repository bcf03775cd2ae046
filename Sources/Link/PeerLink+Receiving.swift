import Ground
package import Protocol
package import ZMQ

extension PeerLink {
    /// Takes a message off the socket; what is not the session's own business is added to the events.
    package mutating func receive(
        _ message: borrowing Message, _ events: inout [LinkEvent], hello: () -> Hello
    ) {
        // The owner flushes at the end of a turn in which something came.
        isFlushComing = true
        outbox.line.receive(message.totalByteCount)
        statistics.bytesReceived += UInt64(message.totalByteCount)
        let now = loop.now()
        message.withFrame(0) { frame in
            let bytes = Span<UInt8>(_bytes: frame)
            var offset = 0
            repeat {
                do throws(RecordFault) {
                    let record = try Record(decoding: bytes, at: offset)
                    offset = record.end
                    outbox.line.hear(record.heard, at: now)
                    take(record, frame, &events, hello)
                } catch {
                    // Where the next record begins nobody knows.
                    return take(error, &events, hello)
                }
            } while offset < bytes.count
        }
    }

    /// Takes what is left of a message beyond the limits.
    package mutating func receive(_ head: MessageHead, _ events: inout [LinkEvent]) {
        statistics.messagesDropped += 1
        let error: ProtocolError =
            switch head.excess {
            case .frames(let count): .limitExceeded(what: "the number of frames read", got: count, limit: 1)
            case .bytes(let count):
                .limitExceeded(
                    what: "the number of bytes read", got: count, limit: ProtocolLimits.frameByteCountMaximum)
            }
        if let event = note({ "a message from \($0) was dropped: \(error)" }) { events.append(event) }
    }

    /// A text for the log about a message of the broker that makes no sense, unless there was one just now.
    package mutating func notice(_ text: (_ endpoint: String) -> String) -> LinkEvent? { note(text) }

    /// A record that somebody waits for is not dropped without a word.
    private mutating func take(_ fault: RecordFault, _ events: inout [LinkEvent], _ hello: () -> Hello) {
        statistics.messagesDropped += 1
        let error = fault.error
        if case .unsupportedVersion = error, !isReady {
            let event = handle(.refused(Failure(.versionUnsupported, "\(error)")), hello: hello)
            if let event { events.append(event) }
        } else if let header = fault.header, header.command.isAwaited, header.epoch == epoch, epoch != 0,
            header.command.direction != .toBroker
        {
            hasHeard = true
            events.append(
                .damaged(header, Failure(error.code, "a \(header.command) cannot be used: \(error)")))
        } else if let event = note({ "a message from \($0) was dropped: \(error)" }) {
            events.append(event)
        }
    }

    private mutating func take(
        _ record: Record, _ frame: RawSpan, _ events: inout [LinkEvent], _ hello: () -> Hello
    ) {
        do throws(ProtocolError) {
            guard record.header.command.direction != .toBroker else {
                throw .unexpectedCommand(record.header.command)
            }
            let event = try take(record.header, record, frame, &events, hello)
            statistics.messagesReceived += 1
            if let event { events.append(event) }
        } catch {
            take(RecordFault(header: nil, error: error), &events, hello)
        }
    }

    private mutating func take(
        _ header: Header, _ record: Record, _ frame: RawSpan, _ events: inout [LinkEvent],
        _ hello: () -> Hello
    ) throws(ProtocolError) -> LinkEvent? {
        switch header.command {
        case .welcome:
            let welcome = try Welcome(decoding: record.body(of: frame))
            guard header.epoch != 0 else {
                throw .malformed("a welcome to run 0 of the broker, which there is not")
            }
            return handle(.welcomed(welcome, epoch: header.epoch), hello: hello)
        case .refused:
            return handle(.refused(try Failure(decoding: record.body(of: frame))), hello: hello)
        case .reset:
            // Every message on its way to a broker that has forgotten us brings one; the first hello answers
            // them all.
            return handle(isHelloOpen ? .heard : .reset, hello: hello)
        case .goodbye:
            let goodbye = try Goodbye(decoding: record.body(of: frame))
            guard case .lost = handle(.disconnected, hello: hello) else { return nil }
            return .lost(reason: "the broker said goodbye: \(goodbye.reason)")
        case .heartbeat, .heard:
            return handle(.heard, hello: hello)
        default:
            guard header.epoch == epoch, epoch != 0 else {
                throw .malformed("\(header.command) of another run of the broker")
            }
            hasHeard = true
            try take(record, frame, &events)
            return nil
        }
    }

    /// Takes what is about jobs or the catalogue.
    private mutating func take(
        _ record: Record, _ frame: RawSpan, _ events: inout [LinkEvent]
    ) throws(ProtocolError) {
        let header = record.header
        switch header.command {
        case .want:
            let extent = try record.extent(of: frame)
            if supplies.order(extent, of: header.job, attempt: header.attempt) {
                events.append(.moved(header.job))
            } else {
                reply(.gone, to: header, extent)
            }
        case .piece:
            let extent = try record.extent(of: frame)
            let isExpected = arrivals.take(
                extent, of: header.job, attempt: header.attempt, frame.extracting(record.inline),
                &arrivalEvents)
            if !isExpected { statistics.messagesDropped += 1 }
            events.append(.moved(header.job))
            takeArrivals(&events)
        case .gone, .cancel:
            arrivals.drop(header.job, &arrivalEvents)
            takeArrivals(&events)
            if header.command == .cancel {
                supplies.withdraw(header.job)
                events.append(.received(Incoming(header: header)))
            }
        case .received:
            if supplies.withdraw(header.job, attempt: header.attempt) { events.append(.settled(header.job)) }
        default:
            let inline = record.inline.isEmpty ? nil : Storage(copying: frame.extracting(record.inline))
            let body = try record.controlBody(of: frame)
            guard record.attachments.isEmpty else {
                arrivals.begin(header, record.attachments, body: body, inline: inline, &arrivalEvents)
                return takeArrivals(&events)
            }
            events.append(.received(Incoming(header: header, body: body, frames: inline.map { [$0] } ?? [])))
            settle(header)
        }
    }

    /// Says how many bytes of what has come wait at the owner: as much less is asked for.
    package mutating func hold(_ byteCount: Int, _ events: inout [LinkEvent]) {
        arrivals.hold(byteCount, &arrivalEvents)
        takeArrivals(&events)
    }

    /// Does what the arrivals say.
    private mutating func takeArrivals(_ events: inout [LinkEvent]) {
        guard !arrivalEvents.isEmpty else { return }
        var done: [Arrivals.Event] = []
        swap(&done, &arrivalEvents)
        for event in done {
            switch event {
            case .want(let header, let extent):
                reply(.want, to: header, extent)
            case .complete(let message):
                let header = message.header
                if header.command == .result {
                    append(Header(.received, job: header.job, attempt: header.attempt, epoch: epoch))
                }
                events.append(.received(message))
                settle(header)
            case .refused(let header, let error):
                events.append(
                    .damaged(header, Failure(error.code, "a \(header.command) cannot be used: \(error)")))
            }
        }
        done.removeAll(keepingCapacity: true)
        if arrivalEvents.isEmpty { swap(&done, &arrivalEvents) }
    }

    /// An answer ends the need for what was sent with the question.
    private mutating func settle(_ header: Header) {
        guard header.command == .result || header.command == .failed else { return }
        supplies.withdraw(header.job, attempt: header.attempt)
    }

    private mutating func reply(_ command: Command, to header: Header, _ extent: Extent) {
        append(
            Header(command, job: header.job, attempt: header.attempt, epoch: epoch), body: extent.bytes)
    }

    private mutating func append(_ header: Header, body: [UInt8] = []) {
        outbox.append(header, body: body)
        statistics.messagesSent += 1
        scheduleFlush()
    }
}
