extension Operation {
    /// An operation with inputs it can take: what every property of the table is tested with.
    package struct Sample: Sendable, CustomStringConvertible {
        /// Which numbers an input is drawn from.
        package enum Domain: Sendable, Hashable {
            /// Any sign, about −2 to 2.
            case signed
            /// About 0.5 to 1.5, where roots and logarithms are at home.
            case positive
            /// 0 or 1.
            case flags
            /// Whole numbers from 0 up to a count.
            case labels(Int)
        }

        /// The operation.
        package let operation: Operation
        /// The types of its inputs.
        package let types: [ValueType]
        /// What each input is drawn from.
        package let domains: [Domain]

        /// The operation and its input types.
        package var description: String {
            "\(operation)(\(types.map(\.description).joined(separator: ", ")))"
        }

        init(_ operation: Operation, _ inputs: (ValueType, Domain)...) {
            self.operation = operation
            self.types = inputs.map(\.0)
            self.domains = inputs.map(\.1)
        }
    }

    /// At least one sample for every operation; tests hold them against the wire codes.
    package static let samples: [Sample] =
        arithmetic + elementwise + reductions + products + movement + classification

    private typealias Argument = (ValueType, Sample.Domain)

    private static func value(_ type: ElementType, _ sizes: [Int], _ domain: Sample.Domain) -> Argument {
        (ValueType(type, Shape(checked: sizes, elementCount: sizes.reduce(1, *))), domain)
    }

    private static func signed(_ sizes: Int...) -> Argument { value(.float32, sizes, .signed) }
    private static func positive(_ sizes: Int...) -> Argument { value(.float32, sizes, .positive) }
    private static func flags(_ sizes: Int...) -> Argument { value(.float32, sizes, .flags) }
    private static func labels(_ type: ElementType, below count: Int, _ sizes: Int...) -> Argument {
        value(type, sizes, .labels(count))
    }

    private static let arithmetic: [Sample] = [
        Sample(.add, signed(3, 4), signed(3, 4)),
        Sample(.add, signed(3, 1), signed(1, 4)),
        Sample(.subtract, signed(3, 4), signed(4)),
        Sample(.multiply, signed(2, 3, 4), signed(3, 1)),
        Sample(.multiply, signed(5), signed()),
        Sample(.divide, signed(3, 4), positive(4)),
        Sample(.maximum, signed(3, 4), signed(3, 4)),
        Sample(.maximum, flags(3, 4), flags(4)),
        Sample(.minimum, signed(3, 4), signed(4)),
        Sample(.greater, signed(3, 4), signed(4)),
        Sample(.equal, flags(3, 4), flags(4)),
        Sample(.equal, labels(.int64, below: 3, 8), labels(.int64, below: 3, 8)),
        Sample(.equal, labels(.uint8, below: 3, 8), labels(.uint8, below: 3, 1)),
        Sample(.addProduct, signed(3, 4), signed(), signed(3, 4)),
        Sample(.addProduct, signed(3, 1), signed(4), signed(3, 4)),
        Sample(.select, flags(3, 4), signed(3, 4), signed(4)),
    ]

    private static let elementwise: [Sample] = [
        Sample(.negate, signed(3, 5)),
        Sample(.exp, signed(3, 5)),
        Sample(.log, positive(3, 5)),
        Sample(.sqrt, positive(3, 5)),
        Sample(.reciprocal, positive(3, 5)),
        Sample(.tanh, signed(3, 5)),
        Sample(.sigmoid, signed(3, 5)),
        Sample(.relu, signed(3, 5)),
        Sample(.abs, signed(3, 5)),
        Sample(.sign, signed(3, 5)),
        Sample(.power(exponent: 2), signed(3, 4)),
        Sample(.power(exponent: -1.5), positive(7)),
        Sample(.reluGradient, signed(3, 5), signed(3, 5)),
        Sample(.cast(to: .float32), labels(.uint8, below: 256, 3, 5)),
        Sample(.cast(to: .float32), labels(.int64, below: 256, 3, 5)),
        Sample(.cast(to: .int32), signed(3, 5)),
        Sample(.cast(to: .int64), labels(.int32, below: 9, 4)),
        Sample(.cast(to: .uint8), positive(4)),
    ]

