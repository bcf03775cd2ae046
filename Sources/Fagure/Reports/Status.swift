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
            let state = worker.isDraining ? "draining" : "ready"
            lines.append("  \(worker.name)  \(state)  \(worker.openJobs) open jobs  \(worker.software)")
            for shard in worker.shards {
                lines.append(
                    "    \(shard.reference): \(shard.trainRows) rows to train, \(shard.heldOutRows) held out")
            }
        }
        lines.append("data sets: \(datasets.count)")
        for dataset in datasets {
            let tags = dataset.tags.isEmpty ? "" : "  (\(dataset.tags.joined(separator: ", ")))"
            lines.append("  \(dataset.name)\(tags)")
            for column in dataset.columns { lines.append("    \(column.text)") }
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
        ])
    }
}

extension DatasetDescription {
    fileprivate var json: JSONText {
        .object([
            .init("name", .string(name)),
            .init("tags", .array(tags.map { .string($0) })),
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
        ])
    }

    fileprivate var text: String {
        "\(role) \(name): \(type) \(dimensions)" + (classes.isEmpty ? "" : ", \(classes.count) classes")
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
