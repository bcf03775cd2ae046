import Protocol

// What time brings.
extension BrokerMachine {
    /// Looks after silence, missing workers, heartbeats and deadlines.
    ///
    /// - Complexity: O(sessions + jobs whose deadline is near).
    mutating func tick(_ actions: inout [Action]) {
        if now - tickedAt >= BrokerLimits.sleepMilliseconds { awakeAt = now }
        tickedAt = now
        for worker in roster.workers.numbers where roster.workers.isTaken(worker) {
            let presence = roster.workers[worker].presence
            if let reason = lossReason(presence, isMissedAfter: BrokerLimits.reconnectGraceMilliseconds) {
                lose(worker: worker, reason, &actions)
                continue
            }
            if silence(of: presence) > BrokerLimits.torpidMilliseconds { doze(worker, &actions) }
            if isHeartbeatDue(presence) { send(Header(.heartbeat), toWorker: worker, &actions) }
        }
        for trainer in roster.trainers.numbers where roster.trainers.isTaken(trainer) {
            let presence = roster.trainers[trainer].presence
            if let reason = lossReason(presence, isMissedAfter: ProtocolLimits.silenceMilliseconds) {
                lose(trainer: trainer, reason, &actions)
            } else if isHeartbeatDue(presence) {
                send(Header(.heartbeat), toTrainer: trainer, &actions)
            }
        }
        expireJobs(&actions)
    }

    private func lossReason(_ presence: Presence, isMissedAfter grace: Int64) -> String? {
        if let since = presence.missingSince {
            let missing = now - max(since, awakeAt)
            return missing >= grace ? "its connection broke and it did not come back within \(grace) ms" : nil
        }
        let silence = silence(of: presence)
        return silence > ProtocolLimits.silenceMilliseconds ? "it was silent for \(silence) ms" : nil
    }

    private func silence(of presence: Presence) -> Int64 { now - max(presence.heardAt, awakeAt) }

    private func isHeartbeatDue(_ presence: Presence) -> Bool {
        now - presence.sentAt >= ProtocolLimits.heartbeatMilliseconds
    }

    /// Closes a job that its trainer was asked for and did not send: it does not want it, or will open it anew; or
    /// whose answer a trainer that came back did not ask for.
    ///
    /// One that waits for a missing worker was not asked for yet, and is once that worker is back or lost. And a
    /// trainer may have sent what a broker that slept has yet to read.
    private mutating func giveUp(_ slot: Int32, _ actions: inout [Action]) {
        let isAnswered = jobs[slot].stage == .answered
        let wasAsked = isAnswered || jobs.worker(of: slot) == nil
        guard wasAsked, now - awakeAt >= ProtocolLimits.silenceMilliseconds else {
            return jobs.setExpiry(
                min(jobs[slot].deadline, now + ProtocolLimits.silenceMilliseconds), of: slot)
        }
        if isAnswered {
            counters.finished += 1
            dischargeWorker(of: slot, &actions)
        }
        close(slot, &actions)
    }

    private mutating func expireJobs(_ actions: inout [Action]) {
        jobs.takeExpired(at: now, into: &expired)
        for slot in expired {
            let record = jobs[slot]
            guard record.deadline <= now else {
                giveUp(slot, &actions)
                continue
            }
            let worker = record.stage == .waiting ? nil : jobs.worker(of: slot)
            let whereabouts = worker.map { " at worker \(roster.workers[$0].presence.label)" } ?? ""
            cancelAtWorker(slot, &actions)
            let text =
                "the job took longer than the \(record.deadlineMilliseconds) ms it was given\(whereabouts)"
            end(slot, Failure(.deadlineExceeded, text), &actions)
        }
        expired.removeAll(keepingCapacity: true)
    }
}
