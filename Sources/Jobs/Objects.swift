public import Protocol
public import Tensor

/// The name a trainer gives a tensor that a worker keeps for it; it means nothing to other trainers.
public struct ObjectID: Sendable, Hashable {
    /// The number that travels.
    public let rawValue: UInt64

    /// Takes a number; a trainer never uses one twice at a worker unless it means to replace the tensor.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

extension ObjectID: CustomStringConvertible {
    /// The number.
    public var description: String { "\(rawValue)" }
}

/// All rows of a column of one part of a shard, in the order the shard has them.
public struct ColumnReference: Sendable, Hashable {
    /// The shard.
    public var shard: ShardReference
    /// Which of its rows.
    public var part: Program.Part
    /// The column's name.
    public var name: String

    /// Names a column; whether it is there the worker tells.
    public init(shard: ShardReference, part: Program.Part, name: String) {
        self.shard = shard
        self.part = part
        self.name = name
    }
}

/// A tensor a worker keeps, as its owner may see it.
public struct HeldObject: Sendable, Hashable {
    /// Its name.
    public let id: ObjectID
    /// Its element type and shape.
    public let type: ValueType

    /// Describes an object.
    public init(id: ObjectID, type: ValueType) {
        self.id = id
        self.type = type
    }
}

/// Tensors to be kept and objects to be let go; with neither a sign that the trainer still needs its objects.
///
/// The worker lets go first, so that there is room for what comes.
public struct StoreJob: Sendable {
    /// The tensors, each with the object it becomes; an object of that name is replaced.
    public var tensors: [(object: ObjectID, value: TensorValue)]
    /// Objects nobody points to any more; those the worker does not keep are no error.
    public var released: [ObjectID]

    /// Puts a job together.
    public init(tensors: [(object: ObjectID, value: TensorValue)] = [], released: [ObjectID] = []) {
        self.tensors = tensors
        self.released = released
    }
}

/// Asks which objects the worker keeps for the trainer, once it has let some go.
public struct InquiryJob: Sendable {
    /// Objects nobody points to any more; those the worker does not keep are no error.
    public var released: [ObjectID]

    /// Puts the question.
    public init(released: [ObjectID] = []) { self.released = released }
}