    private static let reductions: [Sample] = [
        Sample(.sum(axes: nil, keepsDimensions: false), signed(2, 3, 4)),
        Sample(.sum(axes: [0], keepsDimensions: false), signed(2, 3, 4)),
        Sample(.sum(axes: [0, -1], keepsDimensions: true), signed(2, 3, 4)),
        Sample(.mean(axes: nil, keepsDimensions: false), signed(2, 3, 4)),
        Sample(.mean(axes: [1], keepsDimensions: true), signed(2, 3, 4)),
        Sample(.max(axes: [1], keepsDimensions: false), signed(3, 5)),
        Sample(.max(axes: nil, keepsDimensions: true), signed(3, 5)),
        Sample(.min(axes: [0], keepsDimensions: false), signed(3, 5)),
        Sample(.argmax(axis: -1), signed(3, 5)),
        Sample(.argmax(axis: 0), flags(3, 5)),
        Sample(.sumLike, signed(2, 3, 4), signed(3, 1)),
        Sample(.sumLike, signed(3, 4), signed(3, 4)),
        Sample(
            .broadcastLike(axes: [1], keepsDimensions: false, averaging: false), signed(2, 4), signed(2, 3, 4)
        ),
        Sample(
            .broadcastLike(axes: [-1], keepsDimensions: true, averaging: true), signed(2, 3, 1),
            signed(2, 3, 4)),
        Sample(.broadcastLike(axes: nil, keepsDimensions: false, averaging: true), signed(), signed(2, 3)),
        Sample(.reshapeLike, signed(2, 6), signed(3, 4)),
    ]

    private static let products: [Sample] = [
        Sample(.matmul(transposeLeft: false, transposeRight: false), signed(3, 4), signed(4, 5)),
        Sample(.matmul(transposeLeft: true, transposeRight: false), signed(4, 3), signed(4, 5)),
        Sample(.matmul(transposeLeft: false, transposeRight: true), signed(3, 4), signed(5, 4)),
        Sample(.matmul(transposeLeft: true, transposeRight: true), signed(4, 3), signed(5, 4)),
        Sample(.matmul(transposeLeft: false, transposeRight: false), signed(2, 1, 3, 4), signed(5, 4, 2)),
        Sample(.linear, signed(6, 4), signed(5, 4), signed(5)),
        Sample(.linear, signed(2, 3, 4), signed(5, 4), signed(5)),
    ]

    private static let movement: [Sample] = [
        Sample(.reshape(to: [4, 6]), signed(2, 3, 4)),
        Sample(.reshape(to: [0, -1]), signed(2, 3, 4)),
        Sample(.transpose(permutation: [2, 0, 1]), signed(2, 3, 4)),
        Sample(.expand(to: [3, 0, 5]), signed(4, 1)),
        Sample(.slice(starts: [1, 0], stops: [3, 5], steps: [1, 2]), signed(4, 5)),
        Sample(.slice(starts: [1], stops: [3], steps: [1]), signed(4, 2, 3)),
        Sample(.slice(starts: [0, -3], stops: [.max, -1], steps: [2, 1]), signed(3, 4, 2)),
        Sample(.slice(starts: [2], stops: [.max], steps: [3]), labels(.int64, below: 9, 9)),
        Sample(.slice(starts: [0, 1], stops: [2, 4], steps: [1, 1]), labels(.uint8, below: 9, 3, 5)),
        Sample(.sliceGradient(starts: [1, 0], stops: [3, 5], steps: [1, 2]), signed(2, 3), signed(4, 5)),
        Sample(.sliceGradient(starts: [-2], stops: [.max], steps: [1]), signed(2, 2, 3), signed(4, 2, 3)),
        Sample(
            .sliceGradient(starts: [1], stops: [4], steps: [2]), labels(.int32, below: 9, 2),
            labels(.uint8, below: 9, 5)),
    ]

    private static let classification: [Sample] = [
        Sample(.softmax(axis: -1), signed(3, 5)),
        Sample(.softmax(axis: 0), signed(3, 5)),
        Sample(.logSoftmax(axis: 1), signed(3, 5)),
        Sample(.softmaxCrossEntropy(.none), signed(6, 5), labels(.int64, below: 5, 6)),
        Sample(.softmaxCrossEntropy(.sum), signed(6, 5), labels(.int32, below: 5, 6)),
        Sample(.softmaxCrossEntropy(.mean), signed(6, 5), labels(.int64, below: 5, 6)),
        Sample(.softmaxCrossEntropyGradient(.none), signed(6), signed(6, 5), labels(.int64, below: 5, 6)),
        Sample(.softmaxCrossEntropyGradient(.sum), signed(), signed(6, 5), labels(.int32, below: 5, 6)),
        Sample(.softmaxCrossEntropyGradient(.mean), signed(), signed(6, 5), labels(.int64, below: 5, 6)),
        Sample(.oneHot(depth: 5), labels(.int64, below: 5, 7)),
        Sample(.oneHot(depth: 3), labels(.int32, below: 3, 2, 2)),
    ]
}
