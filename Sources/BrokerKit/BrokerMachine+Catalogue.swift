package import Protocol

// What there is.
extension BrokerMachine {
    /// Takes what a trainer knows and wants to know; all else of a query is that of any message.
    mutating func note(_ query: CatalogueQuery, of peer: PeerID) {
        guard case .trainer(let trainer) = roster.party(of: peer) else { return }
        roster.trainers[trainer].follows = query.follows
        roster.trainers[trainer].revision = query.revision
    }

    /// A trainer asks; it is answered at the end of the turn, once however often it asked.
    mutating func query(from trainer: Int32) {
        guard !roster.trainers[trainer].wantsCatalogue else { return }
        roster.trainers[trainer].wantsCatalogue = true
        querying.append(trainer)
    }

    /// A worker is there, with what it has now: the catalogue lists it.
    mutating func list(_ worker: Int32, insteadOf before: [DatasetDescription]) {
        count(roster.workers[worker].datasets, insteadOf: roster.workers[worker].isListed ? before : [])
        roster.workers[worker].isListed = true
        change(worker)
    }

    /// A worker is not there: the catalogue does not list it.
    mutating func unlist(_ worker: Int32) {
        guard roster.workers[worker].isListed else { return }
        roster.workers[worker].isListed = false
        count([], insteadOf: roster.workers[worker].datasets)
        catalogueLog.depart(roster.workers[worker].presence.session)
    }

    /// A worker is another than it was.
    mutating func change(_ worker: Int32) {
        let revision = catalogueLog.change()
        roster.workers[worker].changedAt = revision
    }

    private mutating func count(_ datasets: [DatasetDescription], insteadOf before: [DatasetDescription]) {
        for dataset in datasets {
            if schemas[dataset] == nil { schemas[dataset] = (0, catalogueLog.change()) }
            schemas[dataset]?.count += 1
        }
        for dataset in before {
            schemas[dataset]?.count -= 1
            if schemas[dataset]?.count == 0 { schemas[dataset] = nil }
        }
    }

    /// Tells those that asked, and where something has changed those that follow, what they do not know; not more often
    /// than they can take it.
    mutating func tellCatalogue(_ actions: inout [Action]) {
        let isDue = (catalogueLog.isPending || hasUntold) && catalogueGate.admit(at: now) != nil
        guard isDue || !querying.isEmpty else { return }
        catalogueLog.advance()
        var peers: [UInt64: [PeerID]] = [:]
        for trainer in roster.trainers.numbers where roster.trainers.isTaken(trainer) {
            let session = roster.trainers[trainer]
            let isNews = isDue && session.follows && session.revision < catalogueLog.revision
            guard isNews || session.wantsCatalogue else { continue }
            roster.trainers[trainer].wantsCatalogue = false
            guard let peer = session.presence.peer else { continue }
            roster.trainers[trainer].presence.sentAt = now
            roster.trainers[trainer].revision = catalogueLog.revision
            peers[session.revision, default: []].append(peer)
        }
        querying.removeAll(keepingCapacity: true)
        // A query that was answered early must not keep others from being told.
        hasUntold = !isDue
        for (known, peers) in peers.sorted(by: { $0.key < $1.key }) {
            let updates = self.updates(since: known)
            actions.append(
                .catalogue(to: peers, Header(.catalogue, job: .none, attempt: 0, epoch: epoch), updates))
        }
    }

    /// A trainer was not told after all.
    mutating func forgetTelling(_ peer: PeerID, since revision: UInt64) {
        guard case .trainer(let trainer) = roster.party(of: peer) else { return }
        roster.trainers[trainer].revision = revision
        hasUntold = true
    }

    /// What a trainer does not know that knows a revision, in parts.
    ///
    /// - Complexity: O(n log n) in the workers.
    private func updates(since known: UInt64) -> [CatalogueUpdate] {
        var update = CatalogueUpdate()
        update.revision = catalogueLog.revision
        update.catalogue.trainers = roster.trainers.count
        update.catalogue.queue = queue
        guard let departures = catalogueLog.departures(since: known) else {
            (update.catalogue.workers, update.catalogue.datasets) = listed { _ in true }
            return parts(of: update)
        }
        update.since = known
        // Who is back is not gone.
        update.gone = Array(Set(departures)).filter { !isListed($0) }
        (update.catalogue.workers, update.catalogue.datasets) = listed { $0 > known }
        return parts(of: update)
    }

    private func isListed(_ session: SessionID) -> Bool {
        guard case .worker(let worker) = roster.party(of: session) else { return false }
        return roster.workers[worker].isListed
    }

    /// Cuts what is long, so that heartbeats get through between.
    private func parts(of update: CatalogueUpdate) -> [CatalogueUpdate] {
        var parts: [CatalogueUpdate] = []
        var part = update
        part.catalogue.workers = []
        var byteCount = 0
        for worker in update.catalogue.workers {
            part.catalogue.workers.append(worker)
            byteCount += byteCountOfIntroduction(worker.session)
            guard byteCount >= BrokerLimits.catalogueByteCount else { continue }
            part.isPartial = true
            parts.append(part)
            part = CatalogueUpdate()
            (part.revision, part.since) = (update.revision, update.revision)
            (part.catalogue.trainers, part.catalogue.queue) = (
                update.catalogue.trainers, update.catalogue.queue
            )
            byteCount = 0
        }
        parts.append(part)
        return parts
    }

    private func byteCountOfIntroduction(_ session: SessionID) -> Int {
        guard case .worker(let worker) = roster.party(of: session) else { return 0 }
        return roster.workers[worker].announcedByteCount
    }

    /// The workers that are there, by name, their data sets, by name, and the counts.
    ///
    /// - Complexity: O(n log n) in the workers.
    package var catalogue: Catalogue {
        var catalogue = Catalogue()
        (catalogue.workers, catalogue.datasets) = listed { _ in true }
        catalogue.trainers = roster.trainers.count
        catalogue.queue = queue
        return catalogue
    }

    /// Workers that are there, and data sets, that changed with revisions of which something holds.
    private func listed(
        _ isWanted: (UInt64) -> Bool
    ) -> (workers: [WorkerDescription], datasets: [DatasetDescription]) {
        var workers: [WorkerDescription] = []
        var room = BrokerLimits.leftOutByteCountMaximum
        for worker in roster.workers.numbers where roster.workers.isTaken(worker) {
            let session = roster.workers[worker]
            guard isWanted(session.changedAt), session.isListed else { continue }
            let shards = listed(session, number: worker, room: &room)
            workers.append(description(of: session, shards, openJobs: jobs.count(ofWorker: worker)))
        }
        let datasets = schemas.filter { isWanted($0.value.changedAt) }.keys
        return (workers.sorted(by: Catalogue.isBefore), datasets.sorted(by: Catalogue.isBefore))
    }

    /// The counts peers may see.
    package var queue: QueueDescription {
        var queue = QueueDescription()
        queue.openJobs = jobs.count
        queue.finishedJobs = counters.finished
        queue.failedJobs = counters.failed
        queue.resentJobs = counters.resent
        queue.droppedMessages = counters.dropped
        queue.uptimeMilliseconds = now - startedAt
        return queue
    }

    private func description(
        of session: WorkerSession, _ shards: [ShardDescription], openJobs: Int
    ) -> WorkerDescription {
        WorkerDescription(
            name: session.name, session: session.presence.session, software: session.presence.software,
            state: session.isDraining ? .draining : session.isTorpid ? .torpid : .ready, shards: shards,
            openJobs: openJobs,
            silentMilliseconds: now - session.presence.heardAt, processor: session.processor)
    }
}
