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
