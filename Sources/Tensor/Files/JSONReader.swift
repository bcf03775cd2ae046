/// Reads the small part of JSON that a safetensors header is made of, strictly: objects, strings, arrays, and
/// whole numbers that are not negative.
///
/// It never trusts what it reads: anything else is an error that names the byte.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private let path: String

    /// Starts at the first byte; `path` names the file in errors.
    init(_ bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// Reads an object, calling `member` with each key, which must read the value.
    mutating func object(
        _ member: (inout JSONReader, _ key: String) throws(TensorError) -> Void
    ) throws(TensorError) {
        var keys = Set<String>()
        try expect("{")
        if accept("}") { return }
        repeat {
            let key = try string()
            guard keys.insert(key).inserted else { throw error("the key '\(key)' comes twice") }
            try expect(":")
            try member(&self, key)
        } while accept(",")
        try expect("}")
    }

    /// Reads an array of whole numbers.
    mutating func numbers(limit: Int) throws(TensorError) -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        if accept("]") { return numbers }
        repeat {
            guard numbers.count < limit else { throw error("more than \(limit) numbers") }
            numbers.append(try number())
        } while accept(",")
        try expect("]")
        return numbers
    }

    /// Reads an array of strings.
    mutating func strings(limit: Int) throws(TensorError) -> [String] {
        var strings: [String] = []
        try expect("[")
        if accept("]") { return strings }
        repeat {
            guard strings.count < limit else { throw error("more than \(limit) strings") }
            strings.append(try string())
        } while accept(",")
        try expect("]")
        return strings
    }

    /// Reads a string.
    mutating func string() throws(TensorError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw error("a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                try text.append(contentsOf: escape())
            case 0..<0x20:
                throw error("a control character in a string")
            default:
                text.append(byte)
            }
        }
        throw error("a string does not end")
    }

    /// Requires that only white space is left.
    mutating func end() throws(TensorError) {
        skipSpace()
        guard position == bytes.count else { throw error("something follows the end") }
    }

    /// An error at the current byte.
    func error(_ reason: String) -> TensorError {
        .invalidFile(path: path, reason: "header byte \(position): \(reason)")
    }

    private mutating func number() throws(TensorError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, case let digit = bytes[position], digit >= 0x30, digit <= 0x39 {
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowedToo) = product.addingReportingOverflow(Int(digit) - 0x30)
            guard !overflowed, !overflowedToo else { throw error("a number is too large") }
            value = sum
            position += 1
        }
        let hasLeadingZero = position - start > 1 && bytes[start] == 0x30
        guard position > start, !hasLeadingZero else { throw error("expected a whole number") }
        return value
    }

    private mutating func escape() throws(TensorError) -> [UInt8] {
        switch next() {
        case UInt8(ascii: "\""): return [0x22]
        case UInt8(ascii: "\\"): return [0x5C]
        case UInt8(ascii: "/"): return [0x2F]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(try escapedScalar()).utf8)
        default: throw error("an unknown escape")
        }
    }

    private mutating func escapedScalar() throws(TensorError) -> Unicode.Scalar {
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit >= 0xD800, unit < 0xDC00, next() == UInt8(ascii: "\\"), next() == UInt8(ascii: "u") else {
            throw error("half a surrogate pair")
        }
        let low = try codeUnit()
        guard low >= 0xDC00, low < 0xE000,
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw error("half a surrogate pair") }
        return scalar
    }

    private mutating func codeUnit() throws(TensorError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80
            else {
                throw error("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(TensorError) {
        guard accept(character) else { throw error("expected '\(character)'") }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        position += 1
        return bytes[position - 1]
    }
}
