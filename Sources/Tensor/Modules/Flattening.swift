/// All axes but the first made one: a row per example.
public struct Flatten: Module {
    /// Makes the module.
    public init() {}

    /// The module itself: it has no parameters.
    public func copy() -> Flatten { self }

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.reshape(to: [0, -1])) }
}

/// Rows of numbers as rows of a shape, such as images: undoes `Flatten`. PyTorch's `Unflatten(1, sizes)`.
public struct Unflatten: Module {
    /// The size along each axis of a row.
    public let sizes: [Int]

    /// Rows of these sizes.
    public init(_ sizes: Int...) { self.sizes = sizes }

    /// Rows of these sizes.
    public init(_ sizes: [Int]) { self.sizes = sizes }

    /// Its sizes: `Unflatten(1, 28, 28)`.
    public var heading: String { "Unflatten(\(sizes.map(String.init).joined(separator: ", ")))" }

    /// The module itself: it has no parameters.
    public func copy() -> Unflatten { self }

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.reshape(to: [0] + sizes)) }
}
