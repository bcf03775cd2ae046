import Protocol

// What the owner of a worker should know of others that serve the same data; told with the welcome.
extension BrokerMachine {
    /// Who serves the same sites, with other rows or as many, and who means something else by a data set.
    ///
    /// - Complexity: O(shards and data sets announced + workers looked at), these at most
    ///   `BrokerLimits.comparedWorkersMaximum`.
    func remarks(on hello: Hello) -> [String] {
        guard hello.role == .worker else { return [] }
        let own: Int32? = if case .worker(let known) = roster.party(of: hello.session) { known } else { nil }
        var remarks: [String] = []
        for shard in hello.shards + hello.considered {
            guard remarks.count < ProtocolLimits.remarksMaximum else { return remarks }
            if let remark = remark(on: shard, of: own, named: hello.name) { remarks.append(remark) }
        }
        for dataset in hello.datasets {
            guard remarks.count < ProtocolLimits.remarksMaximum else { return remarks }
            if let remark = remark(on: dataset, of: own) { remarks.append(remark) }
        }
        return remarks
    }

    private func remark(on shard: ShardDescription, of own: Int32?, named name: String) -> String? {
        guard let first = roster.first(of: shard.reference.key), first.worker != own else { return nil }
        guard first.content == Holding.Content(of: shard) else {
            return "no jobs for \(shard.reference) go here: "
                + difference(of: shard, at: name, from: first.content, at: first.worker)
        }
        // Everybody has the file that is cut into parts: copies of those are nothing to speak of.
        guard shard.reference.site != nil else { return nil }
        return
            "worker \(roster.workers[first.worker].presence.label) serves \(shard.reference) too: each job goes to "
            + "one of you, so the rows must be the same; another site needs a name of its own"
    }

    private func remark(on dataset: DatasetDescription, of own: Int32?) -> String? {
        var compared = 0
        for worker in roster.workers.numbers where worker != own && roster.workers.isTaken(worker) {
            compared += 1
            guard compared <= BrokerLimits.comparedWorkersMaximum else { return nil }
            for other in roster.workers[worker].datasets where other.name == dataset.name {
                let differences = dataset.differences(from: other)
                guard !differences.isEmpty else { continue }
                return
                    "worker \(roster.workers[worker].presence.label) describes \(dataset.name) otherwise: here "
                    + differences
            }
        }
        return nil
    }
}
