package import Protocol

// What there is.
extension BrokerMachine {
    /// A trainer asks; it is answered at the end of the turn, once however often it asked.
    mutating func query(from trainer: Int32) {
        guard !roster.trainers[trainer].wantsCatalogue else { return }
        roster.trainers[trainer].wantsCatalogue = true
        querying.append(trainer)
    }

    /// Sends the catalogue to all trainers if it changed, else to those that asked.
    mutating func tellCatalogue(_ actions: inout [Action]) {
        guard catalogueChanged || !querying.isEmpty else { return }
        var peers: [PeerID] = []
        for trainer in roster.trainers.numbers where roster.trainers.isTaken(trainer) {
            guard catalogueChanged || roster.trainers[trainer].wantsCatalogue else { continue }
            roster.trainers[trainer].wantsCatalogue = false
            guard let peer = roster.trainers[trainer].presence.peer else { continue }
            roster.trainers[trainer].presence.sentAt = now
            peers.append(peer)
        }
        catalogueChanged = false
        querying.removeAll(keepingCapacity: true)
        guard !peers.isEmpty else { return }
        actions.append(
            .catalogue(to: peers, Header(.catalogue, job: .none, attempt: 0, epoch: epoch), catalogue))
    }

    /// The workers that are there, by name, their data sets, by name, and the counts.
    ///
    /// - Complexity: O(n log n) in the workers.
    package var catalogue: Catalogue {
        var catalogue = Catalogue()
        var datasets: Set<DatasetDescription> = []
        var room = BrokerLimits.leftOutByteCountMaximum
        for worker in roster.workers.numbers where roster.workers.isTaken(worker) {
            let session = roster.workers[worker]
            guard session.presence.peer != nil else { continue }
            let shards = listed(session, number: worker, room: &room)
            catalogue.workers.append(
                description(of: session, shards, openJobs: jobs.count(ofWorker: worker)))
            datasets.formUnion(session.datasets)
        }
        catalogue.workers.sort {
            ($0.name, $0.session.high, $0.session.low) < ($1.name, $1.session.high, $1.session.low)
        }
        // Schemas of one name that differ are all listed; their order must not depend on the set's.
        catalogue.datasets = datasets.sorted { ($0.name, "\($0)") < ($1.name, "\($1)") }
        catalogue.trainers = roster.trainers.count
        catalogue.queue = queue
        return catalogue
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
            silentMilliseconds: now - session.presence.heardAt)
    }
}
