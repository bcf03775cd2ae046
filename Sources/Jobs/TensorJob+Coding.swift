package import Protocol
import SwiftProtobuf
import Tensor

extension TensorJob {
    /// The job as a body and tensor frames.
    ///
    /// - Parameter includesGraph: whether the graph goes along, or only its hash.
    package func payload(includesGraph: Bool) -> Payload {
        var writer = TensorFrameWriter()
        var parts: [SealedGraph.BodyPart] = []
        parts.reserveCapacity(bindings.count)
        for binding in bindings {
            switch binding {
            case .value(let value):
                writer.add(value)
                parts.append(.value(value.type))
            case .object(let object): parts.append(.object(object))
            case .column(let column): parts.append(.column(column))
            }
        }
        let isPlain = kept.isEmpty && transfer == nil && released.isEmpty
        let body =
            isPlain && !includesGraph
            ? graph.body(for: parts) { encodedBody(writer, includesGraph: false) }
            : encodedBody(writer, includesGraph: includesGraph)
        return Payload(body: body, frames: writer.frames)
    }

    private func encodedBody(_ writer: TensorFrameWriter, includesGraph: Bool) -> [UInt8] {
        var references = writer.references.makeIterator()
        var wire = JobTensor()
        wire.graph = graph.reference(includesGraph: includesGraph)
        wire.bindings = bindings.map { binding in
            var wire = JobBinding()
            switch binding {
            case .value: wire.source = references.next().map { .tensor($0) }
            case .object(let object): wire.object = object.rawValue
            case .column(let column): wire.column = column.wire
            }
            return wire
        }
        wire.kept = kept.map(\.wire)
        if let transfer {
            wire.transfer.worker.append(contentsOf: transfer.worker.bytes)
            wire.transfer.kept = transfer.kept.map(\.wire)
        }
        wire.released = released.map(\.rawValue)
        var job = JobJob()
        job.tensor = wire
        return serialise(job)
    }

    /// Reads a job and checks all that can be checked without shapes.
    init(
        _ wire: JobTensor, _ reader: TensorFrameReader, _ knownGraph: (GraphHash) -> SealedGraph?
    ) throws(JobError) {
        try checkCount("bindings", wire.bindings.count, JobLimits.tensorsMaximum)
        try checkCount(
            "kept outputs", wire.kept.count + wire.transfer.kept.count, JobLimits.tensorsMaximum)
        let graph = try resolve([wire.graph], knownGraph)[0]
        var bindings: [Binding] = []
        bindings.reserveCapacity(wire.bindings.count)
        for binding in wire.bindings { bindings.append(try Binding(binding, reader)) }
        self.init(
            graph: graph, bindings: bindings, kept: wire.kept.map { Kept($0) },
            transfer: wire.hasTransfer ? try Transfer(wire.transfer) : nil,
            released: try releasedObjects(wire.released))
        try checkOutputs()
    }

    /// Checks that outputs which stay are there, that none goes two ways, and that none comes back from a
    /// transfer.
    private func checkOutputs() throws(JobError) {
        guard !kept.isEmpty || transfer != nil else { return }
        let transferred = transfer?.kept ?? []
        var isNamed = [Bool](repeating: false, count: graph.graph.outputs.count)
        for kept in kept + transferred {
            guard isNamed.indices.contains(kept.output) else {
                throw .malformed("output \(kept.output) is kept, the graph has \(isNamed.count)")
            }
            guard !isNamed[kept.output] else {
                throw .malformed("output \(kept.output) is kept or transferred twice")
            }
            isNamed[kept.output] = true
        }
        try checkDistinct(kept.map(\.object))
        try checkDistinct(transferred.map(\.object))
        if transfer != nil, let left = isNamed.firstIndex(of: false) {
            throw .malformed("output \(left) is neither kept nor transferred: a transfer brings nothing back")
        }
    }
}

extension TensorJob.Binding {
    fileprivate init(_ wire: JobBinding, _ reader: TensorFrameReader) throws(JobError) {
        switch wire.source {
        case .tensor(let reference): self = .value(try reader.value(reference))
        case .object(let object): self = .object(ObjectID(object))
        case .column(let column): self = .column(try ColumnReference(column))
        case nil: throw .malformed("a binding has no source")
        }
    }
}

extension TensorJob.Kept {
    fileprivate var wire: JobKept {
        var wire = JobKept()
        wire.output = UInt32(clamping: output)
        wire.object = object.rawValue
        return wire
    }

    fileprivate init(_ wire: JobKept) {
        self.init(output: Int(wire.output), object: ObjectID(wire.object))
    }
}

extension TensorJob.Transfer {
    fileprivate init(_ wire: JobTransfer) throws(JobError) {
        let worker: SessionID
        do { worker = try SessionID(wire.worker) } catch {
            throw .malformed("the worker of a transfer: \(error)")
        }
        self.init(worker: worker, kept: wire.kept.map { TensorJob.Kept($0) })
    }
}

extension ColumnReference {
    fileprivate var wire: JobColumn {
        var wire = JobColumn()
        wire.shard = shard.wire
        wire.part = part.wire
        wire.name = name
        return wire
    }

    fileprivate init(_ wire: JobColumn) throws(JobError) {
        self.init(
            shard: try ShardReference(wire.shard), part: try Program.Part(wire.part, of: "a column"),
            name: wire.name)
    }
}
