package import Ground
package import Protocol
import Tensor

extension JobResult {
    /// The result as a body and tensor frames.
    package var payload: Payload {
        var writer = TensorFrameWriter()
        for output in outputs { writer.add(output.value) }
        var wire = JobOutcome()
        wire.outputs = zip(outputs, writer.references).map { output, reference in
            var named = JobNamedTensor()
            named.name = output.name
            named.tensor = reference
            return named
        }
        wire.examples = UInt64(clamping: examples)
        wire.batches = UInt64(clamping: batches)
        wire.seconds = seconds
        wire.objects = objects.map(\.wire)
        return Payload(body: serialise(wire), frames: writer.frames)
    }

    /// Reads a result.
    ///
    /// - Throws: `JobError` for bytes that are none.
    package init(decoding body: [UInt8], frames: [Storage]) throws(JobError) {
        let wire = try parse(JobOutcome.self, body)
        try checkCount("outputs", wire.outputs.count, JobLimits.tensorsMaximum)
        let reader = TensorFrameReader(frames: frames)
        var outputs: [(name: String, value: TensorValue)] = []
        outputs.reserveCapacity(wire.outputs.count)
        for named in wire.outputs { outputs.append((named.name, try reader.value(named.tensor))) }
        try checkCount("objects", wire.objects.count, ProtocolLimits.objectsMaximum)
        var objects: [HeldObject] = []
        objects.reserveCapacity(wire.objects.count)
        for object in wire.objects { objects.append(try HeldObject(object)) }
        self.init(
            outputs: outputs, examples: Int(clamping: wire.examples), batches: Int(clamping: wire.batches),
            seconds: wire.seconds, objects: objects)
    }
}
