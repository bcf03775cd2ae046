import Protocol

// Copies of one shard that differ.
extension BrokerMachine {
    /// Logs what an announcement, or its end, did to copies: a line or two, whatever their number.
    mutating func tell(_ change: CopiesChange, of worker: Int32, _ actions: inout [Action]) {
        if let shard = change.leftOut.first, let reason = leftOutReason(shard, of: worker) {
            let label = roster.workers[worker].presence.label
            let name = LogText.printable("\(shard.reference)")
            let more = change.leftOut.count - 1
            logSession(
                "worker \(label) gets no jobs for \(name)" + (more > 0 ? " and \(more) more shards" : "")
                    + ": \(reason)", .warning, &actions)
        }
        tellSuccession(change, &actions)
    }

    /// What a catalogue says of copies changes with that of others.
    mutating func change(holdersOf change: CopiesChange) {
        for key in change.leftOut.map(\.reference.key) + change.renamed {
            for worker in roster.copyHolders(of: key) { self.change(worker) }
        }
    }

    /// Logs that other rows stand for a shard now.
    mutating func tellSuccession(_ change: CopiesChange, _ actions: inout [Action]) {
        guard let reference = change.succeeded.first else { return }
        let more = change.succeeded.count - 1
        logSession(
            "jobs for \(LogText.printable("\(reference)"))" + (more > 0 ? " and \(more) more shards" : "")
                + " go to copies of other rows now, the first having left", .warning, &actions)
    }

    /// What differs between a worker's copy of a shard and the first; `nil` where nothing does.
    func leftOutReason(_ shard: ShardDescription, of worker: Int32) -> String? {
        guard let rival = roster.rival(of: shard) else { return nil }
        let label = roster.workers[worker].presence.label
        return difference(of: shard, at: label, from: rival.content, at: rival.worker)
    }

    /// What differs between a worker's copy of a shard and that of the one whose copy decides.
    func difference(
        of shard: ShardDescription, at name: String, from content: Holding.Content, at worker: Int32
    ) -> String {
        let first = roster.workers[worker].presence.label
        let own = name == first ? "another \(name)" : name
        // Row counts are bounded, so that sums of two are far from overflowing.
        let rows = (content.trainRows + content.heldOutRows, shard.trainRows + shard.heldOutRows)
        if rows.0 != rows.1 { return "\(first) holds \(rows.0) rows, \(own) \(rows.1)" }
        let heldOut = (content.heldOutRows, shard.heldOutRows)
        if heldOut.0 != heldOut.1 {
            return "\(first) holds out \(heldOut.0) of \(rows.0) rows, \(own) \(heldOut.1)"
        }
        return "\(first) and \(own) hold \(rows.0) rows each, with schemas that differ "
            + "(\(content.schema), \(shard.schema))"
    }

    /// The shards of a worker as a catalogue lists them.
    ///
    /// - Parameter room: bytes left for reasons; copies for whose reasons there is none are not listed, as they
    ///   get no jobs.
    func listed(_ session: WorkerSession, number: Int32, room: inout Int) -> [ShardDescription] {
        guard roster.isSplit else { return session.shards }
        return session.shards.compactMap { shard in
            guard let reason = leftOutReason(shard, of: number) else { return shard }
            guard reason.utf8.count <= room else { return nil }
            room -= reason.utf8.count
            var shard = shard
            shard.leftOut = reason
            return shard
        }
    }
}
