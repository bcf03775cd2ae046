import Protocol

// How a job goes on from one worker to another.
extension BrokerMachine {
    /// A worker has done its part of a job: another one keeps what came out, and answers.
    ///
    /// The destination gets it even if it drains or is full: it may have done it before, and says so itself
    /// if it has not and will not.
    mutating func transfer(
        _ header: Header, _ attachments: [Attachment], from worker: Int32, _ actions: inout [Action]
    ) {
        guard let slot = current(header, of: worker, &actions) else {
            return decline(attachments, of: header, from: worker, &actions)
        }
        guard let destination = destination(of: slot, header, from: worker, &actions) else {
            return decline(attachments, of: header, from: worker, &actions)
        }
        counters.transferred += 1
        jobs[slot].source = roster.workers[worker].presence.session
        dropFlows(of: slot, &actions)
        jobs[slot].attachments = attachments
        jobs[slot].bodyIsAttached = header.flags.contains(.bodyIsAttached)
        dispatch(slot, to: destination, flags: .transferred, &actions)
    }

    /// The worker a job is transferred to; where there is none, or the transfer is none, the job is over.
    private mutating func destination(
        of slot: Int32, _ header: Header, from worker: Int32, _ actions: inout [Action]
    ) -> Int32? {
        if let reason = objection(to: header, of: slot, from: worker) {
            refuse(slot, reason, from: worker, &actions)
            return nil
        }
        guard case .worker(let destination) = roster.party(of: header.target) else {
            let text = "no worker has session \(header.target), to which the job was to be transferred"
            end(slot, Failure(.noWorker, text), &actions)
            return nil
        }
        guard roster.workers[destination].presence.peer != nil else {
            let label = roster.workers[destination].presence.label
            let text = "worker \(label), to which the job was to be transferred, is missing"
            end(slot, Failure(.noWorker, text), &actions)
            return nil
        }
        return destination
    }

    /// What is wrong with a transfer, whoever it goes to.
    private func objection(to header: Header, of slot: Int32, from worker: Int32) -> String? {
        if jobs[slot].stage == .transferred { return "the job was transferred before" }
        if header.target == roster.workers[worker].presence.session { return "it has the job itself" }
        // Another holder of the shard could be the destination, and be sent the trainer's body.
        if !jobs[slot].targetsSession { return "the job was sent to a shard, not to a session" }
        return nil
    }

    private mutating func refuse(
        _ slot: Int32, _ reason: String, from worker: Int32, _ actions: inout [Action]
    ) {
        counters.unexpected += 1
        let label = roster.workers[worker].presence.label
        logNoise("dropped a transfer from \(label): \(reason)", .warning, &actions)
        let text = "worker \(label) transferred the job, which it may not: \(reason)"
        end(slot, Failure(.malformed, text), &actions)
    }
}
