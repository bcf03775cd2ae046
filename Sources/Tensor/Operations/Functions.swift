#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// An operation that applies a function to each number.
protocol UnaryOperation: SinglePassOperation {
    /// The function.
    var function: UnaryFunction { get }
    /// The gradient of the input.
    func slope(_ rule: inout GradientRule) -> GradientRule.ValueID?
    /// What it makes of a number.
    func reference(_ number: Double) -> Double
}

extension UnaryOperation {
    static var inputCounts: ClosedRange<Int> { 1...1 }

    func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
        try rule.requireFloats()
        return rule.inputs[0]
    }

    func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
        .unary(function, count: output.shape.elementCount)
    }

    func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
        [slope(&rule)]
    }
    var isInPlace: Bool { true }
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

    func reference(_ inputs: [ReferenceValue]) -> ReferenceValue { inputs[0].map { reference($0) } }
}

extension Operations {
    /// −x
    struct Negate: UnaryOperation, PlainOperation {
        static let operation = Operation.negate
        static let code: UInt16 = 30, name = "negate"
        static let samples: [Operation.Sample] = [.init(.negate, .signed(3, 5))]
        let function = UnaryFunction.negate
        let rowEffect = RowEffect(.broadcast, .proportional, isProportional: true)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? { rule.emit(.negate, rule.cotangent) }
        func reference(_ number: Double) -> Double { -number }
    }

    /// eˣ
    struct Exp: UnaryOperation, PlainOperation {
        static let operation = Operation.exp
        static let code: UInt16 = 31, name = "exp"
        static let samples: [Operation.Sample] = [.init(.exp, .signed(3, 5))]
        let function = UnaryFunction.exp
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            rule.product(rule.cotangent, rule.output)
        }

