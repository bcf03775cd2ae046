/// Every element, or 0 where it is negative.
public struct ReLU: Module {
    /// Makes the module.
    public init() {}

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.relu) }
}

/// The hyperbolic tangent of every element.
public struct Tanh: Module {
    /// Makes the module.
    public init() {}

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.tanh) }
}

/// 1 / (1 + e⁻ˣ) of every element.
public struct Sigmoid: Module {
    /// Makes the module.
    public init() {}

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.sigmoid) }
}

/// All axes but the first made one: a row per example.
public struct Flatten: Module {
    /// Makes the module.
    public init() {}

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.reshape(to: [0, -1])) }
}
