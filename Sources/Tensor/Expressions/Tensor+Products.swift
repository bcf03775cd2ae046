// Products.
extension Tensor {
    /// The matrix product over the last two axes, the others broadcast; each side may be read transposed.
    public func matmul(
        _ other: Tensor, transposeLeft: Bool = false, transposeRight: Bool = false,
        file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(
            .matmul(transposeLeft: transposeLeft, transposeRight: transposeRight), other, file: file,
            line: line)
    }

    /// `self · weightᵀ + bias` for rows of features, a weight [out, in] and a bias [out].
    public func linear(
        weight: Tensor, bias: Tensor, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.linear, weight, bias, file: file, line: line)
    }
}

// Movement.
extension Tensor {
    /// The axes in another order; a matrix's rows and columns exchanged when none is given.
    public func transposed(
        _ permutation: [Int] = [1, 0], file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.transpose(permutation: permutation), file: file, line: line)
    }

    /// The same elements in another shape: −1 stands for what remains, 0 keeps the size of that axis.
    public func reshaped(to sizes: [Int], file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.reshape(to: sizes), file: file, line: line)
    }

    /// All axes but the first made one: a row per example.
    public func flattened(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.reshape(to: [0, -1]), file: file, line: line)
    }

    /// Repeated along axes of size 1; 0 keeps the size of that axis.
    public func expanded(to sizes: [Int], file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.expand(to: sizes), file: file, line: line)
    }

    /// So often a value before and after the elements along each leading axis listed; other types than float32 have 0.
    public func padded(
        before: [Int], after: [Int], with value: Float = 0, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.pad(before: before, after: after, value: value), file: file, line: line)
    }
}

// Classification.
extension Tensor {
    /// e raised to every element, divided by the sum of these along an axis.
    public func softmax(axis: Int = -1, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.softmax(axis: axis), file: file, line: line)
    }

    /// The logarithm of softmax, without the loss of digits.
    public func logSoftmax(axis: Int = -1, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.logSoftmax(axis: axis), file: file, line: line)
    }

    /// Labels as rows of `depth` numbers with 1 at the label; a new last axis.
    public func oneHot(depth: Int, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.oneHot(depth: depth), file: file, line: line)
    }
}
