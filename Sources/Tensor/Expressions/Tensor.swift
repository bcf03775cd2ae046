/// A promise of a tensor: a number, a value, a placeholder, or something to be computed from other tensors.
///
/// Operators and methods compute nothing and check nothing; they record what to do and the source line.
/// Asking for `value()`, or making a `Graph`, is what finds errors of shape, and names the operation, the
/// shapes and the line. (Swift's operators cannot see their line: they name the nearest one they know of,
/// their operand's.)
///
/// ```swift
/// let data: Tensor = [[0, 0], [0, 1], [1, 0], [1, 1]]
/// let loss = ((data.matmul(weight) - target) ** 2).sum()
/// let gradients = try gradient(of: loss, withRespectTo: [weight])
/// let slopes = try gradients[0].value().floats
/// ```
public struct Tensor: Sendable {
    package let expression: Expression
    /// What people call it; not passed on to what is made of it.
    package let note: TensorNote?

    package init(_ expression: Expression, note: TensorNote? = nil) {
        self.expression = expression
        self.note = note
    }

    /// A tensor whose value is at hand.
    public init(_ value: TensorValue, file: StaticString = #fileID, line: Int = #line) {
        self.init(Expression(.value(value), location: .here, origin: Origin(file: file, line: line)))
    }

    /// A scalar.
    public init(_ scalar: Float) {
        self.init(Expression(.scalar(scalar), location: .anywhere, origin: nil))
    }

    /// A vector, or the elements of any shape in row-major order.
    ///
    /// A shape that does not fit the elements is reported where the tensor's value is needed.
    public init(
        _ elements: [Float], shape: [Int]? = nil, file: StaticString = #fileID, line: Int = #line
    ) {
        self.init(origin: Origin(file: file, line: line)) { () throws(TensorError) in
            try TensorValue(elements, shape: shape)
        }
    }

    /// Whole numbers such as labels, as int64: a vector, or any shape in row-major order.
    public init(
        labels: [Int], shape: [Int]? = nil, file: StaticString = #fileID, line: Int = #line
    ) {
        self.init(origin: Origin(file: file, line: line)) { () throws(TensorError) in
            try TensorValue(labels.map(Int64.init), shape: shape)
        }
    }

    /// A value given a name now and bound when the graph made of it runs.
    ///
    /// - Parameter dimensions: The size along each axis; `nil` where any size will do.
    public static func input(
        _ name: String, _ elementType: ElementType = .float32, dimensions: [Int?],
        file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        let input = Graph.Input(name: name, elementType: elementType, dimensions: dimensions)
        return Tensor(
            Expression(.placeholder(input), location: .anywhere, origin: Origin(file: file, line: line)))
    }

    /// A tensor of a value that may fail to be made, whose error then waits for whoever asks.
    init(origin: Origin?, value: () throws(TensorError) -> TensorValue) {
        do throws(TensorError) {
            self.init(Expression(.value(try value()), location: .here, origin: origin))
        } catch {
            self.init(Expression(.failure(error), location: .anywhere, origin: origin))
        }
    }

    /// Records an operation on this tensor and the nearest line known.
    func applying(_ operation: Operation, _ second: Tensor? = nil, _ third: Tensor? = nil) -> Tensor {
        let near = expression.origin ?? second?.expression.origin ?? third?.expression.origin
        return record(operation, second, third, near?.near)
    }

    /// Records an operation on this tensor and its line.
    func applying(
        _ operation: Operation, _ second: Tensor? = nil, _ third: Tensor? = nil, file: StaticString, line: Int
    ) -> Tensor {
        record(operation, second, third, Origin(file: file, line: line))
    }

    private func record(
        _ operation: Operation, _ second: Tensor?, _ third: Tensor?, _ origin: Origin?
    ) -> Tensor {
        var location = expression.location
        if let other = second?.expression.location, !location.join(other) {
            return apart(operation, [self, second], origin)
        }
        if let other = third?.expression.location, !location.join(other) {
            let first = location.agrees(with: expression.location) ? self : second
            return apart(operation, [first, third], origin)
        }
        if let error = usageError ?? second?.usageError ?? third?.usageError {
            return .failing(error, origin)
        }
        return Tensor(
            Expression(
                .operation(operation), expression, second?.expression, third?.expression, location: location,
                origin: origin))
    }

    /// Records an operation on any number of tensors, at least one, and its line.
    static func applying(
        _ operation: Operation, to tensors: [Tensor], file: StaticString, line: Int
    ) -> Tensor {
        let origin = Origin(file: file, line: line), first = tensors[0]
        var location = first.expression.location, located = first
        for tensor in tensors.dropFirst() {
            guard location.join(tensor.expression.location) else {
                return located.apart(operation, [located, tensor], origin)
            }
            if located.expression.location.isAnywhere { located = tensor }
        }
        if let error = tensors.lazy.compactMap(\.usageError).first { return .failing(error, origin) }
        let expressions = tensors.map(\.expression)
        func input(_ index: Int) -> Expression? { index < expressions.count ? expressions[index] : nil }
        return Tensor(
            Expression(
                .operation(operation), input(0), input(1), input(2), rest: Array(expressions.dropFirst(3)),
                location: location, origin: origin))
    }

    /// A later value of the operation this is the first value of.
    func result(_ index: Int) -> Tensor {
        if case .failure = expression.kind { return self }
        return Tensor(
            Expression(.result(index), expression, location: expression.location, origin: expression.origin))
    }

    /// What becomes of operands at two locations.
    private func apart(_ operation: Operation, _ operands: [Tensor?], _ origin: Origin?) -> Tensor {
        let tensors = operands.compactMap { $0?.locatedPhrase }
        return .failing(
            .differentLocations(operation: operation.name, tensors: tensors, origin: origin), origin)
    }

    /// A tensor that only carries an error to whoever asks for it.
    package static func failing(_ error: TensorError, _ origin: Origin? = nil) -> Tensor {
        Tensor(Expression(.failure(error), location: .anywhere, origin: origin))
    }
}

/// What people call a tensor.
package struct TensorNote: Sendable, Hashable {
    /// Words it is found by.
    package let tags: Set<String>

    package init(tags: Set<String>) { self.tags = tags }
}

extension RecordedLocation {
    /// Takes over another location where nothing is known yet; `false` where both are known and differ.
    mutating func join(_ other: RecordedLocation) -> Bool {
        guard agrees(with: other) else { return false }
        if isAnywhere { self = other }
        return true
    }
}
