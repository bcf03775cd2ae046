extension Module {
    /// The type's name.
    public var heading: String { "\(Self.self)" }

    /// The module as it is nested, with the numbers of its parameters, and where they are if not here:
    ///
    ///     Sequential(
    ///       (0): Linear(64, 32), 2080 parameters
    ///       (1): ReLU
    ///       (2): Linear(32, 10), 330 parameters
    ///     ), 2410 parameters at bob
    public var description: String { moduleText(self) + locationText(self) }
}

/// A module and those within it.
private func moduleText(_ module: any Module) -> String {
    var text = module.heading
    let inner = innerModules(module)
    if !inner.isEmpty {
        let lines = inner.flatMap { name, module in
            "(\(name)): \(moduleText(module))".split(separator: "\n", omittingEmptySubsequences: false)
        }
        text += "(\n" + lines.map { "  \($0)\n" }.joined() + ")"
    }
    let count = module.parameters.reduce(0) { $0 + $1.parameter.type.shape.elementCount }
    guard count > 0 else { return text }
    return "\(text), \(count) \(count == 1 ? "parameter" : "parameters")"
}

/// The modules a module has as properties, alone or in arrays.
private func innerModules(_ module: any Module) -> [(name: String, module: any Module)] {
    if let chain = module as? Sequential {
        return chain.modules.enumerated().map { ("\($0)", $1) }
    }
    return Mirror(reflecting: module).children.flatMap { child -> [(name: String, module: any Module)] in
        let name = child.label ?? "?"
        if let module = child.value as? any Module { return [(name, module)] }
        guard let modules = child.value as? [any Module] else { return [] }
        return modules.enumerated().map { ("\(name).\($0)", $1) }
    }
}

private func locationText(_ module: any Module) -> String {
    var names: [String] = []
    for (_, parameter) in module.parameters where !names.contains(parameter.location.name) {
        names.append(parameter.location.name)
    }
    return names.isEmpty || names == ["here"] ? "" : " at " + names.joined(separator: " and ")
}

extension Parameter: CustomStringConvertible {
    /// Its name and value, or what is known of it without asking a worker.
    public var description: String { tensor.description }
}
