import Protocol

// Between alive and gone: a worker of which nothing is heard keeps what it runs, and gets nothing new.
extension BrokerMachine {
    /// A peer has given a sign of life.
    mutating func hear(_ party: Roster.Party, _ actions: inout [Action]) {
        switch party {
        case .unknown:
            break
        case .worker(let worker):
            roster.workers[worker].presence.heardAt = now
            if roster.workers[worker].isTorpid { wake(worker, &actions) }
        case .trainer(let trainer):
            roster.trainers[trainer].presence.heardAt = now
        }
    }

    /// Nothing was heard of a worker for a while: what it has not begun goes to others that are awake.
    mutating func doze(_ worker: Int32, _ actions: inout [Action]) {
        guard !roster.workers[worker].isTorpid, roster.workers[worker].presence.peer != nil else { return }
        roster.workers[worker].isTorpid = true
        change(worker)
        let label = roster.workers[worker].presence.label
        let reason = "nothing was heard of it for \(now - roster.workers[worker].presence.heardAt) ms"
        logSession("worker \(label) is torpid: \(reason)", .info, &actions)
        var next = jobs.first(ofWorker: worker)
        while let slot = next {
            next = jobs.nextOfWorker(after: slot)
            guard jobs[slot].stage == .dispatched, !jobs[slot].isStarted,
                case .worker = choose(for: jobs[slot], without: worker)
            else { continue }
            jobs[slot].history.append("\(label): \(reason)")
            cancelAtWorker(slot, &actions)
            _ = passOn(slot, because: .torpid, &actions)
        }
    }

    /// A torpid worker has said something: jobs that waited for it are asked for.
    private mutating func wake(_ worker: Int32, _ actions: inout [Action]) {
        roster.workers[worker].isTorpid = false
        change(worker)
        let label = roster.workers[worker].presence.label
        logSession("worker \(label) is awake again", .info, &actions)
        var next = jobs.first(ofWorker: worker)
        while let slot = next {
            next = jobs.nextOfWorker(after: slot)
            if jobs[slot].stage == .waiting { resend(slot, because: .awake, &actions) }
        }
    }
}
