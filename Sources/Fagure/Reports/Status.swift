import Ground
public import Protocol

extension Catalogue {
    /// The catalogue for other programs: workers with their shards, data sets, and the queue.
    public var json: JSONText {
        .object([
            .init("workers", .array(workers.map(\.json))),
            .init("datasets", .array(datasets.map(\.json))),
            .init("trainers", .integer(Int64(trainers))),
            .init("queue", queue.json),
        ])
    }

    /// The catalogue as tables for people, with names and tags made fit to be shown.
    public var text: String {
        var lines = ["workers: \(workers.count)"]
        for worker in workers {
            let processor = worker.processor.isEmpty ? "" : "  (\(worker.processor))"
            lines.append(
                "  \(worker.name)  \(worker.state.rawValue)  \(worker.openJobs) open jobs  \(worker.software)"
                    + processor)
            for shard in worker.shards {
                lines.append(
                    "    \(shard.reference): \(shard.trainRows) rows to train, \(shard.heldOutRows) held out"
                        + (shard.schema == .none ? "" : ", schema \(shard.schema)"))
                if !shard.leftOut.isEmpty { lines.append("      gets no jobs: \(shard.leftOut)") }
            }
        }
        lines.append("data sets: \(datasets.count)")
        for dataset in datasets {
            let tags = dataset.tags.isEmpty ? "" : "  (\(dataset.tags.joined(separator: ", ")))"
            lines.append(
                "  \(dataset.name)\(tags)  schema \(dataset.schemaHash), missing cells: \(dataset.missing)")
            for column in dataset.columns { lines += column.lines.map { "    \($0)" } }
        }
        lines.append(
            "queue: \(queue.openJobs) open, \(queue.finishedJobs) finished, \(queue.failedJobs) failed, "
                + "\(queue.resentJobs) sent again, \(queue.droppedMessages) messages dropped, "
                + "up \(queue.uptimeMilliseconds / 1_000) s")
        return lines.map(VisibleText.line).joined(separator: "\n")
    }
}

extension WorkerDescription {
    fileprivate var json: JSONText {
        .object([
            .init("name", .string(name)),
            .init("software", .string(software)),
            .init("processor", .string(processor)),
            .init("state", .string(state.rawValue)),
            .init("draining", .bool(isDraining)),
            .init("openJobs", .integer(Int64(openJobs))),
            .init("silentMilliseconds", .integer(silentMilliseconds)),
            .init("shards", .array(shards.map(\.json))),
        ])
    }
}

extension ShardDescription {
    fileprivate var json: JSONText {
        .object([
            .init("dataset", .string(reference.dataset)),
            .init("partition", .string(reference.partition)),
            .init("index", .integer(Int64(reference.index))),
            .init("count", .integer(Int64(reference.count))),
            .init("trainRows", .integer(Int64(trainRows))),
            .init("heldOutRows", .integer(Int64(heldOutRows))),
            .init("schema", .string("\(schema)")),
            .init("releaseRowsMinimum", .integer(Int64(releaseRowsMinimum))),
            .init("leftOut", .string(leftOut)),
        ])
    }
}

extension DatasetDescription {
    fileprivate var json: JSONText {
        .object([
            .init("name", .string(name)),
            .init("tags", .array(tags.map { .string($0) })),
            .init("schema", .string("\(schemaHash)")),
            .init("missing", .string("\(missing)")),
            .init("columns", .array(columns.map(\.json))),
        ])
    }
}

extension ColumnDescription {
    fileprivate var json: JSONText {
        .object([
            .init("name", .string(name)),
            .init("role", .string("\(role)")),
            .init("elementType", .string("\(type)")),
            .init("shape", .array(dimensions.map { .integer(Int64($0)) })),
            .init("classes", .array(classes.map { .string($0) })),
            .init("unit", .string(unit)),
            .init("features", .array(features.map(\.json))),
        ])
    }

    /// A line for the column, or one for each feature it packs.
    fileprivate var lines: [String] {
        guard features.isEmpty else { return features.map { "\(role) \($0.text)" } }
        let kind =
            classes.isEmpty
            ? "\(type) \(dimensions)" + (unit.isEmpty ? "" : " in \(unit)")
            : "one of \(FeatureDescription.listed(classes))"
        return ["\(role) \(name): \(kind)"]
    }
}

extension FeatureDescription {
    fileprivate var json: JSONText {
        let categories: [String] = if case .categories(let names) = kind { names } else { [] }
        return .object([
            .init("name", .string(name)),
            .init("kind", .string(categories.isEmpty ? "number" : "categories")),
            .init("categories", .array(categories.map { .string($0) })),
            .init("unit", .string(unit)),
        ])
    }

    fileprivate var text: String {
        switch kind {
        case .number: "\(name): a number" + (unit.isEmpty ? "" : " in \(unit)")
        case .categories(let names): "\(name): one of \(FeatureDescription.listed(names))"
        }
    }

    /// The first names of a long list: whoever wants all reads JSON.
    fileprivate static func listed(_ names: [String]) -> String {
        names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " … (\(names.count))" : "")
    }
}

extension QueueDescription {
    fileprivate var json: JSONText {
        .object([
            .init("openJobs", .integer(Int64(openJobs))),
            .init("finishedJobs", .integer(Int64(clamping: finishedJobs))),
            .init("failedJobs", .integer(Int64(clamping: failedJobs))),
            .init("resentJobs", .integer(Int64(clamping: resentJobs))),
            .init("droppedMessages", .integer(Int64(clamping: droppedMessages))),
            .init("uptimeMilliseconds", .integer(uptimeMilliseconds)),
        ])
    }
}
