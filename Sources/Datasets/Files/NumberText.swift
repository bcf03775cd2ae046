/// Numbers as tables write them: digits, a decimal mark, an exponent.
///
/// Hexadecimal, which in a table is a code and no measurement, is no number here, nor are blanks or thousands
/// marks. Parsed from bytes without a text in between, wherever the result is exactly the nearest one.
enum NumberText {
    /// What some bytes are.
    enum Reading {
        /// Not a number.
        case text
        /// A number in the form asked for, whose value float32 can hold.
        case number(Float)
        /// Infinite, or a number float32 cannot hold.
        case unholdable
    }

    private static let powersOfTen: [Double] = (0...22).map { power in
        (0..<power).reduce(1.0) { product, _ in product * 10 }
    }

    /// Reads some bytes as float32.
    static func read(_ bytes: [UInt8], _ range: Range<Int>, mark: UInt8) -> Reading {
        guard let scan = Scan(bytes, range, mark: mark) else {
            return isInfinity(bytes, range) ? .unholdable : .text
        }
        if let quick = scan.quickValue(powersOfTen) { return .number(quick) }
        // Rare: many digits, large exponents, or a tie between two neighbours.
        guard let slow = Float(scan.text(bytes, range, mark: mark)) else { return .text }
        guard slow.isFinite, slow != 0 || scan.mantissa == 0 else { return .unholdable }
        return .number(slow)
    }

    /// Whether some bytes are a finite number in this form, whatever its size.
    static func isNumber(_ bytes: [UInt8], _ range: Range<Int>, mark: UInt8) -> Bool {
        Scan(bytes, range, mark: mark) != nil
    }

    /// A number in decimal notation; `nil` for anything else.
    static func decimal(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        guard Scan(bytes, bytes.indices, mark: UInt8(ascii: ".")) != nil else { return nil }
        return Double(text)
    }

    /// A whole number, `1.0` and `1e3` being some; `nil` for anything else.
    static func whole(_ text: String, mark: UInt8 = UInt8(ascii: ".")) -> Int? {
        let dotted = mark == UInt8(ascii: ".") ? text : String(text.map { $0 == "," ? "." : $0 })
        if let exact = Int(dotted) { return exact }
        return decimal(dotted).flatMap { Int(exactly: $0) }
    }

    private static let infinities: Set<String> = ["inf", "infinity"]

    private static func isInfinity(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        guard range.count <= 9, let first = range.first else { return false }
        let hasSign = bytes[first] == UInt8(ascii: "-") || bytes[first] == UInt8(ascii: "+")
        let text = String(decoding: bytes[hasSign ? range.dropFirst() : range], as: UTF8.self)
        return infinities.contains(text.lowercased())
    }
}

/// The parts of a number that is well formed.
private struct Scan {
    private static let mantissaMaximum: UInt64 = 1 << 53
    private static let exponentMaximum = 100_000

    private(set) var mantissa: UInt64 = 0
    private var isExact = true
    private var isNegative = false
    private var exponent = 0

    init?(_ bytes: [UInt8], _ range: Range<Int>, mark: UInt8) {
        var position = range.lowerBound
        let end = range.upperBound
        if position < end, bytes[position] == 0x2D || bytes[position] == 0x2B {
            isNegative = bytes[position] == 0x2D
            position += 1
        }
        var digitCount = 0
        while position < end, case let digit = bytes[position] &- 0x30, digit < 10 {
            append(digit)
            digitCount += 1
            position += 1
        }
        if position < end, bytes[position] == mark {
            position += 1
            while position < end, case let digit = bytes[position] &- 0x30, digit < 10 {
                append(digit)
                exponent -= 1
                digitCount += 1
                position += 1
            }
        }
        guard digitCount > 0 else { return nil }
        if position < end {
            guard bytes[position] | 0x20 == 0x65, readExponent(bytes, position + 1, end) else { return nil }
        }
    }

    private mutating func append(_ digit: UInt8) {
        guard mantissa <= Scan.mantissaMaximum else {
            isExact = false
            return
        }
        mantissa = mantissa * 10 + UInt64(digit)
    }

    private mutating func readExponent(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Bool {
        var position = start
        var isBelow = false
        if position < end, bytes[position] == 0x2D || bytes[position] == 0x2B {
            isBelow = bytes[position] == 0x2D
            position += 1
        }
        guard position < end else { return false }
        var value = 0
        while position < end {
            let digit = bytes[position] &- 0x30
            guard digit < 10 else { return false }
            value = min(value * 10 + Int(digit), Scan.exponentMaximum)
            position += 1
        }
        exponent += isBelow ? -value : value
        return true
    }

    /// The nearest float32, where a product of two exact doubles is enough to know it.
    func quickValue(_ powersOfTen: [Double]) -> Float? {
        guard isExact, mantissa <= Scan.mantissaMaximum, abs(exponent) < powersOfTen.count else { return nil }
        let whole = Double(mantissa)
        let double = exponent < 0 ? whole / powersOfTen[-exponent] : whole * powersOfTen[exponent]
        if double == 0 { return isNegative ? -0.0 : 0 }
        let float = Float(double)
        guard float.isNormal else { return nil }
        // Halfway between two floats a double may have been rounded there: only then twice rounded is not once.
        guard double.bitPattern & 0x1FFF_FFFF != 0x1000_0000 else { return nil }
        return isNegative ? -float : float
    }

    /// The number as Swift reads it.
    func text(_ bytes: [UInt8], _ range: Range<Int>, mark: UInt8) -> String {
        String(decoding: bytes[range].map { $0 == mark ? 0x2E : $0 }, as: UTF8.self)
    }
}
