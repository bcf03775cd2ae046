/// The numbers that complete an operation on the wire, in an order its case fixes.
package struct OperationAttributes: Sendable, Hashable {
    /// Whole numbers: flags as 0 or 1, axes, sizes, raw values of enums.
    package var integers: [Int64]
    /// Real numbers.
    package var floats: [Float]

    /// Lists numbers.
    package init(integers: [Int64] = [], floats: [Float] = []) {
        self.integers = integers
        self.floats = floats
    }
}

extension Operation {
    /// The number that stands for the operation on the wire: unique, and never given to another operation.
    package var wireCode: UInt16 {
        switch self {
        case .add: 1
        case .subtract: 2
        case .multiply: 3
        case .divide: 4
        case .maximum: 5
        case .minimum: 6
        case .greater: 7
        case .equal: 8
        case .addProduct: 20
        case .select: 21
        case .negate: 30
        case .exp: 31
        case .log: 32
        case .sqrt: 33
        case .reciprocal: 34
        case .tanh: 35
        case .sigmoid: 36
        case .relu: 37
        case .abs: 38
        case .sign: 39
        case .power: 40
        case .reluGradient: 41
        case .cast: 42
        case .sum: 70
        case .mean: 71
        case .max: 72
        case .min: 73
        case .argmax: 74
        case .sumLike: 90
        case .broadcastLike: 91
        case .reshapeLike: 92
        case .matmul: 100
        case .linear: 101
        case .reshape: 120
        case .transpose: 121
        case .expand: 122
        case .slice: 123
        case .sliceGradient: 124
        case .softmax: 150
        case .logSoftmax: 151
        case .softmaxCrossEntropy: 152
        case .softmaxCrossEntropyGradient: 153
        case .oneHot: 154
        }
    }

    /// The attributes as they travel, in the order `init(wireCode:attributes:)` reads them.
    package var attributes: OperationAttributes {
        switch self {
        case .add, .subtract, .multiply, .divide, .maximum, .minimum, .greater, .equal, .addProduct, .select,
            .negate, .exp, .log, .sqrt, .reciprocal, .tanh, .sigmoid, .relu, .abs, .sign, .reluGradient,
            .sumLike, .reshapeLike, .linear:
            OperationAttributes()
        case .power(let exponent):
            OperationAttributes(floats: [exponent])
        case .cast(let elementType):
            OperationAttributes(integers: [Int64(elementType.rawValue)])
        case .sum(let axes, let keepsDimensions), .mean(let axes, let keepsDimensions),
            .max(let axes, let keepsDimensions), .min(let axes, let keepsDimensions):
            OperationAttributes(integers: [keepsDimensions.wire] + Operation.wire(axes: axes))
        case .broadcastLike(let axes, let keepsDimensions, let averaging):
            OperationAttributes(
                integers: [keepsDimensions.wire, averaging.wire] + Operation.wire(axes: axes))
        case .matmul(let transposeLeft, let transposeRight):
            OperationAttributes(integers: [transposeLeft.wire, transposeRight.wire])
        case .reshape(let numbers), .transpose(let numbers), .expand(let numbers):
            OperationAttributes(integers: numbers.map(Int64.init))
        case .slice(let starts, let stops, let steps), .sliceGradient(let starts, let stops, let steps):
            OperationAttributes(integers: (starts + stops + steps).map(Int64.init))
        case .argmax(let number), .softmax(let number), .logSoftmax(let number), .oneHot(let number):
            OperationAttributes(integers: [Int64(number)])
        case .softmaxCrossEntropy(let reduction), .softmaxCrossEntropyGradient(let reduction):
            OperationAttributes(integers: [Int64(reduction.rawValue)])
        }
    }

    /// Reads an operation off the wire.
    ///
    /// - Throws: `TensorError.invalidGraph` for a code nobody knows, and for attributes that are not exactly
    ///   what the operation has.
    package init(wireCode: UInt16, attributes: OperationAttributes) throws(TensorError) {
        var reader = AttributeReader(wireCode: wireCode, attributes: attributes)
        self = try Operation.read(&reader)
        try reader.finish()
    }

    private static func read(_ reader: inout AttributeReader) throws(TensorError) -> Operation {
        switch reader.wireCode {
        case 1: .add
        case 2: .subtract
        case 3: .multiply
        case 4: .divide
        case 5: .maximum
        case 6: .minimum
        case 7: .greater
        case 8: .equal
        case 20: .addProduct
        case 21: .select
        case 30: .negate
        case 31: .exp
        case 32: .log
        case 33: .sqrt
        case 34: .reciprocal
        case 35: .tanh
        case 36: .sigmoid
        case 37: .relu
        case 38: .abs
        case 39: .sign
        case 40: .power(exponent: try reader.float())
        case 41: .reluGradient
        case 42: .cast(to: try reader.elementType())
        case 70: .sum(axes: try reader.axes(after: 1), keepsDimensions: try reader.flag())
        case 71: .mean(axes: try reader.axes(after: 1), keepsDimensions: try reader.flag())
        case 72: .max(axes: try reader.axes(after: 1), keepsDimensions: try reader.flag())
        case 73: .min(axes: try reader.axes(after: 1), keepsDimensions: try reader.flag())
        case 74: .argmax(axis: try reader.integer())
        case 90: .sumLike
        case 91:
            .broadcastLike(
                axes: try reader.axes(after: 2), keepsDimensions: try reader.flag(),
                averaging: try reader.flag())
        case 92: .reshapeLike
        case 100: .matmul(transposeLeft: try reader.flag(), transposeRight: try reader.flag())
        case 101: .linear
        case 120: .reshape(to: try reader.list())
        case 121: .transpose(permutation: try reader.list())
        case 122: .expand(to: try reader.list())
        case 123, 124: slice(try reader.lists(3), isGradient: reader.wireCode == 124)
        case 150: .softmax(axis: try reader.integer())
        case 151: .logSoftmax(axis: try reader.integer())
        case 152: .softmaxCrossEntropy(try reader.reduction())
        case 153: .softmaxCrossEntropyGradient(try reader.reduction())
        case 154: .oneHot(depth: try reader.integer())
        default: throw .invalidGraph(reason: "operation code \(reader.wireCode) is unknown")
        }
    }

    /// The two that share starts, stops and steps.
    private static func slice(_ lists: [[Int]], isGradient: Bool) -> Operation {
        isGradient
            ? .sliceGradient(starts: lists[0], stops: lists[1], steps: lists[2])
            : .slice(starts: lists[0], stops: lists[1], steps: lists[2])
    }

    /// 1 alone for all axes; else 0 and the axes.
    private static func wire(axes: [Int]?) -> [Int64] {
        guard let axes else { return [1] }
        return [0] + axes.map(Int64.init)
    }
}

extension Bool {
    fileprivate var wire: Int64 { self ? 1 : 0 }
}