        func reference(_ number: Double) -> Double { exp(number) }
    }

    /// The natural logarithm.
    struct Log: UnaryOperation, PlainOperation {
        static let operation = Operation.log
        static let code: UInt16 = 32, name = "log"
        static let samples: [Operation.Sample] = [.init(.log, .positive(3, 5))]
        let function = UnaryFunction.log
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            rule.emit(.divide, rule.cotangent, rule.x)
        }

        func reference(_ number: Double) -> Double { log(number) }
    }

    /// The square root.
    struct Sqrt: UnaryOperation, PlainOperation {
        static let operation = Operation.sqrt
        static let code: UInt16 = 33, name = "sqrt"
        static let samples: [Operation.Sample] = [.init(.sqrt, .positive(3, 5))]
        let function = UnaryFunction.sqrt
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            rule.emit(.divide, rule.product(rule.constant(0.5), rule.cotangent), rule.output)
        }

        func reference(_ number: Double) -> Double { number.squareRoot() }
    }

    /// 1 ∕ x
    struct Reciprocal: UnaryOperation, PlainOperation {
        static let operation = Operation.reciprocal
        static let code: UInt16 = 34, name = "reciprocal"
        static let samples: [Operation.Sample] = [.init(.reciprocal, .positive(3, 5))]
        let function = UnaryFunction.reciprocal
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            rule.emit(.negate, rule.product(rule.cotangent, rule.emit(.multiply, rule.output, rule.output)))
        }

        func reference(_ number: Double) -> Double { 1 / number }
    }

    /// The hyperbolic tangent.
    struct Tanh: UnaryOperation, PlainOperation {
        static let operation = Operation.tanh
        static let code: UInt16 = 35, name = "tanh"
        static let samples: [Operation.Sample] = [.init(.tanh, .signed(3, 5))]
        let function = UnaryFunction.tanh
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            let square = rule.emit(.multiply, rule.output, rule.output)
            return rule.product(rule.cotangent, rule.emit(.subtract, rule.constant(1), square))
        }

        func reference(_ number: Double) -> Double { tanh(number) }
    }

    /// The error function, 2 ∕ √π · ∫ e^(−t²) from 0 to x.
    struct Erf: UnaryOperation, PlainOperation {
        static let operation = Operation.erf
        static let code: UInt16 = 43, name = "erf"
        static let samples: [Operation.Sample] = [.init(.erf, .signed(3, 5))]
        let function = UnaryFunction.erf
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            let square = rule.emit(.multiply, rule.x, rule.x)
            let bell = rule.emit(.exp, rule.emit(.negate, square))
            let height = rule.constant(2 / Float.pi.squareRoot())
            return rule.product(rule.cotangent, rule.emit(.multiply, bell, height))
        }

        func reference(_ number: Double) -> Double { erf(number) }
    }

    /// The sine.
    struct Sin: UnaryOperation, PlainOperation {
        static let operation = Operation.sin
        static let code: UInt16 = 44, name = "sin"
        static let samples: [Operation.Sample] = [.init(.sin, .signed(3, 5))]
        let function = UnaryFunction.sin
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            rule.product(rule.cotangent, rule.emit(.cos, rule.x))
        }

        func reference(_ number: Double) -> Double { sin(number) }
    }

    /// The cosine.
    struct Cos: UnaryOperation, PlainOperation {
        static let operation = Operation.cos
        static let code: UInt16 = 45, name = "cos"
        static let samples: [Operation.Sample] = [.init(.cos, .signed(3, 5))]
        let function = UnaryFunction.cos
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            rule.product(rule.cotangent, rule.emit(.negate, rule.emit(.sin, rule.x)))
        }

        func reference(_ number: Double) -> Double { cos(number) }
    }

    /// 1 ∕ (1 + e⁻ˣ)
    struct Sigmoid: UnaryOperation, PlainOperation {
        static let operation = Operation.sigmoid
        static let code: UInt16 = 36, name = "sigmoid"
        static let samples: [Operation.Sample] = [.init(.sigmoid, .signed(3, 5))]
        let function = UnaryFunction.sigmoid
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            let rest = rule.emit(.subtract, rule.constant(1), rule.output)
            return rule.product(rule.cotangent, rule.emit(.multiply, rule.output, rest))
        }

        func reference(_ number: Double) -> Double { 1 / (1 + exp(-number)) }
    }

    /// x where it is positive, else 0, with slope 0 at 0.
    struct ReLU: UnaryOperation, PlainOperation {
        static let operation = Operation.relu
        static let code: UInt16 = 37, name = "relu"
        static let samples: [Operation.Sample] = [.init(.relu, .signed(3, 5))]
        let function = UnaryFunction.relu
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            rule.emit(.reluGradient, rule.cotangent, rule.output)
        }

        func reference(_ number: Double) -> Double { max(number, 0) }
    }

    /// |x|, with slope 0 at 0.
    struct Abs: UnaryOperation, PlainOperation {
        static let operation = Operation.abs
        static let code: UInt16 = 38, name = "abs"
        static let samples: [Operation.Sample] = [.init(.abs, .signed(3, 5))]
        let function = UnaryFunction.abs
        let rowEffect = RowEffect(.broadcast)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            rule.product(rule.cotangent, rule.emit(.sign, rule.x))
        }

        func reference(_ number: Double) -> Double { number.magnitude }
    }

    /// −1, 0 or 1; flat.
    struct Sign: UnaryOperation, PlainOperation {
        static let operation = Operation.sign
        static let code: UInt16 = 39, name = "sign"
        static let samples: [Operation.Sample] = [.init(.sign, .signed(3, 5))]
        let function = UnaryFunction.sign
        let rowEffect = RowEffect(.compared)

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? { nil }
        func reference(_ number: Double) -> Double { number > 0 ? 1 : number < 0 ? -1 : 0 }
    }

    /// x to a power that stays the same.
    struct Power: UnaryOperation {
        static let code: UInt16 = 40, name = "power"
        static let samples: [Operation.Sample] = [
            .init(.power(exponent: 2), .signed(3, 4)), .init(.power(exponent: -1.5), .positive(7)),
        ]
        let exponent: Float
        let rowEffect = RowEffect(.broadcast)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .power(exponent: try reader.float())
        }

        var attributes: OperationAttributes { OperationAttributes(floats: [exponent]) }
        var function: UnaryFunction { .power(exponent) }

        func slope(_ rule: inout GradientRule) -> GradientRule.ValueID? {
            // 0 and 1 apart: x⁻¹ and x⁰ would make 0 · ∞ of them at 0.
            switch exponent {
            case 0: return nil
            case 1: return rule.cotangent
            case 2:
                return rule.product(rule.cotangent, rule.emit(.multiply, rule.constant(2), rule.x))
            default:
                let power = rule.emit(.power(exponent: exponent - 1), rule.x)
                return rule.product(rule.cotangent, rule.emit(.multiply, rule.constant(exponent), power))
            }
        }

        func reference(_ number: Double) -> Double { pow(number, Double(exponent)) }
    }

    /// The first where the second, the output of relu, is positive, else 0.
    struct ReLUGradient: BinaryOperation {
        static let operation = Operation.reluGradient, function = BinaryFunction.reluGradient
        static let code: UInt16 = 41, name = "reluGradient"
        static let samples: [Operation.Sample] = [.init(.reluGradient, .signed(3, 5), .signed(3, 5))]
        let rowEffect = RowEffect(.broadcast, .byFirst, isProportional: true)

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloats()
            try rule.require(rule.inputs[0].shape == rule.inputs[1].shape, "the two shapes differ")
            return rule.inputs[0]
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.isNeeded[0] ? rule.emit(.reluGradient, rule.cotangent, rule.y) : nil, nil]
        }

        func reference(_ numbers: [Double]) -> Double { numbers[1] > 0 ? numbers[0] : 0 }
    }

    /// Numbers as another type; float to integer truncates towards zero and saturates.
    struct Cast: SinglePassOperation {
        static let code: UInt16 = 42, name = "cast", inputCounts = 1...1
        static let samples: [Operation.Sample] = [
            .init(.cast(to: .float32), .labels(.uint8, below: 256, 3, 5)),
            .init(.cast(to: .float32), .labels(.int64, below: 256, 3, 5)),
            .init(.cast(to: .int32), .signed(3, 5)),
            .init(.cast(to: .int64), .labels(.int32, below: 9, 4)),
            .init(.cast(to: .uint8), .positive(4)),
        ]
        let elementType: ElementType
        let rowEffect = RowEffect(.kept, .proportional, isProportional: true)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .cast(to: try reader.elementType())
        }

        var attributes: OperationAttributes { OperationAttributes([Int(elementType.rawValue)]) }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            ValueType(elementType, rule.inputs[0].shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard elementType.isDifferentiable else {
                throw rule.refusal("\(elementType) values have no gradient")
            }
            return [rule.cotangent]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .cast(from: inputs[0].elementType, to: elementType, count: output.shape.elementCount)
        }

        func isView(_ inputs: [ValueType], _ output: ValueType) -> Bool {
            inputs[0].elementType == output.elementType
        }

        func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            inputs[0].map { elementType == .float32 ? $0 : $0.rounded(.towardZero) }
        }
    }
}
