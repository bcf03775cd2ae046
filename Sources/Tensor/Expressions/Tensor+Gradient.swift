/// The gradient of a scalar with respect to each of several tensors, as tensors of their shapes.
///
/// The gradient is more of the same: it may be computed, differentiated again, or sent as part of a graph. A
/// tensor the loss does not depend on gets zeros. The targets may be leaves or steps on the way.
///
/// - Throws: `TensorError.notDifferentiable` where the loss is no scalar, a target is not float32, or the way
///   from a target to the loss passes an operation without a gradient, which is named.
/// - Complexity: O(steps recorded before the loss).
public func gradient(
    of loss: Tensor, withRespectTo targets: [Tensor], file: StaticString = #fileID, line: Int = #line
) throws(TensorError) -> [Tensor] {
    var tracer = Tracer(.distinct)
    let lossID = try tracer.trace(loss.expression)
    var targetIDs: [GraphBuilder.ValueID] = []
    for target in targets { targetIDs.append(try tracer.trace(target.expression)) }
    let gradients = try tracer.gradients(
        of: lossID, withRespectTo: targetIDs, origin: Origin(file: file, line: line))
    return gradients.map(Tensor.init)
}
