import Protocol

/// What all shards of a run have in common: what their columns mean, and how the data set is dealt out.
struct Agreement: Sendable, Hashable {
    /// How a data set is dealt out.
    enum Cut: Sendable, Hashable, CustomStringConvertible {
        /// Everyone brings rows of their own.
        case sites
        /// Everyone has the same rows, and serves parts of them.
        case parts(partition: String, count: Int)

        init(_ shard: ShardReference) {
            self = shard.site == nil ? .parts(partition: shard.partition, count: shard.count) : .sites
        }

        var description: String {
            switch self {
            case .sites: "sites"
            case .parts(let partition, let count): "\(count) parts (\(partition))"
            }
        }
    }

    /// The data set as it is described.
    let dataset: DatasetDescription
    /// The hash of its schema.
    let schema: SchemaHash
    let cut: Cut
}

extension Agreement {
    /// What comes of asking who describes a data set how.
    enum Choice: Sendable, Hashable {
        /// Nobody offers any of it.
        case none
        case agreed(Agreement)
        /// As many shards on one side as on the other.
        case tied(RunError.Side, RunError.Side)
    }

    /// Takes the description and the cut that most shards share.
    ///
    /// - Parameter expected: the schema that is right whatever most say.
    static func choose(_ offers: [Offer], expected: SchemaHash?) -> Choice {
        var sides: [Agreement] = []
        var numbers: [Agreement: Int] = [:]
        var shards: [Set<ShardReference>] = []
        var workers: [[String]] = []
        for offer in offers where offer.shard.leftOut.isEmpty {
            guard let dataset = offer.dataset, expected == nil || expected == offer.schema else { continue }
            let key = Agreement(
                dataset: .named(dataset.name), schema: offer.schema, cut: Cut(offer.reference))
            let number = numbers[key] ?? sides.count
            if number == sides.count {
                numbers[key] = number
                sides.append(Agreement(dataset: dataset, schema: key.schema, cut: key.cut))
                shards.append([])
                workers.append([])
            }
            shards[number].insert(offer.reference)
            if workers[number].last != offer.worker { workers[number].append(offer.worker) }
        }
        let ranked = sides.indices.sorted { (-shards[$0].count, $0) < (-shards[$1].count, $1) }
        guard let first = ranked.first else { return .none }
        guard let second = ranked.dropFirst().first, shards[first].count == shards[second].count else {
            return .agreed(sides[first])
        }
        return .tied(
            RunError.Side(workers: workers[first], dataset: sides[first].dataset, cut: "\(sides[first].cut)"),
            RunError.Side(
                workers: workers[second], dataset: sides[second].dataset, cut: "\(sides[second].cut)"))
    }

    /// Why an offer is none for this run; `nil` for one that fits.
    ///
    /// - Parameter differences: what differs, by schema, as far as it was worked out before.
    func objection(to offer: Offer, _ differences: inout [SchemaHash: String]) -> String? {
        guard offer.shard.leftOut.isEmpty else { return offer.shard.leftOut }
        guard let dataset = offer.dataset else {
            return "it does not describe the schema of \(offer.reference)"
        }
        guard offer.schema == schema else {
            let text = differences[offer.schema] ?? dataset.differences(from: self.dataset)
            differences[offer.schema] = text
            return text
        }
        let cut = Cut(offer.reference)
        guard cut == self.cut else { return "it cuts the data set into \(cut), the run into \(self.cut)" }
        guard offer.shard.trainRows > 0 else { return "it has no rows to train on" }
        guard offer.shard.trainRows >= offer.shard.releaseRowsMinimum else {
            return
                "it has \(offer.shard.trainRows) rows to train on, and lets nothing out that is about fewer than "
                + "\(offer.shard.releaseRowsMinimum)"
        }
        return nil
    }
}

/// A shard of a data set at a worker who stays, and what its columns mean.
struct Offer: Sendable, Hashable {
    let worker: String
    let session: SessionID
    let shard: ShardDescription
    /// `nil` where the worker names a schema that nobody described.
    let dataset: DatasetDescription?
    /// The hash of what it describes: to make one takes reading all its names.
    let schema: SchemaHash

    var reference: ShardReference { shard.reference }
}

extension Catalogue {
    /// The data sets that workers who stay serve, by name.
    var servedDatasets: [String] {
        Set(workers.filter { !$0.isDraining }.flatMap(\.shards).map(\.reference.dataset)).sorted()
    }

    /// All that is offered of a data set, by the names of workers.
    func offers(of name: String) -> [Offer] {
        let described = datasets.filter { $0.name == name }
        let byHash = Dictionary(
            described.map { ($0.schemaHash, $0) }, uniquingKeysWith: { first, _ in first })
        // Workers of protocol 1.0 do not say which schema a shard has: with one there is no doubt.
        let only = byHash.count == 1 ? byHash.first : nil
        return workers.filter { !$0.isDraining }.flatMap { worker in
            worker.shards.filter { $0.reference.dataset == name }.map { shard in
                Offer(
                    worker: worker.name, session: worker.session, shard: shard,
                    dataset: shard.schema == .none ? only?.value : byHash[shard.schema],
                    schema: shard.schema == .none ? only?.key ?? .none : shard.schema)
            }
        }
    }
}

extension DatasetDescription {
    /// No more than a name: what is looked up by its hash need not be compared column by column.
    fileprivate static func named(_ name: String) -> DatasetDescription {
        DatasetDescription(name: name, tags: [], columns: [])
    }
}
