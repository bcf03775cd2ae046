import Protocol

// Messages that cannot be passed on, but that somebody waits for.
extension BrokerMachine {
    /// Fails the job a damaged message was about, so that nobody waits for ever; others are dropped.
    mutating func answer(
        damaged header: Header, _ error: ProtocolError, from peer: PeerID, _ actions: inout [Action]
    ) {
        counters.garbage += 1
        let party = roster.party(of: peer)
        let label = party == .unknown ? "a stranger" : presence(of: party).label
        logNoise("dropped a \(header.command) from \(label): \(error)", .warning, &actions)
        guard header.epoch == epoch else { return }
        modify(party) { [now] presence in presence.heardAt = now }
        switch (party, header.command) {
        case (.trainer(let trainer), .submit):
            refuse(
                header, Failure(error.code, "the job cannot be passed on: \(error)"), to: trainer, &actions)
        case (.worker(let worker), .result), (.worker(let worker), .failed), (.worker(let worker), .transfer):
            guard let slot = current(header, of: worker, &actions) else { return }
            let text = "worker \(label) answered with a \(header.command) that cannot be passed on: \(error)"
            end(slot, Failure(error.code, text), &actions)
        default:
            break
        }
    }

    /// Tells a trainer that what it submitted is none; if the job is open, it is over.
    private mutating func refuse(
        _ header: Header, _ failure: Failure, to trainer: Int32, _ actions: inout [Action]
    ) {
        guard header.job != .none else { return }
        if let slot = jobs.slot(of: header.job), jobs[slot].trainer == trainer {
            cancelAtWorker(slot, &actions)
            close(slot, &actions)
        }
        tell(trainer, header.job, attempt: header.attempt, failure, &actions)
    }
}
