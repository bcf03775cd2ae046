import Protocol
import SwiftProtobuf
package import Tensor

/// A job as it arrived, its graphs found by hash or decoded.
package enum ReceivedJob: Sendable {
    case tensor(TensorJob)
    case program(ProgramJob)
}

extension TensorJob {
    /// The job as a body and tensor frames.
    ///
    /// - Parameter includesGraph: whether the graph goes along, or only its hash.
    package func payload(includesGraph: Bool) -> Payload {
        var writer = TensorFrameWriter()
        for value in bindings { writer.add(value) }
        let body =
            includesGraph
            ? encodedBody(writer, includesGraph: true)
            : graph.body(for: bindings.map(\.type)) { encodedBody(writer, includesGraph: false) }
        return Payload(body: body, frames: writer.frames)
    }

    private func encodedBody(_ writer: TensorFrameWriter, includesGraph: Bool) -> [UInt8] {
        var wire = JobTensor()
        wire.graph = graph.reference(includesGraph: includesGraph)
        wire.bindings = writer.references.map { reference in
            var binding = JobBinding()
            binding.tensor = reference
            return binding
        }
        var job = JobJob()
        job.tensor = wire
        return serialise(job)
    }
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
        wire.shard.dataset = program.shard.dataset
        wire.shard.partition = program.shard.partition
        wire.shard.index = UInt32(clamping: program.shard.index)
        wire.shard.count = UInt32(clamping: program.shard.count)
        wire.part = program.part == .train ? .train : .heldOut
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
    ///   - knownGraph: looks a graph up by its hash.
    /// - Throws: `JobError`; `unknownGraph` names every graph that is neither known nor sent along.
    package init(
        decoding body: [UInt8], frames: [Storage], knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        let reader = TensorFrameReader(frames: frames)
        switch try parse(JobJob.self, body).kind {
        case .tensor(let wire):
            self = .tensor(try TensorJob(wire, reader, knownGraph))
        case .program(let wire):
            self = .program(try ProgramJob(wire, reader, knownGraph))
        case nil:
            throw .malformed("neither a tensor job nor a program")
        }
    }

    /// The graphs of the job, for the worker to keep.
    package var graphs: [SealedGraph] {
        switch self {
        case .tensor(let job): [job.graph]
        case .program(let job): [job.program.step, job.program.finish]
        }
    }
}

extension TensorJob {
    fileprivate init(
        _ wire: JobTensor, _ reader: TensorFrameReader, _ knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        try checkCount("bindings", wire.bindings.count, JobLimits.tensorsMaximum)
        let graph = try resolve([wire.graph], knownGraph)[0]
        var bindings: [TensorValue] = []
        bindings.reserveCapacity(wire.bindings.count)
        for binding in wire.bindings {
            guard case .tensor(let reference) = binding.source else {
                throw .malformed("a binding has no source")
            }
            bindings.append(try reader.value(reference))
        }
        self.init(graph: graph, bindings: bindings)
    }
}

extension ProgramJob {
    fileprivate init(
        _ wire: JobProgram, _ reader: TensorFrameReader, _ knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        try checkCount("bindings", wire.bindings.count, JobLimits.tensorsMaximum)
        try checkCount("columns", wire.columns.count, JobLimits.columnsMaximum)
        try checkCount("outputs", wire.outputs.count, JobLimits.tensorsMaximum)
        guard wire.shard.index < wire.shard.count else {
            throw .malformed("shard \(wire.shard.index)/\(wire.shard.count) is out of range")
        }
        let graphs = try resolve([wire.step, wire.finish], knownGraph)
        var bindings: [TensorValue] = []
        for reference in wire.bindings { bindings.append(try reader.value(reference)) }
        let shard = ShardReference(
            dataset: wire.shard.dataset, partition: wire.shard.partition, index: Int(wire.shard.index),
            count: Int(wire.shard.count))
        let part: Program.Part
        switch wire.part {
        case .train: part = .train
        case .heldOut: part = .heldOut
        default: throw .malformed("a program reads neither the train nor the held-out part")
        }
        let program = Program(
            step: graphs[0], finish: graphs[1], stateCount: Int(wire.stateCount),
            constantCount: Int(wire.constantCount), columns: wire.columns, shard: shard, part: part,
            schedule: Program.Schedule(wire.schedule), outputs: wire.outputs)
        try program.check(bindingCount: bindings.count)
        self.init(program: program, bindings: bindings)
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
private func resolve(
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
