#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// The loops of this file are plain on purpose: one counter, one pointer per operand, no slices. LLVM makes
// vector code of them, and they stay bearable in debug builds. Results computed in place are written through
// the operand's own pointer, because two pointers that may overlap keep LLVM from vectorising.

extension UnaryFunction {
    /// What applies it to so many numbers.
    func kernel(_ count: Int) -> Kernel {
        switch self {
        case .negate: Kernel { map($0, count) { -$0 } }
        case .exp: Kernel { map($0, count) { expf($0) } }
        case .log: Kernel { map($0, count) { logf($0) } }
        case .sqrt: Kernel { map($0, count) { $0.squareRoot() } }
        case .reciprocal: Kernel { map($0, count) { 1 / $0 } }
        case .tanh: Kernel { map($0, count) { tanhf($0) } }
        case .sigmoid: Kernel { map($0, count) { 1 / (1 + expf(-$0)) } }
        // Written so that a NaN goes through.
        case .relu: Kernel { map($0, count) { $0 < 0 ? 0 : $0 } }
        case .abs: Kernel { map($0, count) { $0.magnitude } }
        case .sign: Kernel { map($0, count) { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 } }
        case .erf: Kernel { map($0, count) { erff($0) } }
        case .sin: Kernel { map($0, count) { sinf($0) } }
        case .cos: Kernel { map($0, count) { cosf($0) } }
        case .power(let exponent): .power(exponent, count)
        }
    }
}

extension BinaryFunction {
    /// What applies it along a walk.
    func kernel(_ walk: Walk) -> Kernel {
        switch self {
        case .add: Kernel { map($0, walk) { $0 + $1 } }
        case .subtract: Kernel { map($0, walk) { $0 - $1 } }
        case .multiply: Kernel { map($0, walk) { $0 * $1 } }
        case .divide: Kernel { map($0, walk) { $0 / $1 } }
        // A NaN on either side wins.
        case .maximum: Kernel { map($0, walk) { $1 > $0 || $1.isNaN ? $1 : $0 } }
        case .minimum: Kernel { map($0, walk) { $1 < $0 || $1.isNaN ? $1 : $0 } }
        case .greater: Kernel { map($0, walk) { $0 > $1 ? 1 : 0 } }
        case .reluGradient: Kernel { map($0, walk) { $1 > 0 ? $0 : 0 } }
        }
    }
}

extension TernaryFunction {
    /// What applies it along a walk.
    func kernel(_ walk: Walk) -> Kernel {
        switch self {
        case .addProduct: Kernel { map($0, walk) { $0 + $1 * $2 } }
        case .select: Kernel { map($0, walk) { $0 != 0 ? $1 : $2 } }
        }
    }
}

extension Kernel {
    /// 1 where two values of any one element type are equal, else 0.
    static func equal(_ elementType: ElementType, _ walk: Walk) -> Kernel {
        switch elementType {
        case .float32: Kernel { compare($0, walk, as: Float.self) }
        case .int32: Kernel { compare($0, walk, as: Int32.self) }
        case .int64: Kernel { compare($0, walk, as: Int64.self) }
        case .uint8: Kernel { compare($0, walk, as: UInt8.self) }
        }
    }

    /// Powers; some are cheaper, and exact, as something else.
    fileprivate static func power(_ exponent: Float, _ count: Int) -> Kernel {
        switch exponent {
        case 1: Kernel { map($0, count) { $0 } }
        case 2: Kernel { map($0, count) { $0 * $0 } }
        case 3: Kernel { map($0, count) { $0 * $0 * $0 } }
        case 0.5: Kernel { map($0, count) { $0.squareRoot() } }
        case -1: Kernel { map($0, count) { 1 / $0 } }
        default: Kernel { map($0, count) { powf($0, exponent) } }
        }
    }
}

private typealias Floats = UnsafeMutablePointer<Float>

