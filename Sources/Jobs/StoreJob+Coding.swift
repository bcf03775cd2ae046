package import Protocol
import SwiftProtobuf
import Tensor

extension StoreJob {
    /// The job as a body and tensor frames.
    package var payload: Payload {
        var writer = TensorFrameWriter()
        for tensor in tensors { writer.add(tensor.value) }
        var wire = JobStore()
        wire.tensors = zip(tensors, writer.references).map { tensor, reference in
            var stored = JobStoredTensor()
            stored.object = tensor.object.rawValue
            stored.tensor = reference
            return stored
        }
        wire.released = released.map(\.rawValue)
        var job = JobJob()
        job.store = wire
        return Payload(body: serialise(job), frames: writer.frames)
    }

    init(_ wire: JobStore, _ reader: TensorFrameReader) throws(JobError) {
        try checkCount("stored tensors", wire.tensors.count, JobLimits.tensorsMaximum)
        var tensors: [(object: ObjectID, value: TensorValue)] = []
        tensors.reserveCapacity(wire.tensors.count)
        for stored in wire.tensors {
            tensors.append((ObjectID(stored.object), try reader.value(stored.tensor)))
        }
        try checkDistinct(tensors.map(\.object))
        self.init(tensors: tensors, released: try releasedObjects(wire.released))
    }
}

extension InquiryJob {
    /// The job as a body; it has no tensors.
    package var payload: Payload {
        var job = JobJob()
        job.inquiry.released = released.map(\.rawValue)
        return Payload(body: serialise(job), frames: [])
    }
}

extension HeldObject {
    var wire: JobHeldObject {
        var wire = JobHeldObject()
        wire.object = id.rawValue
        wire.elementType = UInt32(type.elementType.rawValue)
        wire.dimensions = type.shape.dimensions.map { UInt64($0) }
        return wire
    }

    init(_ wire: JobHeldObject) throws(JobError) {
        self.init(id: ObjectID(wire.object), type: try ValueType(wire.elementType, wire.dimensions))
    }
}

/// The objects a job lets go; more than a limit are refused.
func releasedObjects(_ wire: [UInt64]) throws(JobError) -> [ObjectID] {
    try checkCount("released objects", wire.count, JobLimits.releasedObjectsMaximum)
    return wire.map { ObjectID($0) }
}

/// Checks that no object is kept twice by one job.
func checkDistinct(_ objects: [ObjectID]) throws(JobError) {
    guard objects.count > 1 else { return }
    var seen = Set<ObjectID>(minimumCapacity: objects.count)
    for object in objects where !seen.insert(object).inserted {
        throw .malformed("object \(object) is kept twice")
    }
}
