/// −log softmax at the label, for logits [rows, classes] and labels int32 or int64 [rows].
public func softmaxCrossEntropy(
    _ logits: Tensor, _ labels: Tensor, reduction: Reduction = .mean,
    file: StaticString = #fileID, line: Int = #line
) -> Tensor {
    logits.applying(.softmaxCrossEntropy(reduction), labels, file: file, line: line)
}

/// The sum of squared differences, a scalar.
public func sumOfSquares(
    _ prediction: Tensor, _ target: Tensor, file: StaticString = #fileID, line: Int = #line
) -> Tensor {
    squares(prediction, target, file, line).sum(file: file, line: line)
}

/// The mean of squared differences over all elements, a scalar.
public func meanOfSquares(
    _ prediction: Tensor, _ target: Tensor, file: StaticString = #fileID, line: Int = #line
) -> Tensor {
    squares(prediction, target, file, line).mean(file: file, line: line)
}

/// How many rows of logits [rows, classes] are largest at their label, a scalar of float32.
///
/// A count, not a share, so that counts of batches and shards add up. Labels may be of any integer type.
public func correctCount(
    _ logits: Tensor, _ labels: Tensor, file: StaticString = #fileID, line: Int = #line
) -> Tensor {
    logits.argmax(axis: -1, file: file, line: line)
        .equal(to: labels.cast(to: .int64, file: file, line: line), file: file, line: line)
        .sum(file: file, line: line)
}

private func squares(_ prediction: Tensor, _ target: Tensor, _ file: StaticString, _ line: Int) -> Tensor {
    prediction
        .applying(.subtract, target, file: file, line: line)
        .applying(.power(exponent: 2), file: file, line: line)
}
