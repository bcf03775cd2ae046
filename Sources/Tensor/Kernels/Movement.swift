extension Kernel {
    /// Copies bytes as they lie.
    static func copy(byteCount: Int) -> Kernel {
        Kernel { $0.output.copy(from: $0.first, byteCount: byteCount, $0.flag) }
    }

    /// Copies elements in another order, or some of them several times: what transposing and expanding are.
    static func move(_ elementType: ElementType, _ walk: Walk) -> Kernel {
        switch elementType.byteCount {
        case 1: Kernel { moveElements($0, walk, as: UInt8.self) { $0 } }
        case 4: Kernel { moveElements($0, walk, as: UInt32.self) { $0 } }
        default: Kernel { moveElements($0, walk, as: UInt64.self) { $0 } }
        }
    }

    /// Copies float32 elements, some of them several times, divided by a number.
    static func move(_ walk: Walk, dividingBy divisor: Float) -> Kernel {
        Kernel { moveElements($0, walk, as: Float.self) { $0 / divisor } }
    }

    /// Rows of zeros with a 1 at the label.
    static func oneHot(depth: Int, labels: ValueType) -> Kernel {
        let rows = labels.shape.elementCount
        return Kernel { (operands) throws(TensorError) in
            let output = unsafe operands.output.floats
            operands.output.clear(byteCount: rows * depth * MemoryLayout<Float>.size, operands.flag)
            var pace = Pace(operands.flag)
            for row in 0..<rows {
                if pace.isOver(after: 1) { return }
                let label = try Label.at(row, in: operands.first, labels.elementType, below: depth, "oneHot")
                unsafe output[row * depth + label] = 1
            }
        }
    }
}

/// Labels are data, not shapes: the only thing a kernel must check before it uses it as an index.
enum Label {
    /// The label of a row.
    ///
    /// - Throws: `TensorError.valueMismatch` naming label and classes.
    @inline(__always)
    static func at(
        _ row: Int, in labels: Memory, _ elementType: ElementType, below classes: Int, _ operation: String
    ) throws(TensorError) -> Int {
        let label =
            elementType == .int32
            ? Int(unsafe labels.elements(as: Int32.self)[row])
            : Int(truncatingIfNeeded: unsafe labels.elements(as: Int64.self)[row])
        guard label >= 0, label < classes else {
            throw .valueMismatch(
                name: "\(operation): the label of row \(row)", expected: "0 to \(classes - 1)",
                got: "\(label)")
        }
        return label
    }
}

@inline(__always)
private func moveElements<Element: BitwiseCopyable>(
    _ operands: borrowing Operands, _ walk: Walk, as type: Element.Type, _ function: (Element) -> Element
) {
    let output = unsafe operands.output.elements(as: type), input = unsafe operands.first.elements(as: type)
    let step = walk.steps[0]
    walk.forEachRun(operands.flag) { position, offsets, count in
        let o = unsafe output + position, p = unsafe input + offsets[0]
        var i = 0
        if step == 1 {
            while i < count { unsafe o[i] = function(p[i]); i &+= 1 }
        } else {
            while i < count { unsafe o[i] = function(p[i &* step]); i &+= 1 }
        }
    }
}
