extension Kernel {
    /// Converts elements: float to integer truncates towards zero and saturates, NaN becomes 0; between
    /// integers saturates; to float rounds to nearest.
    static func cast(from source: ElementType, to target: ElementType, count: Int) -> Kernel {
        switch source {
        case .float32: castFloats(to: target, count)
        case .int32: cast(from: Int32.self, to: target, count)
        case .int64: cast(from: Int64.self, to: target, count)
        case .uint8: cast(from: UInt8.self, to: target, count)
        }
    }

    private static func castFloats(to target: ElementType, _ count: Int) -> Kernel {
        switch target {
        case .float32: copy(byteCount: count * target.byteCount)
        case .int32: Kernel { convert($0, count, Float.self) { Int32(saturating: $0) } }
        case .int64: Kernel { convert($0, count, Float.self) { Int64(saturating: $0) } }
        case .uint8: Kernel { convert($0, count, Float.self) { UInt8(saturating: $0) } }
        }
    }

    private static func cast<Source: BitwiseCopyable & FixedWidthInteger & Sendable>(
        from source: Source.Type, to target: ElementType, _ count: Int
    ) -> Kernel {
        switch target {
        case .float32: Kernel { convert($0, count, source) { Float($0) } }
        case .int32: Kernel { convert($0, count, source) { Int32(clamping: $0) } }
        case .int64: Kernel { convert($0, count, source) { Int64(clamping: $0) } }
        case .uint8: Kernel { convert($0, count, source) { UInt8(clamping: $0) } }
        }
    }
}

extension FixedWidthInteger {
    /// The whole part, or the nearest there is; 0 for NaN.
    @inline(__always)
    fileprivate init(saturating value: Float) {
        // Both bounds are exact as floats or rounded outwards, so what lies strictly between them converts.
        if value > Float(Self.min) - 1 && value < Float(Self.max) {
            self = Self(value)
        } else {
            self = value.isNaN ? 0 : value > 0 ? .max : .min
        }
    }
}

@inline(__always)
private func convert<Source: BitwiseCopyable, Target: BitwiseCopyable>(
    _ operands: borrowing Operands, _ count: Int, _ source: Source.Type, _ function: (Source) -> Target
) {
    let output = unsafe operands.output.elements(as: Target.self)
    let input = unsafe operands.first.elements(as: source)
    operands.flag.forEachPiece(of: count) { start, end in
        var i = start
        while i < end { unsafe output[i] = function(input[i]); i &+= 1 }
    }
}
