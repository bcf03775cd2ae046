// Tensors made of nothing: a shape, and a rule or a seed.
//
// Like plain numbers they are at no location: beside a tensor at a worker they go along with the job.
extension Tensor {
    /// Zeros.
    ///
    /// Sizes that make no shape are reported where the value is needed, here and below.
    public static func zeros(
        _ shape: [Int], elementType: ElementType = .float32, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        full(shape, 0, elementType: elementType, file: file, line: line)
    }

    /// Ones.
    public static func ones(
        _ shape: [Int], elementType: ElementType = .float32, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        full(shape, 1, elementType: elementType, file: file, line: line)
    }

    /// One number everywhere: `Tensor.full([2, 3], 0.5)`. One that the element type cannot hold is reported where
    /// the value is needed.
    public static func full(
        _ shape: [Int], _ number: some TensorNumber, elementType: ElementType = .float32,
        file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        made(file, line) { () throws(TensorError) in
            let count = try Shape(shape).elementCount
            let whole = number as? Int ?? Int(exactly: number.asFloat)
            switch elementType {
            case .float32:
                return try TensorValue([Float](repeating: number.asFloat, count: count), shape: shape)
            case .int32:
                return try TensorValue(
                    try repeating(whole.flatMap(Int32.init(exactly:)), count), shape: shape)
            case .int64:
                return try TensorValue(
                    try repeating(whole.flatMap(Int64.init(exactly:)), count), shape: shape)
            case .uint8:
                return try TensorValue(
                    try repeating(whole.flatMap(UInt8.init(exactly:)), count), shape: shape)
            }

            func repeating<Element>(_ element: Element?, _ count: Int) throws(TensorError) -> [Element] {
                guard let element else {
                    throw .valueMismatch(
                        name: "full", expected: "a number \(elementType) can hold", got: "\(number)")
                }
                return [Element](repeating: element, count: count)
            }
        }
    }

    /// Numbers evenly distributed from a lower bound up to, not including, an upper one.
    ///
    /// - Parameter seed: The same seed gives the same numbers; by default others each time.
    public static func random(
        _ shape: [Int], in range: Range<Float> = 0..<1, seed: UInt64 = .random(in: .min ... .max),
        file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        var random = Philox(seed: seed, purpose: .samples)
        return .random(shape, in: range, using: &random, file: file, line: line)
    }

    /// Numbers evenly distributed from a lower bound up to, not including, an upper one, drawn from a generator.
    public static func random(
        _ shape: [Int], in range: Range<Float> = 0..<1, using random: inout Philox,
        file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        var generator = random
        defer { random = generator }
        let (low, high) = (range.lowerBound, range.upperBound)
        return made(file, line) { () throws(TensorError) in
            guard low.isFinite, high.isFinite else {
                throw .valueMismatch(name: "random", expected: "finite bounds", got: "\(range)")
            }
            // Rounded, a number just below the upper bound would be it.
            let last = Swift.max(low, high.nextDown)
            let elements = (0..<(try Shape(shape).elementCount)).map { _ in
                let share = generator.uniform()
                return Swift.min(low * (1 - share) + high * share, last)
            }
            return try TensorValue(elements, shape: shape)
        }
    }

    /// Numbers normally distributed around a mean.
    ///
    /// - Parameter seed: The same seed gives the same numbers; by default others each time.
    public static func randomNormal(
        _ shape: [Int], mean: Float = 0, deviation: Float = 1, seed: UInt64 = .random(in: .min ... .max),
        file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        var random = Philox(seed: seed, purpose: .samples)
        return .randomNormal(shape, mean: mean, deviation: deviation, using: &random, file: file, line: line)
    }

    /// Numbers normally distributed around a mean, drawn from a generator.
    public static func randomNormal(
        _ shape: [Int], mean: Float = 0, deviation: Float = 1, using random: inout Philox,
        file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        var generator = random
        defer { random = generator }
        return made(file, line) { () throws(TensorError) in
            let count = try Shape(shape).elementCount
            let elements = generator.normal(count, deviation: Double(deviation)).map { mean + $0 }
            return try TensorValue(elements, shape: shape)
        }
    }

    /// A vector of numbers at one distance, from a first up to, not including, a bound:
    /// `Tensor.stride(to: 4)` is `[0, 1, 2, 3]`.
    public static func stride(
        from first: Double = 0, to bound: Double, by step: Double = 1,
        file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        made(file, line) { () throws(TensorError) in
            let steps = ((bound - first) / step).rounded(.up)
            guard step != 0, step.isFinite, steps <= Double(Shape.elementCountMaximum) else {
                throw .valueMismatch(
                    name: "stride", expected: "a bound that is reached in \(Shape.elementCountMaximum) steps",
                    got: "from \(first) to \(bound) by \(step)")
            }
            return try TensorValue((0..<Int(Swift.max(steps, 0))).map { Float(first + Double($0) * step) })
        }
    }

    private static func made(
        _ file: StaticString, _ line: Int, _ value: () throws(TensorError) -> TensorValue
    ) -> Tensor {
        let origin = Origin(file: file, line: line)
        do throws(TensorError) {
            return Tensor(Expression(.value(try value()), location: .anywhere, origin: origin))
        } catch {
            return .failing(error, origin)
        }
    }
}
