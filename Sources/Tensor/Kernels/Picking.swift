extension Kernel {
    /// Of each line along an axis the elements at the indices of the same line.
    static func takeAlong(
        _ elementType: ElementType, from shape: Shape, axis: Int, indices: ValueType
    ) -> Kernel {
        let pick = Pick(shape, axis: axis, indices: indices, "takeAlong")
        return switch elementType.byteCount {
        case 1: Kernel { (operands) throws(TensorError) in try pick.take(operands, as: UInt8.self) }
        case 4: Kernel { (operands) throws(TensorError) in try pick.take(operands, as: UInt32.self) }
        default: Kernel { (operands) throws(TensorError) in try pick.take(operands, as: UInt64.self) }
        }
    }

    /// Zeros, and values added at the indices of their line along an axis.
    static func scatterAlong(into shape: Shape, axis: Int, indices: ValueType) -> Kernel {
        let pick = Pick(shape, axis: axis, indices: indices, "scatterAlong")
        let byteCount = shape.elementCount * MemoryLayout<Float>.size
        return Kernel { (operands) throws(TensorError) in
            operands.output.clear(byteCount: byteCount, operands.flag)
            let output = unsafe operands.output.floats, values = unsafe operands.first.floats
            try pick.forEach(operands.second, operands.flag) { position, picked in
                unsafe output[picked] += values[position]
            }
        }
    }
}

/// Indices along one axis of a value.
private struct Pick: Sendable {
    private let whole: AxisLanes
    private let indices: AxisLanes
    private let indexType: ElementType
    private let name: String

    init(_ shape: Shape, axis: Int, indices: ValueType, _ name: String) {
        whole = AxisLanes(shape, axis: axis)
        self.indices = AxisLanes(indices.shape, axis: axis)
        indexType = indices.elementType
        self.name = name
    }

    /// Calls `body` with the position of each index and that of the element it picks.
    ///
    /// - Throws: `TensorError.valueMismatch` for an index that is out of range.
    @inline(__always)
    func forEach(
        _ memory: Memory, _ flag: CancelFlag, _ body: (_ position: Int, _ picked: Int) -> Void
    ) throws(TensorError) {
        var pace = Pace(flag)
        for lane in 0..<indices.laneCount {
            let (own, first) = (indices.offset(ofLane: lane), whole.offset(ofLane: lane))
            if pace.isOver(after: indices.count) { return }
            for index in 0..<indices.count {
                let position = own &+ index &* indices.stride
                let place = try Label.at(position, in: memory, indexType, below: whole.count, name)
                body(position, first &+ place &* whole.stride)
            }
        }
    }

    @inline(__always)
    func take<Element: BitwiseCopyable>(
        _ operands: borrowing Operands, as type: Element.Type
    ) throws(TensorError) {
        let output = unsafe operands.output.elements(as: type),
            input = unsafe operands.first.elements(as: type)
        try forEach(operands.second, operands.flag) { position, picked in
            unsafe output[position] = input[picked]
        }
    }
}
