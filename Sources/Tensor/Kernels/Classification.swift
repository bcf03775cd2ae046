#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// The largest logit is taken away first, so that no exponential overflows; sums are carried in double.

extension Kernel {
    /// Exponentials along an axis divided by their sum.
    static func softmax(_ shape: Shape, axis: Int) -> Kernel {
        let lanes = AxisLanes(shape, axis: axis)
        return Kernel { operands in
            let output = unsafe operands.output.floats, input = unsafe operands.first.floats
            let flag = operands.flag
            lanes.forEachLane(flag) { _, offset in
                let (o, x) = unsafe (output + offset, input + offset)
                let (largest, sum) = unsafe normaliser(x, lanes.count, lanes.stride, flag)
                flag.forEachPiece(of: lanes.count) { start, end in
                    for index in start..<end {
                        let position = index &* lanes.stride
                        unsafe o[position] = expf(x[position] - largest) / Float(sum)
                    }
                }
            }
        }
    }

    /// The logarithm of softmax along an axis.
    static func logSoftmax(_ shape: Shape, axis: Int) -> Kernel {
        let lanes = AxisLanes(shape, axis: axis)
        return Kernel { operands in
            let output = unsafe operands.output.floats, input = unsafe operands.first.floats
            let flag = operands.flag
            lanes.forEachLane(flag) { _, offset in
                let (o, x) = unsafe (output + offset, input + offset)
                let (largest, sum) = unsafe normaliser(x, lanes.count, lanes.stride, flag)
                let shift = Float(log(sum))
                flag.forEachPiece(of: lanes.count) { start, end in
                    for index in start..<end {
                        let position = index &* lanes.stride
                        unsafe o[position] = (x[position] - largest) - shift
                    }
                }
            }
        }
    }

    /// −log softmax at the label, for each row or as their sum or mean.
    static func crossEntropy(_ reduction: Reduction, logits: Shape, labels: ElementType) -> Kernel {
        let (rows, classes) = (logits[0], logits[1])
        return Kernel { (operands) throws(TensorError) in
            let output = unsafe operands.output.floats, logits = unsafe operands.first.floats
            var total = 0.0
            var pace = Pace(operands.flag)
            for row in 0..<rows {
                if pace.isOver(after: classes) { return }
                let label = try Label.at(
                    row, in: operands.second, labels, below: classes, "softmaxCrossEntropy")
                let x = unsafe logits + row * classes
                let (largest, sum) = unsafe normaliser(x, classes, 1, operands.flag)
                let loss = unsafe log(sum) - Double(x[label] - largest)
                if reduction == .none { unsafe output[row] = Float(loss) }
                total += loss
            }
            if reduction != .none {
                unsafe output[0] = Float(reduction == .mean ? total / Double(rows) : total)
            }
        }
    }

    /// The gradient of `crossEntropy`: softmax less 1 at the label, times the cotangent.
    static func crossEntropyGradient(_ reduction: Reduction, logits: Shape, labels: ElementType) -> Kernel {
        let (rows, classes) = (logits[0], logits[1])
        return Kernel { (operands) throws(TensorError) in
            let output = unsafe operands.output.floats, cotangents = unsafe operands.first.floats
            let logits = unsafe operands.second.floats
            var pace = Pace(operands.flag)
            for row in 0..<rows {
                if pace.isOver(after: classes) { return }
                let label = try Label.at(
                    row, in: operands.third, labels, below: classes, "softmaxCrossEntropy")
                let cotangent = unsafe cotangents[reduction == .none ? row : 0]
                let scale = reduction == .mean ? cotangent / Float(rows) : cotangent
                let (o, x) = unsafe (output + row * classes, logits + row * classes)
                let (largest, sum) = unsafe normaliser(x, classes, 1, operands.flag)
                operands.flag.forEachPiece(of: classes) { start, end in
                    for index in start..<end {
                        let share = unsafe expf(x[index] - largest) / Float(sum)
                        unsafe o[index] = (index == label ? share - 1 : share) * scale
                    }
                }
            }
        }
    }
}

/// The largest of the elements, and the sum of the exponentials of what they are below it.
@inline(__always)
private func normaliser(
    _ x: UnsafeMutablePointer<Float>, _ count: Int, _ stride: Int, _ flag: CancelFlag
) -> (largest: Float, sum: Double) {
    var largest = -Float.infinity
    flag.forEachPiece(of: count) { start, end in
        for index in start..<end { largest = unsafe Swift.max(largest, x[index &* stride]) }
    }
    var sum = 0.0
    flag.forEachPiece(of: count) { start, end in
        for index in start..<end { sum += unsafe Double(expf(x[index &* stride] - largest)) }
    }
    return (largest, sum)
}
