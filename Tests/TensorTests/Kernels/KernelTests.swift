import TestSupport
import Testing

@testable import Tensor

/// Runs one operation through its kernel.
func results(_ operation: Operation, _ inputs: [TensorValue]) throws -> [TensorValue] {
    let outputs = try operation.outputTypes(of: inputs.map(\.type))
    return try operation.definition.instruction(inputs.map(\.type), outputs)
        .evaluate(inputs, outputs: outputs, .never)
}

/// Runs one operation through its kernel: the first result.
func evaluate(_ operation: Operation, _ inputs: [TensorValue]) throws -> TensorValue {
    try results(operation, inputs)[0]
}

/// Records an issue unless the kernel gives what the slow twin gives.
func expectTwin(
    _ operation: Operation, _ inputs: [TensorValue], absolute: Double = 1e-6,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let twins = operation.references(try inputs.map { try ReferenceValue($0) })
    for (index, (got, twin)) in zip(try results(operation, inputs), twins).enumerated() {
        expectSame(
            try ReferenceValue(got), twin, absolute,
            "result \(index) of \(operation) of \(inputs.map(\.type))",
            sourceLocation)
    }
}

private func expectSame(
    _ got: ReferenceValue, _ twin: ReferenceValue, _ absolute: Double, _ what: String,
    _ sourceLocation: SourceLocation
) {
    guard got.sizes == twin.sizes, got.numbers.count == twin.numbers.count else {
        Issue.record("\(what): sizes \(got.sizes), twin \(twin.sizes)", sourceLocation: sourceLocation)
        return
    }
    for (index, (a, b)) in zip(got.numbers, twin.numbers).enumerated() {
        let isSame = a == b || (a.isNaN && b.isNaN) || abs(a - b) <= absolute + 1e-5 * abs(b)
        if !isSame {
            Issue.record("\(what): element \(index) is \(a), twin \(b)", sourceLocation: sourceLocation)
            return
        }
    }
}

/// Numbers and shapes for properties, the same for the same seed.
struct Draw {
    private var random: Philox

    init(seed: UInt64) {
        random = Philox(seed: seed, purpose: .samples)
    }

    mutating func number(below count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    mutating func flag() -> Bool { number(below: 2) == 0 }

    mutating func shape(rank: Int, sizes: [Int] = [1, 2, 3, 5, 17]) -> [Int] {
        (0..<rank).map { _ in sizes[number(below: sizes.count)] }
    }

    /// A shape that broadcasts to another: some axes 1, some leading axes missing.
    mutating func part(of shape: [Int]) -> [Int] {
        let kept = shape.map { flag() ? $0 : number(below: 3) == 0 ? 1 : $0 }
        return Array(kept.dropFirst(number(below: 3) == 0 ? number(below: shape.count + 1) : 0))
    }

    mutating func floats(_ shape: [Int], in range: ClosedRange<Float> = -2...2) throws -> TensorValue {
        let count = shape.reduce(1, *)
        return try TensorValue((0..<count).map { _ in Float.random(in: range, using: &random) }, shape: shape)
    }

    /// Whole numbers as float32, among them equal ones.
    mutating func steps(_ shape: [Int], below count: Int = 3) throws -> TensorValue {
        try TensorValue((0..<shape.reduce(1, *)).map { _ in Float(number(below: count)) - 1 }, shape: shape)
    }

    mutating func labels(_ shape: [Int], below count: Int) throws -> TensorValue {
        try TensorValue((0..<shape.reduce(1, *)).map { _ in Int64(number(below: count)) }, shape: shape)
    }

    mutating func order(_ count: Int) -> [Int] { Array(0..<count).shuffled(using: &random) }
}

@Suite("kernels")
struct KernelTests {
    @Test("kernel and slow twin agree on every sample", arguments: Operation.samples)
    func samples(_ sample: Operation.Sample) throws {
        for seed in 0..<5 {
            let inputs = try zip(sample.inputs(seed: UInt64(seed)), sample.types).map {
                try $0.tensorValue($1.elementType)
            }
            try expectTwin(sample.operation, inputs)
        }
    }

    static let binary: [Operation] = [
        .add, .subtract, .multiply, .divide, .maximum, .minimum, .greater, .equal,
    ]

    @Test("two operands of any shapes that broadcast", arguments: binary)
    func broadcasting(_ operation: Operation) throws {
        var draw = Draw(seed: 11)
        for _ in 0..<60 {
            let shape = draw.shape(rank: draw.number(below: 5))
            let inputs = [
                try draw.steps(draw.part(of: shape)), try draw.steps(draw.part(of: shape), below: 4),
            ]
            try expectTwin(operation, draw.flag() ? inputs : inputs.reversed())
        }
    }

