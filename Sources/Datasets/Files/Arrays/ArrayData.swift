import Tensor

/// An array as a file holds it, in row-major order.
struct ArrayData {
    /// The elements, as wide as they must be to be what they were.
    enum Elements {
        case bytes([UInt8])
        case floats([Float])
        case doubles([Double])
        case wholes([Int64])
        case texts([String])

        /// How many there are.
        var count: Int {
            switch self {
            case .bytes(let elements): elements.count
            case .floats(let elements): elements.count
            case .doubles(let elements): elements.count
            case .wholes(let elements): elements.count
            case .texts(let elements): elements.count
            }
        }
    }

    /// The sizes along each axis.
    let shape: Shape
    /// The elements: as many as the shape says.
    let elements: Elements

    /// The number of rows; `nil` for a single number.
    var rowCount: Int? { shape.dimensions.first }

    /// The sizes of one row; `[1]` where a row is a number.
    var rowSizes: [Int] { shape.rank > 1 ? Array(shape.dimensions.dropFirst()) : [1] }

    /// Takes a value of a safetensors file.
    init(_ value: TensorValue) throws(DatasetError) {
        self.shape = value.shape
        do {
            switch value.elementType {
            case .uint8: elements = .bytes(try value.bytes)
            case .float32: elements = .floats(try value.floats)
            case .int32: elements = .wholes(try value.int32s.map { Int64($0) })
            case .int64: elements = .wholes(try value.int64s)
            }
        } catch {
            throw .invalidTable(reason: "\(error)")
        }
    }

    /// Takes elements that are as many as the shape says.
    init(shape: Shape, elements: Elements) {
        self.shape = shape
        self.elements = elements
    }

    /// The type features of this kind are stored as unless a schema says otherwise.
    var featureType: ElementType { if case .bytes = elements { .uint8 } else { .float32 } }

    /// One element as a cell has it: what a label of it would be called.
    func text(_ index: Int) -> String {
        switch elements {
        case .bytes(let elements): String(elements[index])
        case .floats(let elements): "\(elements[index])"
        case .doubles(let elements): "\(elements[index])"
        case .wholes(let elements): String(elements[index])
        case .texts(let elements): elements[index]
        }
    }

    /// One element as a number; `nil` for text.
    func number(_ index: Int) -> Double? {
        switch elements {
        case .bytes(let elements): Double(elements[index])
        case .floats(let elements): Double(elements[index])
        case .doubles(let elements): elements[index]
        case .wholes(let elements): Double(elements[index])
        case .texts: nil
        }
    }

    /// The elements as one type, and the rows that lack some.
    ///
    /// - Throws: `ElementFault` at the first element the type cannot hold.
    func converted(to type: ElementType, missing: DataSchema.Missing) throws(ElementFault) -> Converted {
        switch (type, elements) {
        case (.uint8, .bytes(let elements)): return Converted(values: .bytes(elements), lacking: [])
        case (.float32, _): return try floats(missing: missing)
        default: break
        }
        var wholes: [Int64] = []
        wholes.reserveCapacity(elements.count)
        for index in 0..<elements.count {
            let exact: Int64? =
                if case .wholes(let elements) = elements { elements[index] } else {
                    number(index).flatMap { Int64(exactly: $0) }
                }
            guard let exact, type.holds(exact) else { throw ElementFault(index: index, text: text(index)) }
            wholes.append(exact)
        }
        return Converted(values: .wholes(wholes), lacking: [])
    }

    private func floats(missing: DataSchema.Missing) throws(ElementFault) -> Converted {
        var floats: [Float] = []
        floats.reserveCapacity(elements.count)
        var lacking = Set<Int>()
        let rowSize = max(rowSizes.reduce(1, *), 1)
        for index in 0..<elements.count {
            guard let number = number(index) else { throw ElementFault(index: index, text: text(index)) }
            if number.isNaN {
                guard missing != .refuse else { throw ElementFault(index: index, text: "nan") }
                lacking.insert(index / rowSize)
                floats.append(missing == .mean ? .nan : 0)
                continue
            }
            let float = Float(number)
            guard float.isFinite, float != 0 || number == 0 else {
                throw ElementFault(index: index, text: text(index))
            }
            floats.append(float)
        }
        return Converted(values: .floats(floats), lacking: missing == .dropRow ? lacking : [])
    }

    /// Elements of the type asked for.
    struct Converted {
        let values: Elements
        /// The rows that have no value somewhere, where they are to be left out.
        let lacking: Set<Int>

        /// The value.
        func value(_ type: ElementType, shape: [Int]) throws(DatasetError) -> TensorValue {
            switch (type, values) {
            case (.int32, .wholes(let wholes)):
                try checked(TensorValue(wholes.map { Int32(truncatingIfNeeded: $0) }, shape: shape))
            case (.uint8, .wholes(let wholes)):
                try checked(TensorValue(wholes.map { UInt8(truncatingIfNeeded: $0) }, shape: shape))
            case (_, .wholes(let wholes)): try checked(TensorValue(wholes, shape: shape))
            case (_, .bytes(let bytes)): try checked(TensorValue(bytes, shape: shape))
            case (_, .floats(let floats)): try checked(TensorValue(floats, shape: shape))
            case (_, .doubles), (_, .texts): throw .invalidTable(reason: "elements that are not \(type)")
            }
        }
    }
}

/// An element that its type cannot hold.
struct ElementFault: Error {
    let index: Int
    let text: String
}

extension ElementType {
    fileprivate func holds(_ number: Int64) -> Bool {
        switch self {
        case .uint8: UInt8(exactly: number) != nil
        case .int32: Int32(exactly: number) != nil
        case .int64: true
        case .float32: false
        }
    }
}
