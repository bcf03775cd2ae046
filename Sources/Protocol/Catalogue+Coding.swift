import SwiftProtobuf

extension Catalogue: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        let wire = try parse(WireCatalogue.self, bytes)
        self.init()
        for worker in wire.workers { workers.append(try WorkerDescription(worker)) }
        for dataset in wire.datasets { datasets.append(try DatasetDescription(dataset)) }
        trainers = Int(wire.trainers)
        queue.openJobs = Int(clamping: wire.queue.openJobs)
        queue.finishedJobs = wire.queue.finishedJobs
        queue.failedJobs = wire.queue.failedJobs
        queue.resentJobs = wire.queue.resentJobs
        queue.droppedMessages = wire.queue.droppedMessages
        queue.uptimeMilliseconds = Int64(clamping: wire.queue.uptimeMilliseconds)
    }

    package func encoded() -> [UInt8] {
        var wire = WireCatalogue()
        wire.workers = workers.map(\.wire)
        wire.datasets = datasets.map(\.wire)
        wire.trainers = UInt32(clamping: trainers)
        wire.queue.openJobs = UInt64(clamping: queue.openJobs)
        wire.queue.finishedJobs = queue.finishedJobs
        wire.queue.failedJobs = queue.failedJobs
        wire.queue.resentJobs = queue.resentJobs
        wire.queue.droppedMessages = queue.droppedMessages
        wire.queue.uptimeMilliseconds = UInt64(clamping: queue.uptimeMilliseconds)
        return serialise(wire)
    }
}

extension WorkerDescription {
    init(_ wire: WireWorker) throws(ProtocolError) {
        try checkName("a worker's name", wire.name)
        try check("shards", wire.shards.count, ProtocolLimits.shardsMaximum)
        var shards: [ShardDescription] = []
        for shard in wire.shards { shards.append(try ShardDescription(shard)) }
        self.init(
            name: wire.name, session: try Identifier(wire.session), software: clip(wire.software),
            isDraining: wire.state == "draining", shards: shards, openJobs: Int(wire.openJobs),
            silentMilliseconds: Int64(clamping: wire.silentMilliseconds))
    }

    var wire: WireWorker {
        var wire = WireWorker()
        wire.name = name
        wire.session.append(contentsOf: session.bytes)
        wire.software = software
        wire.state = isDraining ? "draining" : "ready"
        wire.shards = shards.map(\.wire)
        wire.openJobs = UInt32(clamping: openJobs)
        wire.silentMilliseconds = UInt64(clamping: silentMilliseconds)
        return wire
    }
}

extension DatasetDescription {
    init(_ wire: WireDataset) throws(ProtocolError) {
        try checkName("a data set's name", wire.name)
        try check("columns", wire.columns.count, ProtocolLimits.columnsMaximum)
        try check("tags", wire.tags.count, ProtocolLimits.columnsMaximum)
        var columns: [ColumnDescription] = []
        for column in wire.columns { columns.append(try ColumnDescription(column)) }
        for tag in wire.tags { try checkName("a tag", tag) }
        self.init(name: wire.name, tags: wire.tags, columns: columns)
    }

    var wire: WireDataset {
        var wire = WireDataset()
        wire.name = name
        wire.tags = tags
        wire.columns = columns.map(\.wire)
        return wire
    }
}

extension ColumnDescription {
    init(_ wire: WireColumn) throws(ProtocolError) {
        try checkName("a column's name", wire.name)
        try check("classes", wire.classes.count, ProtocolLimits.classesMaximum)
        try check("axes", wire.dimensions.count, 7)
        let role: ColumnRole
        switch wire.role {
        case .feature: role = .feature
        case .label: role = .label
        default: throw .malformed("column \(wire.name) is neither feature nor label")
        }
        guard (1...4).contains(wire.elementType) else {
            throw .malformed("column \(wire.name) has unknown element type \(wire.elementType)")
        }
        var dimensions: [Int] = []
        for size in wire.dimensions {
            try check("a dimension of column \(wire.name)", Int(clamping: size), Int(Int32.max))
            dimensions.append(Int(size))
        }
        self.init(
            name: wire.name, role: role, elementType: UInt8(wire.elementType), dimensions: dimensions,
            classes: wire.classes)
    }

    var wire: WireColumn {
        var wire = WireColumn()
        wire.name = name
        wire.role = role == .feature ? .feature : .label
        wire.elementType = UInt32(elementType)
        wire.dimensions = dimensions.map { UInt64(clamping: $0) }
        wire.classes = classes
        return wire
    }
}

extension ShardDescription {
    init(_ wire: WireShard) throws(ProtocolError) {
        try checkName("a data set's name", wire.dataset)
        try checkName("a partition", wire.partition)
        guard wire.index < wire.count else {
            throw .malformed("shard \(wire.index)/\(wire.count) of \(wire.dataset) is out of range")
        }
        self.init(
            reference: ShardReference(
                dataset: wire.dataset, partition: wire.partition, index: Int(wire.index),
                count: Int(wire.count)),
            trainRows: Int(clamping: wire.trainRows), heldOutRows: Int(clamping: wire.heldOutRows))
    }

    var wire: WireShard {
        var wire = WireShard()
        wire.dataset = reference.dataset
        wire.partition = reference.partition
        wire.index = UInt32(clamping: reference.index)
        wire.count = UInt32(clamping: reference.count)
        wire.trainRows = UInt64(clamping: trainRows)
        wire.heldOutRows = UInt64(clamping: heldOutRows)
        return wire
    }
}
