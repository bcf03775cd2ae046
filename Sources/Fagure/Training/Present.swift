import Protocol

/// Who can take part in a run at one moment, read off the catalogue.
struct Present: Sendable, Hashable {
    /// A worker that serves the data set and does not fit, and why.
    struct Stranger: Sendable, Hashable {
        let worker: String
        let session: SessionID
        let reason: String
    }

    /// The data set's name.
    let dataset: String
    /// The shards served, in the order of their names.
    let shards: [ShardReference]
    /// What their workers say of them.
    let descriptions: [ShardReference: ShardDescription]
    /// The workers that hold each.
    let holders: [ShardReference: Set<SessionID>]
    /// The names of the workers that serve them.
    let workers: [String]
    /// The same, by session.
    let names: [SessionID: String]
    /// Workers of which a shard does not fit.
    let strangers: [Stranger]

    /// Sorts what is offered; who is excluded is as good as not there.
    init(_ offers: [Offer], _ agreement: Agreement, excluded: [ShardReference: Set<SessionID>] = [:]) {
        var descriptions: [ShardReference: ShardDescription] = [:]
        var holders: [ShardReference: Set<SessionID>] = [:]
        var names: [SessionID: String] = [:]
        var strangers: [Stranger] = []
        var known: Set<Stranger> = []
        // Thousands of sites may share a description: what differs is worked out once.
        var differences: [SchemaHash: String] = [:]
        for offer in offers {
            if let reason = agreement.objection(to: offer, &differences) {
                let stranger = Stranger(worker: offer.worker, session: offer.session, reason: reason)
                if known.insert(stranger).inserted { strangers.append(stranger) }
            } else if excluded[offer.reference]?.contains(offer.session) != true {
                holders[offer.reference, default: []].insert(offer.session)
                descriptions[offer.reference] = descriptions[offer.reference] ?? offer.shard
                names[offer.session] = offer.worker
            }
        }
        dataset = agreement.dataset.name
        shards = holders.keys.sorted { $0.name < $1.name }
        self.descriptions = descriptions
        self.holders = holders
        workers = names.values.sorted()
        self.names = names
        self.strangers = strangers
    }
}
