import SwiftProtobuf

/// A trainer asks what there is.
package struct CatalogueQuery: Sendable, Hashable {
    /// What it has; 0 for nothing.
    package var revision: UInt64 = 0
    /// Whether it wants to be told of changes.
    package var follows = false

    /// Asks once, for everything.
    package init() {}

    /// Asks for what has changed since a revision, and for what will.
    package init(following revision: UInt64) {
        self.revision = revision
        follows = true
    }
}

/// What there is, or what has changed of it.
package struct CatalogueUpdate: Sendable, Hashable {
    /// Workers and data sets to be added or replaced; counts as they are now.
    package var catalogue = Catalogue()
    /// What there is with it.
    package var revision: UInt64 = 0
    /// What it is to be added to; 0 for nothing.
    package var since: UInt64 = 0
    /// Workers that are there no more.
    package var gone: [SessionID] = []
    /// Whether another follows that is to be added to it.
    package var isPartial = false

    /// Nothing.
    package init() {}

    /// All there is.
    package init(_ catalogue: Catalogue, revision: UInt64 = 1) {
        (self.catalogue, self.revision) = (catalogue, revision)
    }
}

/// The catalogue as a trainer has put it together.
package struct CatalogueView: Sendable {
    /// What an update made of it.
    package enum Outcome: Sendable, Hashable {
        /// This is all there is.
        case complete(Catalogue)
        /// More is to come.
        case partial
        /// It does not go with what is here: all of it must be asked for.
        case gap
    }

    /// What is here.
    package private(set) var revision: UInt64 = 0
    private var workers: [SessionID: WorkerDescription] = [:]
    private var datasets: [DatasetDescription: SchemaHash] = [:]

    /// Nothing is known.
    package init() {}

    /// Takes what the broker says.
    ///
    /// - Complexity: O(n log n) in the workers and shards there are.
    package mutating func take(_ update: CatalogueUpdate) -> Outcome {
        guard update.since == 0 || update.since == revision else { return .gap }
        if update.since == 0 { self = CatalogueView() }
        revision = update.revision
        for session in update.gone { workers[session] = nil }
        for worker in update.catalogue.workers { workers[worker.session] = worker }
        for dataset in update.catalogue.datasets where datasets[dataset] == nil {
            datasets[dataset] = dataset.schemaHash
        }
        guard !update.isPartial else { return .partial }
        if update.since != 0 { forgetUnserved() }
        return .complete(catalogue(update))
    }

    /// Data sets go with the last of their shards.
    private mutating func forgetUnserved() {
        let served = ServedSchemas(of: workers.values.lazy.flatMap(\.shards))
        datasets = datasets.filter { served.contain($0.key, $0.value) }
    }

    private func catalogue(_ update: CatalogueUpdate) -> Catalogue {
        var catalogue = update.catalogue
        catalogue.workers = workers.values.sorted(by: Catalogue.isBefore)
        catalogue.datasets = datasets.keys.sorted(by: Catalogue.isBefore)
        return catalogue
    }
}

extension Catalogue {
    /// The order of workers: by name.
    package static func isBefore(_ left: WorkerDescription, _ right: WorkerDescription) -> Bool {
        (left.name, left.session.high, left.session.low) < (right.name, right.session.high, right.session.low)
    }

    /// The order of data sets: by name. Schemas of one name that differ are all listed; their order must not depend on
    /// a set's.
    package static func isBefore(_ left: DatasetDescription, _ right: DatasetDescription) -> Bool {
        left.name == right.name ? "\(left)" < "\(right)" : left.name < right.name
    }
}

extension CatalogueQuery: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        let wire = try parse(WireCatalogueQuery.self, bytes)
        (revision, follows) = (wire.revision, wire.follows)
    }

    package func encoded() -> [UInt8] {
        var wire = WireCatalogueQuery()
        (wire.revision, wire.follows) = (revision, follows)
        return serialise(wire)
    }
}

extension CatalogueUpdate: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        let wire = try parse(WireCatalogue.self, bytes)
        catalogue = try Catalogue(wire)
        (revision, since, isPartial) = (wire.revision, wire.since, wire.isPartial)
        for session in wire.gone { gone.append(try Identifier(session)) }
    }

    package func encoded() -> [UInt8] {
        var wire = catalogue.wire
        (wire.revision, wire.since, wire.isPartial) = (revision, since, isPartial)
        wire.gone = gone.map { session in
            var bytes = WireHello().session
            bytes.append(contentsOf: session.bytes)
            return bytes
        }
        return serialise(wire)
    }
}
