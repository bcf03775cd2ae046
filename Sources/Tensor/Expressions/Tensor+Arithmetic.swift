precedencegroup PowerPrecedence {
    higherThan: MultiplicationPrecedence
    associativity: right
}

/// Raises to a power.
infix operator ** : PowerPrecedence

// Shapes broadcast as in NumPy: aligned at the last axes, an axis of size 1 is repeated.
extension Tensor {
    /// The sum, element by element.
    public static func + (left: Tensor, right: Tensor) -> Tensor { left.applying(.add, right) }

    /// The difference, element by element.
    public static func - (left: Tensor, right: Tensor) -> Tensor { left.applying(.subtract, right) }

    /// The product, element by element.
    public static func * (left: Tensor, right: Tensor) -> Tensor { left.applying(.multiply, right) }

    /// The quotient, element by element.
    public static func / (left: Tensor, right: Tensor) -> Tensor { left.applying(.divide, right) }

    /// Every element with its sign changed.
    public static prefix func - (tensor: Tensor) -> Tensor { tensor.applying(.negate) }

    /// Every element raised to a power.
    public static func ** (base: Tensor, exponent: Float) -> Tensor {
        base.applying(.power(exponent: exponent))
    }

    /// Replaces the left tensor by the sum.
    public static func += (left: inout Tensor, right: Tensor) { left = left + right }

    /// Replaces the left tensor by the difference.
    public static func -= (left: inout Tensor, right: Tensor) { left = left - right }

    /// Replaces the left tensor by the product.
    public static func *= (left: inout Tensor, right: Tensor) { left = left * right }

    /// Replaces the left tensor by the quotient.
    public static func /= (left: inout Tensor, right: Tensor) { left = left / right }
}
