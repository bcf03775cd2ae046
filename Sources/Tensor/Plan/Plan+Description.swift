extension Plan {
    /// A step as people read it: what it does, what it makes, and what that takes.
    struct Listing: Sendable {
        /// The work.
        let instruction: Instruction
        /// The types of what it makes.
        let types: [ValueType]
        /// About how many arithmetic operations it takes.
        let operationCount: Int
        /// The bytes it reads and writes.
        let byteCount: Int
    }
}

extension Plan: CustomStringConvertible {
    /// What will run, a line for each step: the work, the types it makes, about how many arithmetic operations it takes
    /// and the bytes it reads and writes; before them, what all of it takes.
    package var description: String {
        let total = "\(operationEstimate) operations, \(byteCount) bytes of memory"
        let lines = listings.enumerated().map { number, step in
            let types = step.types.map(\.description).joined(separator: ", ")
            return "\(number + 1). \(step.instruction) → \(types): \(step.operationCount) operations, "
                + "\(step.byteCount) bytes"
        }
        return (["\(listings.count) steps, \(total)"] + lines).joined(separator: "\n")
    }
}

extension Instruction: CustomStringConvertible {
    /// The work and its sizes, such as `matmul 32x784 · 784x200`.
    var description: String {
        switch self {
        case .unary(let function, _): "\(function)"
        case .binary(let function, _): "\(function)"
        case .ternary(let function, _): "\(function)"
        case .equal: "equal"
        case .cast(let source, _, _): "cast of \(source)"
        case .sum(let geometry, let divisor):
            "\(divisor == 1 ? "sum" : "mean") of \(geometry.foldedCount) each"
        case .max(let geometry): "max of \(geometry.foldedCount) each"
        case .min(let geometry): "min of \(geometry.foldedCount) each"
        case .argmax(let shape, let axis): "argmax of \(shape) along \(axis)"
        case .product(let product, let batches):
            "matmul \(product)" + (batches.positionCount == 1 ? "" : ", \(batches.positionCount) times")
        case .linear(let x, let weight, let rectifies):
            "linear \(x), weight \(weight)\(rectifies ? ", relu" : "")"
        case .convolution(let work): "\(work)"
        case .maxPool(let geometry): "maxPool \(geometry)"
        case .sumPool(let geometry): "sumPool \(geometry)"
        case .sumPoolGradient(let geometry): "gradient of sumPool \(geometry)"
        case .cumulativeSum(_, let axis, let isReversed):
            "cumulative sum along \(axis)\(isReversed ? ", reversed" : "")"
        case .copy: "copy"
        case .move: "move"
        case .spread(_, let divisor): divisor == 1 ? "broadcast" : "broadcast, divided by \(divisor)"
        case .slice: "slice"
        case .sliceGradient: "slice put into zeros"
        case .pad(_, _, _, let value): "padded with \(value)"
        case .takeRows(let table, let indices): "rows of \(table.shape) at \(indices.shape) indices"
        case .scatterRows(let shape, let indices):
            "rows added to zeros \(shape) at \(indices.shape) indices"
        case .order(let shape, let axis, let count, let isDescending):
            "\(count) of \(shape) along \(axis), \(isDescending ? "falling" : "rising")"
        case .takeAlong(_, let shape, let axis, _): "elements of \(shape) at indices along \(axis)"
        case .scatterAlong(let shape, let axis, _):
            "elements added to zeros \(shape) at indices along \(axis)"
        case .concatenate(_, let shapes, let axis): "\(shapes.count) values joined along \(axis)"
        case .split(_, let shapes, let axis): "taken apart along \(axis) into \(shapes.count)"
        case .oneHot(let depth, let labels): "oneHot of \(labels), depth \(depth)"
        case .softmax(_, let axis): "softmax along \(axis)"
        case .logSoftmax(_, let axis): "logSoftmax along \(axis)"
        case .crossEntropy(let reduction, let logits, _): "crossEntropy of \(logits), \(reduction)"
        case .crossEntropyGradient(let reduction, let logits, _):
            "gradient of crossEntropy of \(logits), \(reduction)"
        }
    }
}

extension MatrixProduct: CustomStringConvertible {
    /// The sizes of both sides, with ᵀ where one is read transposed.
    var description: String {
        "\(rows)x\(inner)\(transposesLeft ? "ᵀ" : "") · \(inner)x\(columns)\(transposesRight ? "ᵀ" : "")"
    }
}
