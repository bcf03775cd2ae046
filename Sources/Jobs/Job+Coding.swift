package import Ground
package import Protocol
import SwiftProtobuf
import Tensor

extension Job {
    /// The job as a body and tensor frames.
    ///
    /// - Parameter includesGraphs: whether graphs go along, or only their hashes.
    package func payload(includesGraphs: Bool) -> Payload {
        var writer = TensorFrameWriter()
        for case .value(let value) in sources { writer.add(value) }
        let body: [UInt8]
        if !includesGraphs, isPlain, case .graph(let graph, nil) = compute {
            body = graph.body(for: sources.map { SealedGraph.BodyPart($0) }) {
                encodedBody(writer, includesGraphs: false)
            }
        } else {
            body = encodedBody(writer, includesGraphs: includesGraphs)
        }
        return Payload(body: body, frames: writer.frames)
    }

    /// Whether nothing but its sources tells it from other jobs on the same graph.
    private var isPlain: Bool { outputs.isEmpty && released.isEmpty && ended.isEmpty && !listsObjects }

    private func encodedBody(_ writer: TensorFrameWriter, includesGraphs: Bool) -> [UInt8] {
        var references = writer.references.makeIterator()
        var wire = JobBody()
        wire.job.sources = sources.map { source in
            var wire = JobSource()
            if case .value = source {
                wire.kind = references.next().map { .tensor($0) }
            } else {
                wire.kind = source.wire
            }
            return wire
        }
        switch compute {
        case .nothing: break
        case .graph(let graph, let inputs):
            wire.job.once.graph = graph.reference(includesGraph: includesGraphs)
            wire.job.once.inputs = (inputs ?? []).map { UInt32(clamping: $0) }
        case .fold(let fold): wire.job.fold = fold.wire(includesGraphs: includesGraphs)
        }
        wire.job.outputs = outputs.map(\.wire)
        wire.job.released = released.map(\.rawValue)
        for run in ended { wire.job.ended.append(contentsOf: run.bytes) }
        wire.job.listsObjects = listsObjects
        return serialise(wire)
    }

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
        var reader = TensorFrameReader(frames: frames)
        if !isTransferred, let outline = parsed.outline(of: body) {
            self = try outline.job(&reader)
            return
        }
        let outline = try ParsedBodies.Outline(
            decoding: body, isTransferred: isTransferred, knownGraph: knownGraph)
        self = try outline.job(&reader)
        if !isTransferred { parsed.keep(outline, of: body) }
    }

    fileprivate init(
        _ wire: JobJob, isTransferred: Bool, _ sources: [Source], _ knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        if isTransferred { try Job.checkTransferred(wire) }
        try checkCount("outputs", wire.outputs.count, JobLimits.tensorsMaximum)
        try checkCount("released objects", wire.released.count, JobLimits.releasedObjectsMaximum)
        let compute = try Compute(wire.compute, knownGraph)
        var outputs: [Output] = []
        outputs.reserveCapacity(wire.outputs.count)
        for output in wire.outputs { outputs.append(try Output(output)) }
        self.init(
            sources: sources, compute: compute, outputs: outputs,
            released: wire.released.map { ObjectID($0) }, ended: try Job.runs(wire.ended),
            listsObjects: wire.listsObjects)
        try check()
    }

    private static func runs(_ bytes: some Collection<UInt8>) throws(JobError) -> [Identifier] {
        guard bytes.count % Identifier.byteCount == 0 else {
            throw .malformed("ended runs of \(Identifier.byteCount) bytes each make \(bytes.count)")
        }
        let count = bytes.count / Identifier.byteCount
        try checkCount("ended runs", count, JobLimits.endedRunsMaximum)
        return (0..<count).map {
            Identifier(firstBytesOf: bytes.dropFirst($0 * Identifier.byteCount))
        }
    }

    private static func checkTransferred(_ wire: JobJob) throws(JobError) {
        let isStore =
            wire.compute == nil && wire.released.isEmpty && wire.ended.isEmpty && !wire.listsObjects
            && wire.sources.count == wire.outputs.count
            && wire.sources.allSatisfy { if case .tensor = $0.kind { true } else { false } }
            && wire.outputs.allSatisfy { if case .object = $0.destination { true } else { false } }
        guard isStore else {
            throw .malformed("a job from another worker may only bring tensors to be kept")
        }
    }
}

