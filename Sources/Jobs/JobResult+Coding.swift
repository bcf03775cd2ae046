package import Ground
package import Protocol
import Tensor

extension JobResult {
    /// The result as a body and tensor frames.
    package var payload: Payload {
        var writer = TensorFrameWriter()
        let outputs = parts.isEmpty ? outputs : []
        for output in outputs { writer.add(output.value) }
        for part in parts { for output in part.outputs { writer.add(output.value) } }
        for sum in sums { writer.add(sum.value) }
        if parts.isEmpty, sums.isEmpty, objects.isEmpty {
            let outputs = zip(outputs, writer.places).map { PlainOutcome.Output(name: $0.name, place: $1) }
            let outcome = PlainOutcome(outputs: outputs, seconds: seconds)
            return Payload(body: outcome.bytes, frames: writer.frames)
        }
        var references = writer.references[...]
        var wire = JobOutcome()
        wire.outputs = JobResult.named(outputs, &references)
        wire.parts = parts.map { part in
            var wire = JobPartOutcome()
            wire.outputs = JobResult.named(part.outputs, &references)
            wire.examples = UInt64(clamping: part.examples)
            wire.batches = UInt64(clamping: part.batches)
            wire.largest = part.largest
            if let failure = part.failure { wire.failure.append(contentsOf: failure.encoded()) }
            return wire
        }
        wire.sums = JobResult.named(sums, &references)
        wire.seconds = seconds
        wire.objects = objects.map(\.wire)
        return Payload(body: serialise(wire), frames: writer.frames)
    }

    private static func named(
        _ outputs: [(name: String, value: TensorValue)], _ references: inout ArraySlice<JobTensorReference>
    ) -> [JobNamedTensor] {
        defer { references = references.dropFirst(outputs.count) }
        return zip(outputs, references).map { output, reference in
            var named = JobNamedTensor()
            named.name = output.name
            named.tensor = reference
            return named
        }
    }

    /// Reads a result.
    ///
    /// - Throws: `JobError` for bytes that are none.
    package init(decoding body: [UInt8], frames: [Storage]) throws(JobError) {
        var reader = TensorFrameReader(frames: frames)
        if let plain = PlainOutcome(body) {
            var outputs: [(name: String, value: TensorValue)] = []
            outputs.reserveCapacity(plain.outputs.count)
            for output in plain.outputs { outputs.append((output.name, try reader.value(output.place))) }
            self.init(outputs: outputs, examples: 0, batches: 0, seconds: plain.seconds)
            return
        }
        let wire = try parse(JobOutcome.self, body)
        try checkCount("parts", wire.parts.count, JobLimits.shardsMaximum)
        let count = wire.parts.reduce(0) { $0 + $1.outputs.count }
        try checkCount("outputs of all parts", count, JobLimits.partTensorsMaximum)
        try checkCount("objects", wire.objects.count, ProtocolLimits.objectsMaximum)
        let outputs = try JobResult.values(wire.outputs, &reader)
        var parts: [Part] = []
        parts.reserveCapacity(wire.parts.count)
        for part in wire.parts { parts.append(try Part(part, &reader)) }
        var objects: [HeldObject] = []
        objects.reserveCapacity(wire.objects.count)
        for object in wire.objects { objects.append(try HeldObject(object)) }
        if parts.isEmpty {
            self.init(outputs: outputs, examples: 0, batches: 0, seconds: wire.seconds, objects: objects)
        } else {
            guard outputs.isEmpty else { throw .malformed("outputs of a fold that are no shard's") }
            self.init(
                parts: parts, sums: try JobResult.values(wire.sums, &reader), seconds: wire.seconds,
                objects: objects)
        }
    }

    fileprivate static func values(
        _ wire: [JobNamedTensor], _ reader: inout TensorFrameReader
    ) throws(JobError) -> [(name: String, value: TensorValue)] {
        try checkCount("outputs", wire.count, JobLimits.tensorsMaximum)
        var outputs: [(name: String, value: TensorValue)] = []
        outputs.reserveCapacity(wire.count)
        for named in wire { outputs.append((named.name, try reader.value(TensorPlace(named.tensor)))) }
        return outputs
    }
}

extension JobResult.Part {
    fileprivate init(_ wire: JobPartOutcome, _ reader: inout TensorFrameReader) throws(JobError) {
        if !wire.failure.isEmpty {
            do throws(ProtocolError) {
                self.init(try Failure(decoding: [UInt8](wire.failure)))
            } catch {
                throw .malformed("why a shard failed: \(error)")
            }
        } else {
            self.init(
                outputs: try JobResult.values(wire.outputs, &reader), examples: Int(clamping: wire.examples),
                batches: Int(clamping: wire.batches))
            largest = wire.largest
        }
    }
}

extension HeldObject {
    fileprivate var wire: JobHeldObject {
        var wire = JobHeldObject()
        wire.object = id.rawValue
        wire.elementType = UInt32(type.elementType.rawValue)
        wire.dimensions = type.shape.dimensions.map { UInt64($0) }
        return wire
    }

    fileprivate init(_ wire: JobHeldObject) throws(JobError) {
        self.init(id: ObjectID(wire.object), type: try ValueType(wire.elementType, wire.dimensions))
    }
}
