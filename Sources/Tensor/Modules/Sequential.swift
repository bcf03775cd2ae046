/// Modules applied one after another; their parameters are named by position, such as `0.weight`.
public struct Sequential: Module {
    /// The modules in the order of their application.
    public let modules: [any Module]

    /// Chains modules.
    public init(_ modules: any Module...) {
        self.modules = modules
    }

    /// Chains modules.
    public init(_ modules: [any Module]) {
        self.modules = modules
    }

    /// All parameters, the first module's first.
    public var parameters: [NamedParameter] {
        modules.enumerated().flatMap { index, module in
            module.parameters.map { ("\(index).\($0.name)", $0.parameter) }
        }
    }

    /// A chain of copies of the modules.
    public func copy() -> Sequential { Sequential(modules.map { $0.copy() }) }

    /// Applies every module to the result of the one before.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        modules.reduce(x) { $1($0) }
    }
}
