import Protocol

// What the owner of a worker should know of others that serve the same data; told with the welcome.
extension BrokerMachine {
    /// Who serves the same sites, with other rows or as many, and who means something else by a data set.
    ///
    /// - Complexity: O(bytes of the hello + data sets looked at), these at most
    ///   `BrokerLimits.comparedDatasetsMaximum`.
    func remarks(on hello: Hello) -> [String] {
        guard hello.role == .worker else { return [] }
        let own: Int32? = if case .worker(let known) = roster.party(of: hello.session) { known } else { nil }
        var remarks: [String] = []
        var seen: Set<ShardReference> = []
        for shard in hello.shards + hello.considered where seen.insert(shard.reference).inserted {
            guard remarks.count < ProtocolLimits.remarksMaximum else { return remarks }
            if let remark = remark(on: shard, of: own, in: hello) { remarks.append(remark) }
        }
        remarks += others(than: hello, own).prefix(ProtocolLimits.remarksMaximum - remarks.count)
        return remarks
    }

    /// Who describes a data set of the hello otherwise, one for each.
    private func others(than hello: Hello, _ own: Int32?) -> [String] {
        var datasets: [String: [(DatasetDescription, SchemaHash)]] = [:]
        for dataset in hello.datasets {
            datasets[dataset.name, default: []].append((dataset, dataset.schemaHash))
        }
        var remarks: [String] = []
        var room = BrokerLimits.comparedDatasetsMaximum
        for worker in roster.workers.numbers where worker != own && roster.workers.isTaken(worker) {
            for (index, other) in roster.workers[worker].datasets.enumerated() {
                guard room > 0, !datasets.isEmpty else { return remarks }
                room -= 1
                guard let known = datasets[other.name], let (dataset, schema) = known.first else { continue }
                let differences =
                    schema == roster.workers[worker].schemas[index]
                    ? dataset.unitDifferences(from: other) : dataset.differences(from: other)
                guard !differences.isEmpty else { continue }
                datasets[other.name] = nil
                remarks.append(
                    "worker \(roster.workers[worker].presence.label) describes \(dataset.name) otherwise: here "
                        + differences)
            }
        }
        return remarks
    }

    private func remark(on shard: ShardDescription, of own: Int32?, in hello: Hello) -> String? {
        guard let first = roster.first(of: shard.reference.key), first.worker != own else { return nil }
        guard first.content == Holding.Content(of: shard) else {
            return "no jobs for \(shard.reference) go here: "
                + difference(of: shard, at: hello.name, from: first.content, at: first.worker)
        }
        // Everybody has the file that is cut into parts: copies of those are nothing to speak of.
        guard shard.reference.site != nil else { return nil }
        let other = roster.workers[first.worker].presence.label
        guard hello.shards.isEmpty else {
            return
                "worker \(other) serves \(shard.reference) too: each job goes to one of you, so the rows must be "
                + "the same; another site needs a name of its own"
        }
        // A site that runs, and is checked with its own key, has its own name.
        guard other != LogText.printable(hello.name) else { return nil }
        return
            "worker \(other) serves \(shard.reference) already: if that is you, all is well; another site needs a "
            + "name of its own"
    }
}
