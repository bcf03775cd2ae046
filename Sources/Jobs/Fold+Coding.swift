import Protocol
import SwiftProtobuf
import Tensor

extension Fold {
    func wire(includesGraphs: Bool) -> JobFold {
        var wire = JobFold()
        wire.step = step.reference(includesGraph: includesGraphs)
        wire.states = states.map { UInt32(clamping: $0) }
        wire.constants = constants.map { UInt32(clamping: $0) }
        wire.columns = columns
        wire.finish = finish.reference(includesGraph: includesGraphs)
        wire.finishInputs = finishInputs.map { UInt32(clamping: $0) }
        wire.part = part.wire
        wire.schedule.epochs = UInt32(clamping: epochs)
        wire.schedule.shuffles = shuffles
        wire.schedule.batchLimit = UInt64(clamping: batchLimit ?? 0)
        wire.schedule.dropsRemainder = dropsRemainder
        wire.shards = shards.map(\.wire)
        return wire
    }

    init(_ wire: JobFold, _ knownGraph: (GraphHash) -> SealedGraph?) throws(JobError) {
        try checkKnown(wire)
        try checkKnown(wire.schedule)
        try checkCount("states", wire.states.count, JobLimits.tensorsMaximum)
        try checkCount("constants", wire.constants.count, JobLimits.tensorsMaximum)
        try checkCount("columns", wire.columns.count, JobLimits.columnsMaximum)
        try checkCount("inputs", wire.finishInputs.count, JobLimits.tensorsMaximum)
        try checkCount("shards", wire.shards.count, JobLimits.shardsMaximum)
        var shards: [Rows] = []
        shards.reserveCapacity(wire.shards.count)
        for rows in wire.shards { shards.append(try Rows(rows)) }
        let part = try Program.Part(wire.part, of: "a fold")
        let graphs = try resolve([wire.step, wire.finish], knownGraph)
        let schedule = wire.schedule
        self.init(
            step: graphs[0], states: wire.states.map { Int($0) }, constants: wire.constants.map { Int($0) },
            columns: wire.columns, finish: graphs[1], finishInputs: wire.finishInputs.map { Int($0) },
            part: part, epochs: Int(schedule.epochs), shuffles: schedule.shuffles,
            batchLimit: schedule.batchLimit == 0 ? nil : Int(clamping: schedule.batchLimit),
            dropsRemainder: schedule.dropsRemainder, shards: shards)
    }
}

extension Fold.Rows {
    fileprivate var wire: JobFoldShard {
        var wire = JobFoldShard()
        wire.shard = shard.wire
        wire.batchSize = UInt32(clamping: batchSize)
        wire.shuffleSeed = shuffleSeed
        return wire
    }

    fileprivate init(_ wire: JobFoldShard) throws(JobError) {
        try checkKnown(wire)
        self.init(
            try ShardReference(wire.shard), batchSize: Int(wire.batchSize), shuffleSeed: wire.shuffleSeed)
    }
}

extension ShardReference {
    var wire: JobShard {
        var wire = JobShard()
        wire.dataset = dataset
        wire.partition = partition
        wire.index = UInt32(clamping: index)
        wire.count = UInt32(clamping: count)
        return wire
    }

    init(_ wire: JobShard) throws(JobError) {
        guard wire.index < wire.count else {
            throw .malformed("shard \(wire.index)/\(wire.count) is out of range")
        }
        self.init(
            dataset: wire.dataset, partition: wire.partition, index: Int(wire.index), count: Int(wire.count))
    }
}

extension Program.Part {
    var wire: JobPart { self == .train ? .train : .heldOut }

    init(_ wire: JobPart, of what: String) throws(JobError) {
        switch wire {
        case .train: self = .train
        case .heldOut: self = .heldOut
        default: throw .malformed("\(what) is of neither the train nor the held-out part")
        }
    }
}
