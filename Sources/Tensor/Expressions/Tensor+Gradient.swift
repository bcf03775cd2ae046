/// The gradient of a scalar with respect to each of several tensors, as tensors of their shapes.
///
/// The gradient is more of the same: it may be computed, differentiated again, or sent as part of a graph, and
/// it is computed where the loss is. A tensor the loss does not depend on gets zeros. The targets may be leaves
/// or steps on the way. Asking for a value throws `TensorError.notDifferentiable` where the loss is no scalar,
/// a target is not float32, or the way from a target to the loss passes an operation without a gradient, which
/// is named.
///
/// - Complexity: O(targets); the gradient itself is found once for every computation of the same shape.
public func gradient(
    of loss: Tensor, withRespectTo targets: [Tensor], file: StaticString = #fileID, line: Int = #line
) -> [Tensor] {
    let origin = Origin(file: file, line: line)
    if let error = loss.usageError { return targets.map { _ in .failing(error, origin) } }
    var location = loss.expression.location
    for target in targets {
        guard location.agrees(with: target.expression.location) else {
            let error = TensorError.differentLocations(
                operation: "gradient", tensors: [loss.locatedPhrase, target.locatedPhrase], origin: origin)
            return targets.map { _ in Tensor(Expression(.failure(error), location: .anywhere, origin: origin))
            }
        }
        if location.isAnywhere { location = target.expression.location }
    }
    let group = Expression(
        .gradients, loss.expression, rest: targets.map(\.expression), location: location, origin: origin)
    return targets.indices.map {
        Tensor(Expression(.gradient($0), group, location: location, origin: origin))
    }
}

extension Tensor {
    /// Finds the gradient of this scalar with respect to every parameter it depends on, and adds it to
    /// `Parameter.gradient`.
    ///
    /// Nothing is computed yet. What is wrong surfaces where the tensor or a parameter is asked for: a tensor
    /// that is no scalar, one that depends on no parameter, or one whose gradients were found before.
    ///
    /// - Complexity: O(steps recorded since the parameters).
    public func backward(file: StaticString = #fileID, line: Int = #line) {
        let origin = Origin(file: file, line: line)
        if let error = usageError { return fail(error, []) }
        let (versions, hasFailed) = expression.reachableVersions()
        guard expression.differentiate() else {
            return fail(
                .notDifferentiable(
                    operation: "backward", reason: "it was called before on \(phrase); record the loss anew",
                    origin: origin), versions)
        }
        // What could not be made says so itself, wherever it is asked for.
        guard !hasFailed else { return }
        guard !versions.isEmpty else {
            return fail(
                .notDifferentiable(
                    operation: "backward", reason: "\(phrase) depends on no parameter", origin: origin), [])
        }
        let group = Expression(
            .gradients, expression, rest: versions.map(\.version), location: expression.location,
            origin: origin)
        for (index, version) in versions.enumerated() {
            let gradient = Expression(.gradient(index), group, location: expression.location, origin: origin)
            version.cell.accumulate(Tensor(gradient))
        }
    }

    /// Lets whoever asks for the loss or a gradient know.
    private func fail(_ error: TensorError, _ versions: [ReachedVersion]) {
        expression.memo = .failure(error)
        for version in versions {
            version.cell.accumulate(
                Tensor(Expression(.failure(error), location: expression.location, origin: nil)))
        }
    }
}

/// A parameter an expression depends on, as it was then.
struct ReachedVersion {
    let version: Expression
    let cell: ParameterCell
}

extension Expression {
    /// The parameters the expression depends on, in the order they are met, each version once; and whether
    /// something on the way could not be made.
    func reachableVersions() -> (found: [ReachedVersion], hasFailed: Bool) {
        var found: [ReachedVersion] = []
        var hasFailed = false
        var pending = [self]
        Trace.visiting { visit in
            while let expression = pending.popLast() {
                guard visit(expression) else { continue }
                if case .failure = expression.kind { hasFailed = true }
                if case .version(let version) = expression.kind {
                    found.append(ReachedVersion(version: expression, cell: version.cell))
                    continue
                }
                for input in expression.rest.reversed() { pending.append(input) }
                if let input = expression.third { pending.append(input) }
                if let input = expression.second { pending.append(input) }
                if let input = expression.first { pending.append(input) }
            }
        }
        return (found, hasFailed)
    }
}
