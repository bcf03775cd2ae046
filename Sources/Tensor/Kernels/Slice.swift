/// Where the elements of a slice lie in the value it is cut from.
struct SliceGeometry: Sendable, Hashable {
    /// The offset of the first element.
    let offset: Int
    /// Through the slice; distances are those in the value it is cut from. Neighbouring axes that are whole
    /// are one row, so that the rows of a table are one run.
    let walk: Walk

    /// Plans a slice; the shape rule has checked that it lies within the shape.
    init(of whole: Shape, _ slice: Shape, _ starts: [Int], _ steps: [Int]) {
        var strides = whole.strides, offset = 0
        for axis in starts.indices {
            offset += SliceRange.position(starts[axis], of: whole[axis]) * strides[axis]
            // One element needs no step, and a step longer than the axis might overflow.
            strides[axis] *= slice[axis] > 1 ? steps[axis] : 1
        }
        self.offset = offset
        self.walk = Walk(slice.dimensions, strides: [strides])
    }
}

extension Kernel {
    /// Copies the elements of a slice.
    static func slice(_ elementType: ElementType, _ geometry: SliceGeometry) -> Kernel {
        switch elementType.byteCount {
        case 1: Kernel { read($0, geometry, as: UInt8.self) }
        case 4: Kernel { read($0, geometry, as: UInt32.self) }
        default: Kernel { read($0, geometry, as: UInt64.self) }
        }
    }

    /// Zeros, and the elements of a slice where it was cut.
    static func sliceGradient(
        _ elementType: ElementType, _ geometry: SliceGeometry, byteCount: Int
    ) -> Kernel {
        switch elementType.byteCount {
        case 1: Kernel { write($0, geometry, byteCount, as: UInt8.self) }
        case 4: Kernel { write($0, geometry, byteCount, as: UInt32.self) }
        default: Kernel { write($0, geometry, byteCount, as: UInt64.self) }
        }
    }

    /// So many elements of a number, which is 0 but for floats, and the elements of a slice where it would be cut.
    static func pad(
        _ elementType: ElementType, _ geometry: SliceGeometry, count: Int, _ value: Float
    ) -> Kernel {
        let byteCount = count * elementType.byteCount
        guard value != 0 || value.sign == .minus else {
            return .sliceGradient(elementType, geometry, byteCount: byteCount)
        }
        return Kernel { operands in
            let output = unsafe operands.output.floats
            operands.flag.forEachPiece(of: count) { start, end in
                unsafe (output + start).update(repeating: value, count: end - start)
            }
            if operands.flag.isSet { return }
            put(operands, geometry, as: Float.self)
        }
    }
}

@inline(__always)
private func read<Element: BitwiseCopyable>(
    _ operands: borrowing Operands, _ geometry: SliceGeometry, as type: Element.Type
) {
    let output = unsafe operands.output.elements(as: type)
    let input = unsafe operands.first.elements(as: type) + geometry.offset
    let step = geometry.walk.steps[0]
    geometry.walk.forEachRun(operands.flag) { position, offsets, count in
        let o = unsafe output + position, p = unsafe input + offsets[0]
        if step == 1 { return unsafe o.update(from: p, count: count) }
        var i = 0
        while i < count { unsafe o[i] = p[i &* step]; i &+= 1 }
    }
}

@inline(__always)
private func write<Element: BitwiseCopyable>(
    _ operands: borrowing Operands, _ geometry: SliceGeometry, _ byteCount: Int, as type: Element.Type
) {
    operands.output.clear(byteCount: byteCount, operands.flag)
    put(operands, geometry, as: type)
}

@inline(__always)
private func put<Element: BitwiseCopyable>(
    _ operands: borrowing Operands, _ geometry: SliceGeometry, as type: Element.Type
) {
    let output = unsafe operands.output.elements(as: type) + geometry.offset
    let input = unsafe operands.first.elements(as: type)
    let step = geometry.walk.steps[0]
    geometry.walk.forEachRun(operands.flag) { position, offsets, count in
        let o = unsafe output + offsets[0], p = unsafe input + position
        if step == 1 { return unsafe o.update(from: p, count: count) }
        var i = 0
        while i < count { unsafe o[i &* step] = p[i]; i &+= 1 }
    }
}
