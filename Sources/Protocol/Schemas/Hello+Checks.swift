extension Hello {
    /// What contradicts itself in what a worker announces; `nil` where nothing does.
    ///
    /// Who learns of several data sets, classes or features by one name could not tell which one is meant. Shards
    /// without a schema, as protocol 1.0 has them, need no data set.
    /// - Complexity: O(bytes of all names).
    package var contradiction: String? {
        var hashes: [String: Set<SchemaHash>] = [:]
        for dataset in datasets {
            if let fault = dataset.contradiction { return "data set \(dataset.name): \(fault)" }
            guard hashes[dataset.name, default: []].insert(dataset.schemaHash).inserted else {
                return "data set \(dataset.name) is there twice with schema \(dataset.schemaHash)"
            }
        }
        for shard in shards + considered where shard.schema != .none {
            let known = hashes[shard.reference.dataset, default: []]
            guard known.contains(shard.schema) else {
                return
                    "shard \(shard.reference) has schema \(shard.schema), which is that of no data set of its name "
                    + "in the same hello"
            }
        }
        return nil
    }
}

extension DatasetDescription {
    fileprivate var contradiction: String? {
        if let name = repeated(columns.map(\.name)) { return "two columns are called \(name)" }
        if let name = repeated(columns.flatMap { $0.features.map(\.name) }) {
            return "two features are called \(name)"
        }
        for column in columns {
            if let fault = fault(ofNames: column.classes, "classes of column \(column.name)") { return fault }
            for feature in column.features {
                guard case .categories(let names) = feature.kind else { continue }
                if let fault = fault(ofNames: names, "categories of feature \(feature.name)") { return fault }
            }
        }
        return nil
    }
}

private func fault(ofNames names: [String], _ what: String) -> String? {
    if names.contains("") { return "one of the \(what) is empty" }
    return repeated(names).map { "two of the \(what) are called \($0)" }
}

private func repeated(_ names: [String]) -> String? {
    var seen = Set<String>()
    return names.first { !seen.insert($0).inserted }
}
