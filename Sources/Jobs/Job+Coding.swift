package import Ground
package import Protocol
import SwiftProtobuf
import Tensor

/// A job as it arrived, its graphs found by hash or decoded.
package enum ReceivedJob: Sendable {
    case tensor(TensorJob)
    case program(ProgramJob)
    case store(StoreJob)
    case inquiry(InquiryJob)
}

extension ProgramJob {
    /// The job as a body and tensor frames.
    ///
    /// - Parameter includesGraphs: whether the graphs go along, or only their hashes.
    package func payload(includesGraphs: Bool) -> Payload {
        var writer = TensorFrameWriter()
        for value in bindings { writer.add(value) }
        var wire = JobProgram()
        wire.step = program.step.reference(includesGraph: includesGraphs)
        wire.finish = program.finish.reference(includesGraph: includesGraphs)
        wire.stateCount = UInt32(clamping: program.stateCount)
        wire.constantCount = UInt32(clamping: program.constantCount)
        wire.columns = program.columns
        wire.shard = program.shard.wire
        wire.part = program.part.wire
        wire.schedule = program.schedule.wire
        wire.bindings = writer.references
        wire.outputs = program.outputs
        var job = JobJob()
        job.program = wire
        return Payload(body: serialise(job), frames: writer.frames)
    }
}

extension ReceivedJob {
    /// Reads a job.
    ///
    /// - Parameters:
    ///   - frames: the tensor frames, each copied once into aligned memory.
    ///   - isTransferred: whether another worker made it; such a job may keep tensors and do nothing else.
    ///   - knownGraph: looks a graph up by its hash.
    /// - Throws: `JobError`; `unknownGraph` names every graph that is neither known nor sent along.
    package init(
        decoding body: [UInt8], frames: [Storage], isTransferred: Bool = false,
        knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        var parsed = ParsedBodies()
        try self.init(
            decoding: body, frames: frames, isTransferred: isTransferred, parsed: &parsed,
            knownGraph: knownGraph)
    }

    /// Reads a job, as above; what was read before is not read again.
    package init(
        decoding body: [UInt8], frames: [Storage], isTransferred: Bool, parsed: inout ParsedBodies,
        knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        let reader = TensorFrameReader(frames: frames)
        let kind = try parsed.parse(body).kind
        if isTransferred { try ReceivedJob.checkTransferred(kind) }
        switch kind {
        case .tensor(let wire):
            self = .tensor(try TensorJob(wire, reader, knownGraph))
        case .program(let wire):
            self = .program(try ProgramJob(wire, reader, knownGraph))
        case .store(let wire):
            self = .store(try StoreJob(wire, reader))
        case .inquiry(let wire):
            self = .inquiry(InquiryJob(released: try releasedObjects(wire.released)))
        case nil:
            throw .malformed("neither a tensor job, a program, a store nor an inquiry")
        }
    }

    private static func checkTransferred(_ kind: JobJob.OneOf_Kind?) throws(JobError) {
        guard case .store(let wire) = kind, wire.released.isEmpty else {
            throw .malformed("a job from another worker may only bring tensors to be kept")
        }
    }

    /// The graphs of the job, for the worker to keep.
    package var graphs: [SealedGraph] {
        switch self {
        case .tensor(let job): [job.graph]
        case .program(let job): [job.program.step, job.program.finish]
        case .store, .inquiry: []
        }
    }
}

extension ProgramJob {
    fileprivate init(
        _ wire: JobProgram, _ reader: TensorFrameReader, _ knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        try checkCount("bindings", wire.bindings.count, JobLimits.tensorsMaximum)
        try checkCount("columns", wire.columns.count, JobLimits.columnsMaximum)
        try checkCount("outputs", wire.outputs.count, JobLimits.tensorsMaximum)
        let shard = try ShardReference(wire.shard)
        let part = try Program.Part(wire.part, of: "a program")
        let graphs = try resolve([wire.step, wire.finish], knownGraph)
        var bindings: [TensorValue] = []
        for reference in wire.bindings { bindings.append(try reader.value(reference)) }
        let program = Program(
            step: graphs[0], finish: graphs[1], stateCount: Int(wire.stateCount),
            constantCount: Int(wire.constantCount), columns: wire.columns, shard: shard, part: part,
            schedule: Program.Schedule(wire.schedule), outputs: wire.outputs)
        try program.check(bindingCount: bindings.count)
        self.init(program: program, bindings: bindings)
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

extension Program.Schedule {
    fileprivate var wire: JobSchedule {
        var wire = JobSchedule()
        wire.epochs = UInt32(clamping: epochs)
        wire.batchSize = UInt32(clamping: batchSize)
        wire.shuffles = shuffleSeed != nil
        wire.shuffleSeed = shuffleSeed ?? 0
        wire.batchLimit = UInt64(clamping: batchLimit ?? 0)
        wire.dropsRemainder = dropsRemainder
        return wire
    }

    fileprivate init(_ wire: JobSchedule) {
        self.init(
            epochs: Int(wire.epochs), batchSize: Int(wire.batchSize),
            shuffleSeed: wire.shuffles ? wire.shuffleSeed : nil,
            batchLimit: wire.batchLimit == 0 ? nil : Int(clamping: wire.batchLimit),
            dropsRemainder: wire.dropsRemainder)
    }
}

/// Finds each graph by its hash, or in the bytes sent along; names all that are missing at once.
func resolve(
    _ references: [JobGraphReference], _ knownGraph: (GraphHash) -> SealedGraph?
) throws(JobError) -> [SealedGraph] {
    var graphs: [SealedGraph] = []
    var missing: [GraphHash] = []
    for reference in references {
        let hash = try GraphHash(reference.hash)
        if let known = knownGraph(hash) {
            graphs.append(known)
        } else if !reference.graph.isEmpty {
            graphs.append(try SealedGraph(decoding: [UInt8](reference.graph), expecting: hash))
        } else {
            missing.append(hash)
        }
    }
    guard missing.isEmpty else { throw .unknownGraph(missing) }
    return graphs
}

/// Parses a body under the limits of jobs.
func parse<Body: SwiftProtobuf.Message>(_ type: Body.Type, _ bytes: [UInt8]) throws(JobError) -> Body {
    try checkCount("bytes of a body", bytes.count, JobLimits.bodyByteCountMaximum)
    do { return try Body(serializedBytes: bytes) } catch {
        throw .malformed("\(Body.protoMessageName) does not parse")
    }
}

/// Serialises a body; our own always serialise, and an empty one would only be refused by the other side.
func serialise(_ body: some SwiftProtobuf.Message) -> [UInt8] {
    (try? body.serializedBytes()) ?? []
}

func checkCount(_ what: String, _ got: Int, _ limit: Int) throws(JobError) {
    guard got <= limit else { throw .limitExceeded(what: what, got: got, limit: limit) }
}
