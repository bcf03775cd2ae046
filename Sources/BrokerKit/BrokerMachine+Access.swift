import Keys
import Protocol
import ZMQ

// What a key may say; without keys, all of it.
extension BrokerMachine {
    /// Why a hello may not be said under a key; `nil` where it may.
    func objection(to hello: Hello, by credential: Credential?) -> Failure? {
        if let credential {
            let mayBe: PeerRole = credential.role == .worker ? .worker : .trainer
            guard hello.role == mayBe else {
                return Failure(
                    .notPermitted,
                    "the key is that of \(credential.name), \(credential.role.rawValue), and says hello as a "
                        + "\(hello.role)")
            }
            guard hello.role == .trainer || hello.name == credential.name else {
                return Failure(
                    .notPermitted,
                    "the key is that of worker \(credential.name), and says hello as \(LogText.printable(hello.name))"
                )
            }
        }
        let party = roster.party(of: hello.session)
        guard party != .unknown, presence(of: party).credential?.key != credential?.key else { return nil }
        return Failure(.notPermitted, "session \(hello.session) was introduced under another key")
    }

    /// Ties a session that was just welcomed to the key that introduced it.
    mutating func tie(_ session: SessionID, to credential: Credential) {
        let party = roster.party(of: session)
        modify(party) { presence in
            presence.credential = credential
            presence.label = LogText.printable(credential.name)
        }
        // What was on its way by an earlier connection may be lost.
        if case .worker(let worker) = party { roster.workers[worker].knownOwners.removeAll() }
    }

    /// Whether a trainer may submit jobs.
    func maySubmit(_ trainer: Int32) -> Bool { roster.trainers[trainer].presence.credential?.role != .admin }

    /// Refuses what an admin's key submits.
    mutating func refuseSubmit(_ header: Header, from trainer: Int32, _ actions: inout [Action]) {
        counters.unexpected += 1
        let text =
            "the key of \(roster.trainers[trainer].presence.label) is an admin's, which submits no jobs"
        tell(trainer, header.job, attempt: header.attempt, Failure(.notPermitted, text), &actions)
    }

    /// Says who is behind a trainer's dispatches, before the first that a worker gets on a connection.
    mutating func introduce(_ trainer: Int32, to worker: Int32, at peer: PeerID, _ actions: inout [Action]) {
        guard let credential = roster.trainers[trainer].presence.credential else { return }
        let owner = roster.trainers[trainer].owner
        // Trainers come and go: to forget whom a worker knows costs saying it again.
        if roster.workers[worker].knownOwners.count >= BrokerLimits.knownOwnersMaximum {
            roster.workers[worker].knownOwners.removeAll()
        }
        guard roster.workers[worker].knownOwners.insert(owner).inserted else { return }
        actions.append(
            .owner(
                to: peer, Header(.owner, job: .none, attempt: 0, epoch: epoch),
                OwnerDescription(owner: owner, key: credential.key.bytes, name: credential.name)))
    }

    /// Ends the sessions of keys that are let in no more.
    mutating func revoke(_ keys: Set<CurvePublicKey>, _ actions: inout [Action]) {
        let failure = Failure(.notPermitted, "the key was revoked")
        for worker in roster.workers.numbers where roster.workers.isTaken(worker) {
            let presence = roster.workers[worker].presence
            guard let key = presence.credential?.key, keys.contains(key) else { continue }
            if let peer = presence.peer { refuse(peer, failure, &actions) }
            lose(worker: worker, "its key was revoked", &actions)
        }
        for trainer in roster.trainers.numbers where roster.trainers.isTaken(trainer) {
            let presence = roster.trainers[trainer].presence
            guard let key = presence.credential?.key, keys.contains(key) else { continue }
            if let peer = presence.peer { refuse(peer, failure, &actions) }
            lose(trainer: trainer, "its key was revoked", &actions)
        }
    }

    private func refuse(_ peer: PeerID, _ failure: Failure, _ actions: inout [Action]) {
        actions.append(.fail(to: peer, Header(.refused, job: .none, attempt: 0, epoch: epoch), failure))
    }
}
