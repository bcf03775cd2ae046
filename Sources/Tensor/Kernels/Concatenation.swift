extension Kernel {
    /// Values one after another along an axis.
    static func concatenate(_ elementType: ElementType, _ shapes: [Shape], axis: Int) -> Kernel {
        let parts = Parts(elementType, shapes, axis: axis)
        return Kernel { operands in
            for index in parts.byteCounts.indices {
                let part =
                    switch index {
                    case 0: operands.first
                    case 1: operands.second
                    case 2: operands.third
                    default: operands.others[index - 3]
                    }
                if operands.flag.isSet { return }
                parts.forEachRun(of: index) { whole, own, byteCount in
                    operands.output.copy(from: part, at: own, to: whole, byteCount: byteCount)
                }
            }
        }
    }

    /// A value taken apart along an axis.
    static func split(_ elementType: ElementType, _ shapes: [Shape], axis: Int) -> Kernel {
        let parts = Parts(elementType, shapes, axis: axis)
        return Kernel { operands in
            for index in parts.byteCounts.indices {
                let part = index == 0 ? operands.output : operands.others[index - 1]
                if operands.flag.isSet { return }
                parts.forEachRun(of: index) { whole, own, byteCount in
                    part.copy(from: operands.first, at: whole, to: own, byteCount: byteCount)
                }
            }
        }
    }
}

/// Where the parts of a value along an axis lie in it.
private struct Parts: Sendable {
    /// For each part, the bytes that lie together.
    let byteCounts: [Int]
    private let offsets: [Int]
    private let wholeByteCount: Int
    private let rowCount: Int

    init(_ elementType: ElementType, _ shapes: [Shape], axis: Int) {
        let row = shapes[0].dimensions[(axis + 1)...].reduce(elementType.byteCount, *)
        byteCounts = shapes.map { $0[axis] * row }
        var offset = 0
        offsets = byteCounts.map { byteCount in
            defer { offset += byteCount }
            return offset
        }
        wholeByteCount = offset
        rowCount = shapes[0].dimensions[..<axis].reduce(1, *)
    }

    /// Calls `body` with the offset in the whole, in the part, and how many bytes lie together.
    @inline(__always)
    func forEachRun(of part: Int, _ body: (_ whole: Int, _ own: Int, _ byteCount: Int) -> Void) {
        let byteCount = byteCounts[part]
        guard byteCount > 0 else { return }
        for row in 0..<rowCount { body(row &* wholeByteCount &+ offsets[part], row &* byteCount, byteCount) }
    }
}
