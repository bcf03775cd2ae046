import Protocol
import SwiftProtobuf
import Tensor

extension Job.Source {
    /// How it travels; nothing for a value, which lies in the frames.
    var wire: JobSource.OneOf_Kind? {
        switch self {
        case .value: nil
        case .object(let object): .object(object.rawValue)
        case .column(let column): .column(column.wire)
        case .zeros(let type): .zeros(type.wire)
        case .random(let draw): .random(draw.wire)
        case .state(let state): .state(state.wire)
        case .firstState(let index): .firstState(UInt32(clamping: index))
        case .lastState(let index): .lastState(UInt32(clamping: index))
        case .metric(let index): .metric(UInt32(clamping: index))
        case .examples: .examples(true)
        }
    }

    /// What a source is that lies in the body whole.
    init(_ wire: JobSource) throws(JobError) {
        switch wire.kind {
        case .tensor: throw .malformed("a tensor that lies in no frame")
        case .object(let object): self = .object(ObjectID(object))
        case .column(let column): self = .column(try ColumnReference(column))
        case .zeros(let type): self = .zeros(try ValueType(type.elementType, type.dimensions))
        case .random(let random): self = .random(try Job.Draw(random))
        case .state(let state): self = .state(try Job.State(state))
        case .firstState(let index): self = .firstState(Int(index))
        case .lastState(let index): self = .lastState(Int(index))
        case .metric(let index): self = .metric(Int(index))
        case .examples: self = .examples
        case nil: throw .malformed("a source is of no kind known here")
        }
    }
}

extension ValueType {
    fileprivate var wire: JobTensorType {
        var wire = JobTensorType()
        wire.elementType = UInt32(elementType.rawValue)
        wire.dimensions = shape.dimensions.map { UInt64($0) }
        return wire
    }
}

extension Job.Draw {
    fileprivate var wire: JobRandom {
        var wire = JobRandom()
        wire.type = type.wire
        wire.seed = seed
        wire.distribution = distribution == .uniform ? .uniform : .normal
        return wire
    }

    fileprivate init(_ wire: JobRandom) throws(JobError) {
        let distribution: Distribution
        switch wire.distribution {
        case .uniform: distribution = .uniform
        case .normal: distribution = .normal
        default: throw .malformed("random numbers of no distribution known here")
        }
        self.init(
            seed: wire.seed, distribution, try ValueType(wire.type.elementType, wire.type.dimensions))
    }
}

extension Job.State {
    var wire: JobState {
        var wire = JobState()
        wire.run.append(contentsOf: run.bytes)
        wire.name = name
        return wire
    }

    init(_ wire: JobState) throws(JobError) {
        try checkCount("bytes of a state's name", wire.name.utf8.count, JobLimits.stateNameByteCountMaximum)
        self.init(run: try Identifier(wire.run, of: "the run of a state"), name: wire.name)
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
