/// Reads the attributes of one operation in order; whatever is missing, left over or out of range throws.
struct AttributeReader {
    let wireCode: UInt16
    private let attributes: OperationAttributes
    private var integerCount: Int
    private var integerPosition = 0
    private var floatPosition = 0

    init(wireCode: UInt16, attributes: OperationAttributes) {
        self.wireCode = wireCode
        self.attributes = attributes
        self.integerCount = attributes.integers.count
    }

    /// Everything has been read.
    func finish() throws(TensorError) {
        guard integerPosition == integerCount, floatPosition == attributes.floats.count else {
            throw malformed("too many")
        }
    }

    mutating func integer() throws(TensorError) -> Int {
        guard integerPosition < integerCount else { throw malformed("too few") }
        defer { integerPosition += 1 }
        guard let number = Int(exactly: attributes.integers[integerPosition]) else {
            throw malformed("out of range")
        }
        return number
    }

    mutating func float() throws(TensorError) -> Float {
        guard floatPosition < attributes.floats.count else { throw malformed("too few") }
        defer { floatPosition += 1 }
        return attributes.floats[floatPosition]
    }

    mutating func flag() throws(TensorError) -> Bool {
        switch try integer() {
        case 0: false
        case 1: true
        case let other: throw malformed("\(other) where a flag should be")
        }
    }

    mutating func elementType() throws(TensorError) -> ElementType {
        let number = try integer()
        guard let raw = UInt8(exactly: number), let type = ElementType(rawValue: raw) else {
            throw malformed("\(number) where an element type should be")
        }
        return type
    }

    mutating func reduction() throws(TensorError) -> Reduction {
        let number = try integer()
        guard let raw = UInt8(exactly: number), let reduction = Reduction(rawValue: raw) else {
            throw malformed("\(number) where a reduction should be")
        }
        return reduction
    }

    /// All integers that are left, one per axis.
    mutating func list() throws(TensorError) -> [Int] {
        guard integerCount - integerPosition <= Shape.rankMaximum else {
            throw malformed("more axes than a shape has")
        }
        var numbers: [Int] = []
        while integerPosition < integerCount { numbers.append(try integer()) }
        return numbers
    }

    /// All integers that are left: lists of one length, one after another.
    mutating func lists(_ count: Int) throws(TensorError) -> [[Int]] {
        let (length, rest) = (integerCount - integerPosition).quotientAndRemainder(dividingBy: count)
        guard rest == 0 else { throw malformed("lists of different lengths") }
        guard length <= Shape.rankMaximum else { throw malformed("more axes than a shape has") }
        var lists: [[Int]] = []
        for _ in 0..<count {
            var list: [Int] = []
            for _ in 0..<length { list.append(try integer()) }
            lists.append(list)
        }
        return lists
    }

    /// The axes that end the list, read before the flags in front of them.
    mutating func axes(after flagCount: Int) throws(TensorError) -> [Int]? {
        guard integerCount > flagCount else { throw malformed("too few") }
        integerPosition = flagCount
        let isAll = try flag()
        let axes = try list()
        guard !isAll || axes.isEmpty else { throw malformed("axes beside all axes") }
        integerPosition = 0
        integerCount = flagCount
        return isAll ? nil : axes
    }

    private func malformed(_ reason: String) -> TensorError {
        .invalidGraph(reason: "attributes of operation code \(wireCode) are malformed: \(reason)")
    }
}