    @Test("three operands of any shapes that broadcast", arguments: [Operation.addProduct, .select])
    func broadcastingThree(_ operation: Operation) throws {
        var draw = Draw(seed: 12)
        for _ in 0..<100 {
            let shape = draw.shape(rank: draw.number(below: 5))
            try expectTwin(operation, (0..<3).map { _ in try draw.steps(draw.part(of: shape)) })
        }
    }

    @Test("nothing comes of nothing", arguments: binary)
    func emptyOperands(_ operation: Operation) throws {
        for (left, right) in [
            ([0], [0]), ([3, 0], [0]), ([3, 0], [1]), ([0, 4], [4]), ([2, 1, 0], [3, 1]), ([0], []),
        ] {
            try expectTwin(operation, [.zeros(left), .zeros(right)])
        }
    }

    @Test("functions of one number over odd lengths")
    func unary() throws {
        var draw = Draw(seed: 13)
        let signed: [Operation] = [
            .negate, .exp, .tanh, .sigmoid, .relu, .abs, .sign, .power(exponent: 2), .power(exponent: 3),
        ]
        let positive: [Operation] = [
            .log, .sqrt, .reciprocal, .power(exponent: 0.5), .power(exponent: -1), .power(exponent: 1),
            .power(exponent: 2.5),
        ]
        for count in [0, 1, 3, 16, 33, 200] {
            for operation in signed { try expectTwin(operation, [draw.floats([count])]) }
            for operation in positive { try expectTwin(operation, [draw.floats([count], in: 0.1...3)]) }
        }
    }

    @Test("a NaN goes through what chooses")
    func notANumber() throws {
        let x = try TensorValue([.nan, 1, .nan, 0]), y = try TensorValue([1, .nan, .nan, 0])
        for operation in [Operation.maximum, .minimum] {
            let numbers = try evaluate(operation, [x, y]).floats
            #expect(numbers.map(\.isNaN) == [true, true, true, false])
        }
        #expect(try evaluate(.relu, [x]).floats.map(\.isNaN) == [true, false, true, false])
        #expect(try evaluate(.max(axes: nil, keepsDimensions: false), [x]).scalar().isNaN)
        #expect(try evaluate(.min(axes: nil, keepsDimensions: false), [x]).scalar().isNaN)
        #expect(try evaluate(.argmax(axis: 0), [y]).int64s == [1])
        #expect(try evaluate(.greater, [x, y]).floats == [0, 0, 0, 0])
    }

    @Test("casting truncates towards zero and saturates")
    func casting() throws {
        let x = try TensorValue([-1.9, 1.9, -0.5, 255, 256, 3e9, -3e9, 1e30, -.infinity, .nan] as [Float])
        #expect(try evaluate(.cast(to: .uint8), [x]).bytes == [0, 1, 0, 255, 255, 255, 0, 255, 0, 0])
        #expect(
            try evaluate(.cast(to: .int32), [x]).int32s
                == [-1, 1, 0, 255, 256, .max, .min, .max, .min, 0])
        #expect(
            try evaluate(.cast(to: .int64), [x]).int64s
                == [-1, 1, 0, 255, 256, 3_000_000_000, -3_000_000_000, .max, .min, 0])
        let wide = try TensorValue([Int64.min, -1, 300, .max])
        #expect(try evaluate(.cast(to: .int32), [wide]).int32s == [.min, -1, 300, .max])
        #expect(try evaluate(.cast(to: .uint8), [wide]).bytes == [0, 0, 255, 255])
        #expect(
            try evaluate(.cast(to: .float32), [try TensorValue([0, 7, 255] as [UInt8])]).floats == [
                0, 7, 255,
            ])
    }

    @Test("equal compares every element type")
    func equality() throws {
        #expect(
            try evaluate(.equal, [TensorValue([1, 2] as [Int32]), TensorValue([1, 3] as [Int32])]).floats == [
                1, 0,
            ])
        let large = Int64(1) << 40
        #expect(
            try evaluate(.equal, [TensorValue([large, 2]), TensorValue([large + 1, 2])]).floats == [0, 1])
    }
}

extension TensorValue {
    /// Zeros of float32.
    static func zeros(_ sizes: [Int]) throws -> TensorValue {
        .zeros(ValueType(.float32, try Shape(sizes)))
    }
}
