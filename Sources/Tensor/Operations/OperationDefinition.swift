/// All that is known of one operation.
///
/// Each operation has one, in the file of its family beside this one; `Operation` lists them. Whatever asks something
/// of an operation asks its definition, so that none can be forgotten where another is added: only a family may answer
/// for its members, and nothing is assumed of an operation but that it is neither a view nor computed in place. Nearly
/// all make one value, and are a `SingleResultOperation`.
protocol OperationDefinition: Sendable {
    /// The number that stands for it on the wire: never given to another.
    static var code: UInt16 { get }
    /// The name in errors, logs and documents.
    static var name: String { get }
    /// How many values it reads, at least one.
    static var inputCounts: ClosedRange<Int> { get }
    /// Inputs it can take, for the tests of all that is said here: at least one.
    static var samples: [Operation.Sample] { get }

    /// Reads its attributes off the wire.
    ///
    /// - Throws: `TensorError.invalidGraph`.
    static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation
    /// What completes it on the wire, in the order `read` takes it.
    var attributes: OperationAttributes { get }

    /// How many values it makes, at least one.
    var resultCount: Int { get }
    /// The types of the values it makes. The check is complete: what passes can be computed without looking again.
    ///
    /// - Throws: `TensorError.shapeMismatch` or `.elementTypeMismatch`.
    func outputTypes(_ rule: ShapeRule) throws(TensorError) -> [ValueType]
    /// What each input's gradient gains; `nil` where it gains nothing.
    ///
    /// - Throws: `TensorError.notDifferentiable`.
    func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?]

    /// The work, for values of types that `outputTypes` has passed.
    func instruction(_ inputs: [ValueType], _ outputs: [ValueType]) -> Instruction
    /// Whether the first result is the first input's bytes, so that nothing needs to be done.
    func isView(_ inputs: [ValueType], _ outputs: [ValueType]) -> Bool
    /// Whether each element of an input is read for the last time when the same element of the first result is written,
    /// so that this may take its memory.
    var isInPlace: Bool { get }
    /// About how many arithmetic operations it takes: below 2⁶³, as no side has more than 2³¹ elements.
    func operationCount(_ inputs: [ValueType], _ outputs: [ValueType]) -> Int

    /// What it does to the rows of a batch: what the fence of a worker goes by.
    var rowEffect: RowEffect { get }
    /// The input whose values are class indices, and how many classes there are; `nil` where no value can make it fail.
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)?

    /// The same, as slowly and plainly as possible: the oracle of gradients and kernels.
    func references(_ inputs: [ReferenceValue]) -> [ReferenceValue]
}

extension OperationDefinition {
    func isView(_ inputs: [ValueType], _ outputs: [ValueType]) -> Bool { false }
    var isInPlace: Bool { false }
}

/// An operation that makes one value: what a definition says of all results, said of the only one.
protocol SingleResultOperation: OperationDefinition {
    func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType
    func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction
    func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool
    func operationCount(_ inputs: [ValueType], _ output: ValueType) -> Int
    func reference(_ inputs: [ReferenceValue]) -> ReferenceValue
}

extension SingleResultOperation {
    var resultCount: Int { 1 }
    func outputTypes(_ rule: ShapeRule) throws(TensorError) -> [ValueType] { [try outputType(rule)] }
    func instruction(_ inputs: [ValueType], _ outputs: [ValueType]) -> Instruction {
        instruction(inputs, outputs[0])
    }
    func isView(_ inputs: [ValueType], _ outputs: [ValueType]) -> Bool { isView(inputs, outputs[0]) }
    func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool { false }
    func operationCount(_ inputs: [ValueType], _ outputs: [ValueType]) -> Int {
        operationCount(inputs, outputs[0])
    }
    func references(_ inputs: [ReferenceValue]) -> [ReferenceValue] { [reference(inputs)] }
}

/// An operation that has each element of its largest side in hand about once.
protocol SinglePassOperation: SingleResultOperation {}

extension SinglePassOperation {
    func operationCount(_ inputs: [ValueType], _ output: ValueType) -> Int {
        inputs.reduce(output.shape.elementCount) { max($0, $1.shape.elementCount) }
    }
}

/// An operation that its name says all of.
protocol PlainOperation: SingleResultOperation {
    /// The operation.
    static var operation: Operation { get }
}

extension PlainOperation {
    static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation { operation }
    var attributes: OperationAttributes { OperationAttributes() }
}

/// Where the definitions are, apart from other things of their names.
enum Operations {}
