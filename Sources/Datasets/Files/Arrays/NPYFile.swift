import Tensor

/// NumPy's format of one array: a magic word, a version, a head in Python's words, then the elements.
///
/// See numpy.lib.format. Numbers of any size and order of bytes are read, booleans and text too.
struct NPYFile {
    /// The first bytes of every file.
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// The array.
    let array: ArrayData

    /// Reads a whole file.
    ///
    /// - Throws: `DatasetError.invalidFile`.
    init(_ bytes: [UInt8], path: String) throws(DatasetError) {
        let reader = ByteReader(bytes, path: path)
        guard reader.matches(NPYFile.magic, at: 0) else { throw reader.fault("not an NPY file") }
        let lengthByteCount = try reader.number(at: 6, byteCount: 1) == 1 ? 2 : 4
        let count = try reader.number(at: 8, byteCount: lengthByteCount)
        guard count <= DatasetLimits.npyHeaderByteCountMaximum else {
            throw reader.fault("an NPY head of \(count) bytes")
        }
        let start = 8 + lengthByteCount
        let text = String(decoding: try reader.slice(at: start, byteCount: count), as: UTF8.self)
        guard let head = NPYHead(text) else {
            throw reader.fault("an NPY head that is not understood: \(quoted(text))")
        }
        guard let format = NPYFormat(head.description) else {
            throw reader.fault("NPY elements of type \(quoted(head.description)), expected numbers or text")
        }
        let shape: Shape
        do {
            shape = try Shape(head.sizes)
        } catch {
            throw reader.fault("\(error)")
        }
        let data = bytes.count - start - count
        // No overflow: a shape has at most 2³¹ elements, and an element's size is checked.
        guard data == shape.elementCount * format.byteCount else {
            throw reader.fault(
                "\(shape) elements of \(format.byteCount) bytes need \(shape.elementCount * format.byteCount), "
                    + "there are \(data)")
        }
        let positions = head.isFortran ? NPYFile.columnMajorPositions(shape) : nil
        let elements = format.elements(
            bytes, from: start + count, count: shape.elementCount, positions: positions)
        guard let elements else { throw reader.fault("an element that is not understood") }
        self.array = ArrayData(shape: shape, elements: elements)
    }

    /// Where each element stands in a file that has the first axis innermost.
    private static func columnMajorPositions(_ shape: Shape) -> [Int]? {
        guard shape.rank > 1 else { return nil }
        var steps = [Int](repeating: 1, count: shape.rank)
        for axis in 1..<shape.rank { steps[axis] = steps[axis - 1] * max(shape[axis - 1], 1) }
        let strides = shape.strides
        return (0..<shape.elementCount).map { index in
            var position = 0
            for axis in 0..<shape.rank {
                position += index / max(strides[axis], 1) % max(shape[axis], 1) * steps[axis]
            }
            return position
        }
    }
}

/// The head: `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
struct NPYHead {
    let description: String
    let isFortran: Bool
    let sizes: [Int]

    init?(_ text: String) {
        var rest = Substring(text.filter { $0 != " " && $0 != "\n" })
        guard rest.first == "{", rest.last == "}" else { return nil }
        rest = rest.dropFirst().dropLast()
        var members: [String: Substring] = [:]
        while !rest.isEmpty {
            guard let (key, value) = NPYHead.member(&rest) else { return nil }
            guard members.updateValue(value, forKey: key) == nil else { return nil }
        }
        guard members.count == 3, let type = members["descr"], let order = members["fortran_order"],
            let shape = members["shape"], type.count > 2, type.first == "'", type.last == "'",
            order == "True" || order == "False", shape.first == "(", shape.last == ")"
        else { return nil }
        var sizes: [Int] = []
        for part in shape.dropFirst().dropLast().split(separator: ",") {
            guard let size = Int(part), size >= 0, sizes.count < Shape.rankMaximum else { return nil }
            sizes.append(size)
        }
        self.description = String(type.dropFirst().dropLast())
        self.isFortran = order == "True"
        self.sizes = sizes
    }

    /// Takes `'key':value` and the comma after it: a value ends at a comma outside of parentheses.
    private static func member(_ rest: inout Substring) -> (String, Substring)? {
        guard let colon = rest.firstIndex(of: ":") else { return nil }
        let key = rest[..<colon]
        guard key.count > 2, key.first == "'", key.last == "'" else { return nil }
        let after = rest[rest.index(after: colon)...]
        let end: Substring.Index
        if after.first == "(" {
            guard let close = after.firstIndex(of: ")") else { return nil }
            end = after.index(after: close)
        } else {
            end = after.firstIndex(of: ",") ?? after.endIndex
        }
        let value = after[..<end]
        rest = after[end...]
        if rest.first == "," { rest = rest.dropFirst() } else if !rest.isEmpty { return nil }
        return (String(key.dropFirst().dropLast()), value)
    }
}

