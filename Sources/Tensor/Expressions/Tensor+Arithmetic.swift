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

    /// Adds a number to every element.
    public static func + (left: Tensor, right: Float) -> Tensor { left + Tensor(right) }

    /// Adds a number to every element.
    public static func + (left: Float, right: Tensor) -> Tensor { Tensor(left) + right }

    /// Subtracts a number from every element.
    public static func - (left: Tensor, right: Float) -> Tensor { left - Tensor(right) }

    /// Subtracts every element from a number.
    public static func - (left: Float, right: Tensor) -> Tensor { Tensor(left) - right }

    /// Multiplies every element by a number.
    public static func * (left: Tensor, right: Float) -> Tensor { left * Tensor(right) }

    /// Multiplies every element by a number.
    public static func * (left: Float, right: Tensor) -> Tensor { Tensor(left) * right }

    /// Divides every element by a number.
    public static func / (left: Tensor, right: Float) -> Tensor { left / Tensor(right) }

    /// Divides a number by every element.
    public static func / (left: Float, right: Tensor) -> Tensor { Tensor(left) / right }

    /// Puts the sum in the left tensor's place.
    public static func += (left: inout Tensor, right: Tensor) { left = left + right }

    /// Puts the difference in the left tensor's place.
    public static func -= (left: inout Tensor, right: Tensor) { left = left - right }

    /// Puts the product in the left tensor's place.
    public static func *= (left: inout Tensor, right: Tensor) { left = left * right }

    /// Puts the quotient in the left tensor's place.
    public static func /= (left: inout Tensor, right: Tensor) { left = left / right }
}
