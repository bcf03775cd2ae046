internal import CZMQ

extension Loop {
    /// How long a ROUTER with parked messages sleeps at most: a signal that a failed attempt swallowed costs
    /// no more.
    private static let parkedMilliseconds: Int64 = 1

    /// One turn of the loop.
    func turn(_ core: LoopCore) {
        runTimers(core)
        poll(core)
        // Straight after sleeping: draining is what tells the mailbox that the loop is awake.
        mailbox.drain(into: &core.items)
        // Before anything that sends: to know whether a ROUTER can be read, libzmq has already taken the first
        // frames of a message, and a pipe that ends before the rest is read aborts the process (libzmq issue 3485).
        receive(core)
        runMailbox(core)
        resumeSenders(core)
        endTurn(core)
    }

    /// Runs what was in the mailbox when the loop woke; what that adds waits for the next turn.
    private func runMailbox(_ core: LoopCore) {
        var items: [Mailbox.Item] = []
        swap(&items, &core.items)
        for item in items { run(item) }
        items.removeAll(keepingCapacity: true)
        swap(&items, &core.items)
    }

    /// Runs the timers that are due now.
    private func runTimers(_ core: LoopCore) {
        guard core.timers.count > 0 else { return }
        let (now, limit) = (now(), core.timers.upcoming)
        while let body = core.timers.popDue(at: now, before: limit) { body() }
    }

    /// Waits for sockets, the mailbox or the next timer.
    private func poll(_ core: LoopCore) {
        if core.isPollStale { rebuildPoll(core) }
        let timeout = mailbox.prepareToSleep() ? sleepMilliseconds(core) : 0
        let result = unsafe Libzmq.poll(&core.pollItems, timeoutMilliseconds: timeout)
        precondition(result >= 0, "zmq_poll: \(ZMQError.Code(rawValue: -result))")
        if unsafe core.pollItems[0].revents != 0 { wakeUp.clear() }
    }

    private func rebuildPoll(_ core: LoopCore) {
        do {
            try core.rebuildPoll(wakeUpDescriptor: wakeUp.descriptor)
        } catch {
            preconditionFailure("an open socket has no descriptor: \(error)")
        }
    }

    /// How long to sleep; -1 is until something happens.
    private func sleepMilliseconds(_ core: LoopCore) -> Int {
        var sleep: Int64 = -1
        if let deadline = core.timers.nextDeadline() { sleep = max(0, deadline - now()) }
        let isParked = core.pollTargets.contains { target in if case .signal = target { true } else { false }
        }
        if isParked { sleep = sleep < 0 ? Self.parkedMilliseconds : min(sleep, Self.parkedMilliseconds) }
        return Int(clamping: min(sleep, Int64(Int32.max)))
    }

    /// Hands on the messages of every socket that has some.
    private func receive(_ core: LoopCore) {
        for (index, target) in core.pollTargets.enumerated() {
            guard case .socket(let entry) = target else { continue }
            if unsafe Int32(core.pollItems[index].revents) & ZMQ_POLLIN != 0 { receive(entry) }
        }
    }

    /// Hands on up to `messagesPerTurn` messages of a socket; a closure may close it meanwhile.
    private func receive(_ entry: LoopSocket) {
        for _ in 0..<Self.messagesPerTurn {
            guard let handOn = entry.receive else { return }
            switch entry.socket.receive() {
            case .message(let message):
                if !entry.isMonitor {
                    counters.countReceived(frames: message.frameCount, bytes: message.totalByteCount)
                }
                entry.hasReceived = true
                handOn(message)
            case .tooLarge(let head):
                counters.countDropped()
                entry.hasReceived = true
                entry.tooLarge?(head)
            case .dropped: counters.countDropped()
            case .empty: return
            }
        }
    }

    /// Tells those who wait for room that there may be some.
    private func resumeSenders(_ core: LoopCore) {
        for (index, target) in core.pollTargets.enumerated() {
            guard case .socket(let entry) = target, let body = entry.onWritable else { continue }
            let mayWrite = unsafe Int32(core.pollItems[index].revents) & ZMQ_POLLOUT != 0
            guard entry.kind == .router || mayWrite else { continue }
            entry.onWritable = nil
            core.isPollStale = true
            body()
        }
    }

    /// Tells the owners of sockets that received that the turn is over.
    private func endTurn(_ core: LoopCore) {
        for target in core.pollTargets {
            guard case .socket(let entry) = target, entry.hasReceived else { continue }
            entry.hasReceived = false
            entry.endOfTurn?()
        }
    }
}