extension ParsedBodies.Outline {
    /// Reads a body.
    fileprivate init(
        decoding body: [UInt8], isTransferred: Bool, knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        let wire = try parse(JobBody.self, body)
        try checkKnown(wire)
        guard wire.hasJob else { throw .malformed("there is no job in the body") }
        try checkKnown(wire.job)
        try checkCount("sources", wire.job.sources.count, JobLimits.tensorsMaximum)
        var sources: [Job.Source] = []
        sources.reserveCapacity(wire.job.sources.count)
        var tensors: [(source: Int, place: TensorPlace)] = []
        for (number, source) in wire.job.sources.enumerated() {
            if case .tensor(let reference) = source.kind {
                let place = try TensorPlace(reference)
                tensors.append((number, place))
                sources.append(.value(ParsedBodies.Outline.missing))
            } else {
                sources.append(try Job.Source(source))
            }
        }
        let job = try Job(wire.job, isTransferred: isTransferred, sources, knownGraph)
        self.init(job: job, tensors: tensors)
    }
}

extension Job.Compute {
    fileprivate init(
        _ wire: JobJob.OneOf_Compute?, _ knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        switch wire {
        case nil: self = .nothing
        case .once(let wire):
            try checkKnown(wire)
            try checkCount("inputs", wire.inputs.count, JobLimits.tensorsMaximum)
            let graph = try resolve([wire.graph], knownGraph)[0]
            self = .graph(graph, inputs: wire.inputs.isEmpty ? nil : wire.inputs.map { Int($0) })
        case .fold(let wire): self = .fold(try Fold(wire, knownGraph))
        }
    }
}

extension Job.Output {
    fileprivate var wire: JobOutput {
        var wire = JobOutput()
        wire.name = name
        switch destination {
        case .release: break
        case .object(let object): wire.object = object.rawValue
        case .state(let state): wire.state = state.wire
        case .transfer(let worker, let object):
            wire.transfer.worker.append(contentsOf: worker.bytes)
            wire.transfer.object = object.rawValue
        case .sum(let units, let byExamples):
            wire.sum.exponent = Int32(units.exponent)
            wire.sum.limit = units.limit
            wire.sum.byExamples = byExamples
        }
        return wire
    }

    fileprivate init(_ wire: JobOutput) throws(JobError) {
        try checkKnown(wire)
        let destination: Job.Destination
        switch wire.destination {
        case nil: destination = .release
        case .object(let object): destination = .object(ObjectID(object))
        case .state(let state): destination = .state(try Job.State(state))
        case .transfer(let transfer):
            let worker = try Identifier(transfer.worker, of: "the worker of a transfer")
            destination = .transfer(worker, ObjectID(transfer.object))
        case .sum(let sum):
            try checkKnown(sum)
            guard let units = SumUnits(exponent: Int(sum.exponent), limit: sum.limit) else {
                throw .malformed(
                    "a sum in units of 2^\(sum.exponent), of numbers up to \(sum.limit): exponents are "
                        + "\(SumUnits.exponents), limits above 0 and finite")
            }
            destination = .sum(units, byExamples: sum.byExamples)
        }
        self.init(wire.name, to: destination)
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

/// Refuses what a later version may have added: a part of a job that is not understood must not be passed over, for
/// it may say what the job must not do.
func checkKnown<Body: SwiftProtobuf.Message>(_ body: Body) throws(JobError) {
    guard body.unknownFields.data.isEmpty else {
        throw .malformed("\(Body.protoMessageName) has a field that is not known here")
    }
}

/// Serialises a body; our own always serialise, and an empty one would only be refused by the other side.
func serialise(_ body: some SwiftProtobuf.Message) -> [UInt8] {
    (try? body.serializedBytes()) ?? []
}

func checkCount(_ what: String, _ got: Int, _ limit: Int) throws(JobError) {
    guard got <= limit else { throw .limitExceeded(what: what, got: got, limit: limit) }
}

extension Identifier {
    init(_ bytes: some Collection<UInt8>, of what: String) throws(JobError) {
        do { try self.init(bytes) } catch { throw .malformed("\(what): \(error)") }
    }
}
