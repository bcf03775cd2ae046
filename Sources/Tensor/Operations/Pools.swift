/// An operation on windows of x [rows, channels, spatial…], or what undoes one.
protocol PoolOperation: OperationDefinition {
    /// How the windows lie.
    var pool: Pool { get }
}

extension PoolOperation {
    var attributes: OperationAttributes { pool.attributes }
    func checkedClasses(_ inputs: [ValueType]) -> (input: Int, classCount: Int)? { nil }

    /// As many as the windows have elements; capped, for windows may overlap at will.
    fileprivate func elementCount(of windows: ValueType) -> Int {
        pool.sizes.reduce(windows.shape.elementCount) { $0.multipliedSaturated(by: $1) }
    }

    /// The indices in x of the elements of a window, in their order.
    fileprivate func elements(of window: [Int], _ x: [Int]) -> [[Int]] {
        let places = ReferenceValue.indices(pool.sizes)
        return places.compactMap { place in
            let own = pool.axes.enumerated().compactMap { axis, windows in
                windows.element(of: window[axis + 2], place[axis], among: x[axis + 2])
            }
            return own.count == place.count ? [window[0], window[1]] + own : nil
        }
    }

    fileprivate func sizes(_ x: [Int]) -> [Int] {
        Array(x.prefix(2)) + pool.axes.enumerated().map { $1.count(of: x[$0 + 2]) ?? 0 }
    }
}

extension Operations {
    /// The largest element of each window, and where in x's plane it lies.
    struct MaxPool: PoolOperation {
        static let code: UInt16 = 110, name = "maxPool", inputCounts = 1...1
        static let samples: [Operation.Sample] = [
            .init(.maxPool(Pool(sizes: [2, 2], strides: [2, 2], padding: [0, 0])), .signed(2, 1, 4, 5)),
            .init(.maxPool(Pool(sizes: [3, 2], strides: [2, 1], padding: [1, 1])), .signed(1, 2, 5, 3)),
            .init(.maxPool(Pool(sizes: [2], strides: [1], padding: [0])), .flags(2, 1, 6)),
            .init(
                .maxPool(Pool(sizes: [2, 1, 2], strides: [1, 1, 2], padding: [1, 0, 0])),
                .signed(1, 1, 2, 3, 4)),
        ]
        let pool: Pool
        let resultCount = 2
        let rowEffect = RowEffect(.kept)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .maxPool(try Pool(&reader))
        }

        func outputTypes(_ rule: ShapeRule) throws(TensorError) -> [ValueType] {
            try rule.requireFloats()
            let x = rule.inputs[0].shape, shape = try pool.output(x, rule)
            try rule.requireElements(along: Array(2..<x.rank))
            return [ValueType(.float32, shape), ValueType(.int64, shape)]
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            guard let cotangent = rule.cotangents[0] else { return [nil] }
            return [rule.emit(.scatterPlanes(axes: pool.sizes.count), cotangent, rule.output + 1, rule.x)]
        }

        func instruction(_ inputs: [ValueType], _ outputs: [ValueType]) -> Instruction {
            .maxPool(PoolGeometry(pool, x: inputs[0].shape, windows: outputs[0].shape))
        }

        func operationCount(_ inputs: [ValueType], _ outputs: [ValueType]) -> Int {
            elementCount(of: outputs[0])
        }

        func references(_ inputs: [ReferenceValue]) -> [ReferenceValue] {
            let x = inputs[0], sizes = sizes(x.sizes)
            func largest(_ window: [Int]) -> [Int] {
                elements(of: window, x.sizes).reduce([]) { best, index in
                    if best.isEmpty { return index }
                    return x[index] > x[best] || (x[index].isNaN && !x[best].isNaN) ? index : best
                }
            }
            return [
                ReferenceValue(sizes) { x[largest($0)] },
                ReferenceValue(sizes) { window in
                    let place = zip(largest(window), x.sizes).dropFirst(2)
                    return Double(place.reduce(0) { $0 * $1.1 + $1.0 })
                },
            ]
        }
    }

    /// The sum of the elements of each window.
    struct SumPool: PoolOperation, SingleResultOperation {
        static let code: UInt16 = 111, name = "sumPool", inputCounts = 1...1
        static let samples: [Operation.Sample] = [
            .init(.sumPool(Pool(sizes: [2, 2], strides: [2, 2], padding: [0, 0])), .signed(2, 2, 4, 5)),
            .init(.sumPool(Pool(sizes: [3, 2], strides: [2, 1], padding: [1, 1])), .signed(1, 2, 5, 3)),
            .init(.sumPool(Pool(sizes: [3], strides: [2], padding: [1])), .signed(2, 1, 6)),
        ]
        let pool: Pool
        let rowEffect = RowEffect(.kept, .proportional, isProportional: true)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .sumPool(try Pool(&reader))
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloats()
            return ValueType(.float32, try pool.output(rule.inputs[0].shape, rule))
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.emit(.sumPoolGradient(pool), rule.cotangent, rule.x)]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .sumPool(PoolGeometry(pool, x: inputs[0].shape, windows: output.shape))
        }

        func operationCount(_ inputs: [ValueType], _ output: ValueType) -> Int { elementCount(of: output) }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            ReferenceValue(sizes(inputs[0].sizes)) { window in
                elements(of: window, inputs[0].sizes).reduce(0) { $0 + inputs[0][$1] }
            }
        }
    }

    /// The gradient of `sumPool`: to each element what every window it lies in has.
    struct SumPoolGradient: PoolOperation, SingleResultOperation {
        static let code: UInt16 = 112, name = "sumPoolGradient", inputCounts = 2...2
        static let samples: [Operation.Sample] = [
            .init(
                .sumPoolGradient(Pool(sizes: [3, 2], strides: [2, 1], padding: [1, 1])),
                .signed(1, 2, 3, 4), .signed(1, 2, 5, 3)),
            .init(
                .sumPoolGradient(Pool(sizes: [2], strides: [1], padding: [0])),
                .signed(2, 1, 3), .labels(.uint8, below: 2, 2, 1, 4)),
        ]
        let pool: Pool
        let rowEffect = RowEffect(.kept, informing: 1, .proportional, isProportional: true)

        static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
            .sumPoolGradient(try Pool(&reader))
        }

        func outputType(_ rule: ShapeRule) throws(TensorError) -> ValueType {
            try rule.requireFloat(rule.inputs[0])
            let windows = try pool.output(rule.inputs[1].shape, rule)
            try rule.require(rule.inputs[0].shape == windows, "the cotangent is not \(windows)")
            return ValueType(.float32, rule.inputs[1].shape)
        }

        func gradient(_ rule: inout GradientRule) throws(TensorError) -> [GradientRule.ValueID?] {
            [rule.isNeeded[0] ? rule.emit(.sumPool(pool), rule.cotangent) : nil, nil]
        }

        func instruction(_ inputs: [ValueType], _ output: ValueType) -> Instruction {
            .sumPoolGradient(PoolGeometry(pool, x: output.shape, windows: inputs[0].shape))
        }

        func operationCount(_ inputs: [ValueType], _ output: ValueType) -> Int { elementCount(of: inputs[0]) }

        func reference(_ inputs: [ReferenceValue]) -> ReferenceValue {
            var sums: [[Int]: Double] = [:]
            for window in ReferenceValue.indices(inputs[0].sizes) {
                for element in elements(of: window, inputs[1].sizes) {
                    sums[element, default: 0] += inputs[0][window]
                }
            }
            return ReferenceValue(inputs[1].sizes) { sums[$0] ?? 0 }
        }
    }
}
