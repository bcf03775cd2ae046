// Elementwise functions.
extension Tensor {
    /// e raised to every element.
    public func exp(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.exp, file: file, line: line)
    }

    /// The natural logarithm of every element.
    public func log(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.log, file: file, line: line)
    }

    /// The square root of every element.
    public func sqrt(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.sqrt, file: file, line: line)
    }

    /// One divided by every element.
    public func reciprocal(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.reciprocal, file: file, line: line)
    }

    /// The hyperbolic tangent of every element.
    public func tanh(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.tanh, file: file, line: line)
    }

    /// 1 / (1 + e⁻ˣ) of every element.
    public func sigmoid(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.sigmoid, file: file, line: line)
    }

    /// The error function of every element.
    public func erf(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.erf, file: file, line: line)
    }

    /// The sine of every element.
    public func sin(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.sin, file: file, line: line)
    }

    /// The cosine of every element.
    public func cos(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.cos, file: file, line: line)
    }

    /// Every element, or 0 where it is negative.
    public func relu(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.relu, file: file, line: line)
    }

    /// The absolute value of every element.
    public func abs(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.abs, file: file, line: line)
    }

    /// The sign of every element: −1, 0 or 1.
    public func sign(file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.sign, file: file, line: line)
    }

    /// Every element as another type; float to integer truncates towards zero and saturates.
    public func cast(
        to elementType: ElementType, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.cast(to: elementType), file: file, line: line)
    }

    /// 1 where this is greater than the other, else 0.
    public func greater(than other: Tensor, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.greater, other, file: file, line: line)
    }

    /// 1 where both are equal, else 0.
    public func equal(to other: Tensor, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.equal, other, file: file, line: line)
    }

    /// The larger of two elements; equal ones share the gradient.
    public func maximum(_ other: Tensor, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.maximum, other, file: file, line: line)
    }

    /// The smaller of two elements; equal ones share the gradient.
    public func minimum(_ other: Tensor, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.minimum, other, file: file, line: line)
    }

    /// The first tensor's element where this one's is not 0, else the second's.
    public func select(
        _ first: Tensor, otherwise second: Tensor, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.select, first, second, file: file, line: line)
    }

    /// This tensor plus the product of two others, in one pass.
    public func addingProduct(
        _ left: Tensor, _ right: Tensor, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.addProduct, left, right, file: file, line: line)
    }
}

// Reductions.
extension Tensor {
    /// The sum over axes (all when `nil`; negative ones count from the end).
    public func sum(
        axes: [Int]? = nil, keepsDimensions: Bool = false, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.sum(axes: axes, keepsDimensions: keepsDimensions), file: file, line: line)
    }

    /// The mean over axes (all when `nil`; negative ones count from the end).
    public func mean(
        axes: [Int]? = nil, keepsDimensions: Bool = false, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.mean(axes: axes, keepsDimensions: keepsDimensions), file: file, line: line)
    }

    /// The largest element over axes (all when `nil`; negative ones count from the end).
    public func max(
        axes: [Int]? = nil, keepsDimensions: Bool = false, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.max(axes: axes, keepsDimensions: keepsDimensions), file: file, line: line)
    }

    /// The smallest element over axes (all when `nil`; negative ones count from the end).
    public func min(
        axes: [Int]? = nil, keepsDimensions: Bool = false, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        applying(.min(axes: axes, keepsDimensions: keepsDimensions), file: file, line: line)
    }

    /// The index of the largest element along an axis, the first of equals, as int64.
    public func argmax(axis: Int = -1, file: StaticString = #fileID, line: Int = #line) -> Tensor {
        applying(.argmax(axis: axis), file: file, line: line)
    }
}
