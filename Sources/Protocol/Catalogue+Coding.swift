import SwiftProtobuf

extension Catalogue {
    init(_ wire: WireCatalogue) throws(ProtocolError) {
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

    var wire: WireCatalogue {
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
        return wire
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
            state: WorkerState(rawValue: wire.state) ?? .ready, shards: shards, openJobs: Int(wire.openJobs),
            silentMilliseconds: Int64(clamping: wire.silentMilliseconds), processor: clip(wire.processor))
    }

    var wire: WireWorker {
        var wire = WireWorker()
        wire.name = name
        wire.session.append(contentsOf: session.bytes)
        wire.software = software
        wire.state = state.rawValue
        wire.shards = shards.map(\.wire)
        wire.openJobs = UInt32(clamping: openJobs)
        wire.silentMilliseconds = UInt64(clamping: silentMilliseconds)
        wire.processor = processor
        return wire
    }
}