/// How an element is stored.
struct NPYFormat {
    private let kind: Character
    private let isBigEndian: Bool
    /// The bytes of one element.
    let byteCount: Int

    init?(_ description: String) {
        guard let order = description.first, "<>|=".contains(order) else { return nil }
        let rest = description.dropFirst()
        guard let kind = rest.first, let size = Int(rest.dropFirst()), (1...4_096).contains(size) else {
            return nil
        }
        let allowed: Bool =
            switch kind {
            case "f": [2, 4, 8].contains(size)
            case "i", "u": [1, 2, 4, 8].contains(size)
            case "b": size == 1
            case "U", "S": true
            default: false
            }
        guard allowed else { return nil }
        self.kind = kind
        self.isBigEndian = order == ">"
        self.byteCount = kind == "U" ? 4 * size : size
    }

    /// Reads elements; `nil` where one is no text, or too large for 64 bits.
    func elements(_ bytes: [UInt8], from start: Int, count: Int, positions: [Int]?) -> ArrayData.Elements? {
        let at = { (index: Int) in start + (positions?[index] ?? index) * byteCount }
        switch (kind, byteCount) {
        case ("u", 1), ("b", _):
            return .bytes((0..<count).map { bytes[at($0)] })
        case ("f", 8):
            return .doubles((0..<count).map { Double(bitPattern: word(bytes, at($0))) })
        case ("f", 4):
            return .floats(
                (0..<count).map { Float(bitPattern: UInt32(truncatingIfNeeded: word(bytes, at($0)))) })
        case ("f", _):
            return .floats(
                (0..<count).map { NPYFormat.half(UInt16(truncatingIfNeeded: word(bytes, at($0)))) })
        case ("U", _), ("S", _):
            return texts(bytes, count: count, at: at)
        default:
            return wholes(bytes, count: count, at: at)
        }
    }

    private func word(_ bytes: [UInt8], _ position: Int) -> UInt64 {
        var word: UInt64 = 0
        for offset in 0..<byteCount {
            word = word << 8 | UInt64(bytes[position + (isBigEndian ? offset : byteCount - 1 - offset)])
        }
        return word
    }

    private func wholes(_ bytes: [UInt8], count: Int, at: (Int) -> Int) -> ArrayData.Elements? {
        var wholes: [Int64] = []
        wholes.reserveCapacity(count)
        let unused = UInt64(64 - 8 * byteCount)
        for index in 0..<count {
            let word = word(bytes, at(index))
            if kind == "u" {
                guard let whole = Int64(exactly: word) else { return nil }
                wholes.append(whole)
            } else {
                wholes.append(Int64(bitPattern: word << unused) >> Int64(unused))
            }
        }
        return .wholes(wholes)
    }

    private func texts(_ bytes: [UInt8], count: Int, at: (Int) -> Int) -> ArrayData.Elements? {
        var texts: [String] = []
        for index in 0..<count {
            let first = at(index)
            let slice = bytes[first..<first + byteCount]
            guard kind == "U" else {
                guard let text = String(validating: slice.prefix { $0 != 0 }, as: UTF8.self) else {
                    return nil
                }
                texts.append(text)
                continue
            }
            var scalars = String.UnicodeScalarView()
            for offset in stride(from: first, to: first + byteCount, by: 4) {
                let unit = (0..<4).reduce(UInt32(0)) {
                    $0 << 8 | UInt32(bytes[offset + (isBigEndian ? $1 : 3 - $1)])
                }
                if unit == 0 { break }
                guard let scalar = Unicode.Scalar(unit) else { return nil }
                scalars.append(scalar)
            }
            texts.append(String(scalars))
        }
        return .texts(texts)
    }

    /// A number of 16 bits, IEEE 754 binary16: by hand, because not every platform has the type.
    private static func half(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Float(bits & 0x3FF)
        switch exponent {
        case 0: return sign * Float(sign: .plus, exponent: -24, significand: fraction)
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(sign: .plus, exponent: exponent - 25, significand: 1_024 + fraction)
        }
    }
}