@inline(__always)
private func map(_ operands: borrowing Operands, _ count: Int, _ function: (Float) -> Float) {
    let output = unsafe operands.output.floats, input = unsafe operands.first.floats
    operands.flag.forEachPiece(of: count) { start, end in
        unsafe mapRow(output + start, end &- start, input + start, function)
    }
}

@inline(__always)
private func map(_ operands: borrowing Operands, _ walk: Walk, _ function: (Float, Float) -> Float) {
    let output = unsafe operands.output.floats
    let left = unsafe operands.first.floats, right = unsafe operands.second.floats
    let repeatsLeft = walk.steps[0] == 0, repeatsRight = walk.steps[1] == 0
    walk.forEachRun(operands.flag) { position, offsets, count in
        let o = unsafe output + position
        let a = unsafe left + offsets[0], b = unsafe right + offsets[1]
        if repeatsLeft {
            unsafe mapRow(o, count, b) { [x = unsafe a[0]] in function(x, $0) }
        } else if repeatsRight {
            unsafe mapRow(o, count, a) { [y = unsafe b[0]] in function($0, y) }
        } else {
            unsafe mapRow(o, count, a, b, function)
        }
    }
}

@inline(__always)
private func mapRow(_ o: Floats, _ count: Int, _ a: Floats, _ function: (Float) -> Float) {
    var i = 0
    if unsafe o == a {
        while i < count { unsafe o[i] = function(o[i]); i &+= 1 }
    } else {
        while i < count { unsafe o[i] = function(a[i]); i &+= 1 }
    }
}

@inline(__always)
private func mapRow(
    _ o: Floats, _ count: Int, _ a: Floats, _ b: Floats, _ function: (Float, Float) -> Float
) {
    var i = 0
    if unsafe o == a {
        while i < count { unsafe o[i] = function(o[i], b[i]); i &+= 1 }
    } else if unsafe o == b {
        while i < count { unsafe o[i] = function(a[i], o[i]); i &+= 1 }
    } else {
        while i < count { unsafe o[i] = function(a[i], b[i]); i &+= 1 }
    }
}

@inline(__always)
private func map(_ operands: borrowing Operands, _ walk: Walk, _ function: (Float, Float, Float) -> Float) {
    let output = unsafe operands.output.floats, first = unsafe operands.first.floats
    let second = unsafe operands.second.floats, third = unsafe operands.third.floats
    let steps = walk.steps
    walk.forEachRun(operands.flag) { position, offsets, count in
        let o = unsafe output + position
        let a = unsafe first + offsets[0], b = unsafe second + offsets[1], c = unsafe third + offsets[2]
        if steps[0] == 1 && steps[1] == 1 && steps[2] == 0 {
            unsafe mapRow(o, count, a, b) { [z = unsafe c[0]] in function($0, $1, z) }
        } else if steps[0] == 1 && steps[1] == 0 && steps[2] == 1 {
            unsafe mapRow(o, count, a, c) { [y = unsafe b[0]] in function($0, y, $1) }
        } else if steps[0] == 0 && steps[1] == 0 && steps[2] == 1 {
            unsafe mapRow(o, count, c) { [x = unsafe a[0], y = unsafe b[0]] in function(x, y, $0) }
        } else {
            var i = 0
            while i < count {
                unsafe o[i] = function(a[i &* steps[0]], b[i &* steps[1]], c[i &* steps[2]])
                i &+= 1
            }
        }
    }
}

@inline(__always)
private func compare<Element: BitwiseCopyable & Equatable>(
    _ operands: borrowing Operands, _ walk: Walk, as type: Element.Type
) {
    let output = unsafe operands.output.floats
    let left = unsafe operands.first.elements(as: type), right = unsafe operands.second.elements(as: type)
    let steps = walk.steps
    walk.forEachRun(operands.flag) { position, offsets, count in
        let o = unsafe output + position
        let a = unsafe left + offsets[0], b = unsafe right + offsets[1]
        var i = 0
        while i < count {
            unsafe o[i] = a[i &* steps[0]] == b[i &* steps[1]] ? 1 : 0
            i &+= 1
        }
    }
}
