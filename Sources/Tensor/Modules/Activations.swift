/// Every element, or 0 where it is negative.
public struct ReLU: Module {
    /// Makes the module.
    public init() {}

    /// The module itself: it has no parameters.
    public func copy() -> ReLU { self }

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.relu) }
}

/// The hyperbolic tangent of every element.
public struct Tanh: Module {
    /// Makes the module.
    public init() {}

    /// The module itself: it has no parameters.
    public func copy() -> Tanh { self }

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.tanh) }
}

/// 1 / (1 + e⁻ˣ) of every element.
public struct Sigmoid: Module {
    /// Makes the module.
    public init() {}

    /// The module itself: it has no parameters.
    public func copy() -> Sigmoid { self }

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.sigmoid) }
}
