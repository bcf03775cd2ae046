/// An operation that combines values element by element, their shapes broadcast as in NumPy.
protocol BroadcastingOperation: PlainOperation, SinglePassOperation {
    /// What it makes of one number of each input.
    func reference(_ numbers: [Double]) -> Double
}

extension BroadcastingOperation {
    func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
        try rule.requireFloats()
        return ValueType(.float32, try rule.broadcastShape())
    }

    var isInPlace: Bool { true }
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

    func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
        ReferenceValue.broadcast(inputs) { reference($0) }
    }
}

/// Two values.
protocol BinaryOperation: BroadcastingOperation {
    /// The function of two numbers.
    static var function: BinaryFunction { get }
}

extension BinaryOperation {
    static var inputCounts: ClosedRange<Int> { 2...2 }

    func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
        .binary(Self.function, Walk(broadcasting: inputs.map(\.shape), to: output.shape))
    }
}

/// Three values.
protocol TernaryOperation: BroadcastingOperation {
    /// The function of three numbers.
    static var function: TernaryFunction { get }
}

extension TernaryOperation {
    static var inputCounts: ClosedRange<Int> { 3...3 }

    func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
        .ternary(Self.function, Walk(broadcasting: inputs.map(\.shape), to: output.shape))
    }
}

extension Operations {
    /// left + right
    struct Add: BinaryOperation {
        static let operation = Operation.add, function = BinaryFunction.add
        static let code: UInt16 = 1, name = "add"
        static let samples: [Operation.Sample] = [
            .init(.add, .signed(3, 4), .signed(3, 4)), .init(.add, .signed(3, 1), .signed(1, 4)),
        ]
        let rowEffect = RowEffect(.broadcast, .additive)

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.like(0) { $0.cotangent }, rule.like(1) { $0.cotangent }]
        }

        func reference(_ numbers: [Double]) -> Double { numbers[0] + numbers[1] }
    }

    /// left − right
    struct Subtract: BinaryOperation {
        static let operation = Operation.subtract, function = BinaryFunction.subtract
        static let code: UInt16 = 2, name = "subtract"
        static let samples: [Operation.Sample] = [.init(.subtract, .signed(3, 4), .signed(4))]
        let rowEffect = RowEffect(.broadcast, .additive)

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.like(0) { $0.cotangent }, rule.like(1) { $0.emit(.negate, $0.cotangent) }]
        }

        func reference(_ numbers: [Double]) -> Double { numbers[0] - numbers[1] }
    }

    /// left · right
    struct Multiply: BinaryOperation {
        static let operation = Operation.multiply, function = BinaryFunction.multiply
        static let code: UInt16 = 3, name = "multiply"
        static let samples: [Operation.Sample] = [
            .init(.multiply, .signed(2, 3, 4), .signed(3, 1)), .init(.multiply, .signed(5), .signed()),
        ]
        let rowEffect = RowEffect(.broadcast, factors: 0..<2, .byOne, isProportional: true)

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [
                rule.like(0) { $0.product($0.cotangent, $0.y) },
                rule.like(1) { $0.product($0.cotangent, $0.x) },
            ]
        }

        func reference(_ numbers: [Double]) -> Double { numbers[0] * numbers[1] }
    }

    /// left ∕ right
    struct Divide: BinaryOperation {
        static let operation = Operation.divide, function = BinaryFunction.divide
        static let code: UInt16 = 4, name = "divide"
        static let samples: [Operation.Sample] = [.init(.divide, .signed(3, 4), .positive(4))]
        let rowEffect = RowEffect(.broadcast, factors: 0..<2, .byFirst, isProportional: true)

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [
                rule.like(0) { $0.emit(.divide, $0.cotangent, $0.y) },
                rule.like(1) {
                    $0.emit(.negate, $0.emit(.divide, $0.product($0.cotangent, $0.output), $0.y))
                },
            ]
        }

        func reference(_ numbers: [Double]) -> Double { numbers[0] / numbers[1] }
    }

    /// The larger of two; equal ones share the gradient.
    struct Maximum: BinaryOperation {
        static let operation = Operation.maximum, function = BinaryFunction.maximum
        static let code: UInt16 = 5, name = "maximum"
        static let samples: [Operation.Sample] = [
            .init(.maximum, .signed(3, 4), .signed(3, 4)), .init(.maximum, .flags(3, 4), .flags(4)),
        ]
        let rowEffect = RowEffect(.broadcast)

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [
                rule.like(0) { $0.emit(.multiply, $0.cotangent, $0.share($0.x, $0.y)) },
                rule.like(1) { $0.emit(.multiply, $0.cotangent, $0.share($0.y, $0.x)) },
            ]
        }

        func reference(_ numbers: [Double]) -> Double { max(numbers[0], numbers[1]) }
    }

    /// The smaller of two; equal ones share the gradient.
    struct Minimum: BinaryOperation {
        static let operation = Operation.minimum, function = BinaryFunction.minimum
        static let code: UInt16 = 6, name = "minimum"
        static let samples: [Operation.Sample] = [.init(.minimum, .signed(3, 4), .signed(4))]
        let rowEffect = RowEffect(.broadcast)

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [
                rule.like(0) { $0.emit(.multiply, $0.cotangent, $0.share($0.y, $0.x)) },
                rule.like(1) { $0.emit(.multiply, $0.cotangent, $0.share($0.x, $0.y)) },
            ]
        }

        func reference(_ numbers: [Double]) -> Double { min(numbers[0], numbers[1]) }
    }

    /// 1 where left > right, else 0; flat.
    struct Greater: BinaryOperation {
        static let operation = Operation.greater, function = BinaryFunction.greater
        static let code: UInt16 = 7, name = "greater"
        static let samples: [Operation.Sample] = [.init(.greater, .signed(3, 4), .signed(4))]
        let rowEffect = RowEffect(.compared)

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [nil, nil]
        }
        func reference(_ numbers: [Double]) -> Double { numbers[0] > numbers[1] ? 1 : 0 }
    }

    /// 1 where left = right, else 0, of any one element type; flat.
    struct Equal: BroadcastingOperation {
        static let operation = Operation.equal
        static let code: UInt16 = 8, name = "equal", inputCounts = 2...2
        static let samples: [Operation.Sample] = [
            .init(.equal, .flags(3, 4), .flags(4)),
            .init(.equal, .labels(.int64, below: 3, 8), .labels(.int64, below: 3, 8)),
            .init(.equal, .labels(.uint8, below: 3, 8), .labels(.uint8, below: 3, 1)),
        ]
        let rowEffect = RowEffect(.compared)

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireSameElementTypes()
            return ValueType(.float32, try rule.broadcastShape())
        }

        // Its inputs may be of wider elements than its result.
        var isInPlace: Bool { false }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .equal(
                inputs[0].elementType, Walk(broadcasting: inputs.map(\.shape), to: output.shape))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [nil, nil]
        }
        func reference(_ numbers: [Double]) -> Double { numbers[0] == numbers[1] ? 1 : 0 }
    }

    /// a + b · c
    struct AddProduct: TernaryOperation {
        static let operation = Operation.addProduct, function = TernaryFunction.addProduct
        static let code: UInt16 = 20, name = "addProduct"
        static let samples: [Operation.Sample] = [
            .init(.addProduct, .signed(3, 4), .signed(), .signed(3, 4)),
            .init(.addProduct, .signed(3, 1), .signed(4), .signed(3, 4)),
        ]
        let rowEffect = RowEffect(.broadcast, factors: 1..<3, .byOne)

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [
                rule.like(0) { $0.cotangent },
                rule.like(1) { $0.product($0.cotangent, $0.z) },
                rule.like(2) { $0.product($0.cotangent, $0.y) },
            ]
        }

        func reference(_ numbers: [Double]) -> Double { numbers[0] + numbers[1] * numbers[2] }
    }

    /// condition ≠ 0 ? a : b
    struct Select: TernaryOperation {
        static let operation = Operation.select, function = TernaryFunction.select
        static let code: UInt16 = 21, name = "select"
        static let samples: [Operation.Sample] = [
            .init(.select, .flags(3, 4), .signed(3, 4), .signed(4))
        ]
        let rowEffect = RowEffect(.chosen, .byCondition)

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [
                nil,
                rule.like(1) { $0.emit(.select, $0.x, $0.cotangent, $0.constant(0)) },
                rule.like(2) { $0.emit(.select, $0.x, $0.constant(0), $0.cotangent) },
            ]
        }

        func reference(_ numbers: [Double]) -> Double { numbers[0] != 0 ? numbers[1] : numbers[2] }
    }
}
