import Ground

extension TensorValue {
    /// Copies numbers in row-major order; without a shape they make a vector.
    ///
    /// - Throws: `TensorError.invalidShape`, or `.valueMismatch` when the shape asks for another number of
    ///   elements.
    public init(_ elements: [Float], shape: [Int]? = nil) throws(TensorError) {
        try self.init(elements: elements, .float32, shape)
    }

    /// Copies whole numbers in row-major order; without a shape they make a vector.
    ///
    /// - Throws: `TensorError.invalidShape`, or `.valueMismatch` when the shape asks for another number of
    ///   elements.
    public init(_ elements: [Int32], shape: [Int]? = nil) throws(TensorError) {
        try self.init(elements: elements, .int32, shape)
    }

    /// Copies whole numbers in row-major order; without a shape they make a vector.
    ///
    /// - Throws: `TensorError.invalidShape`, or `.valueMismatch` when the shape asks for another number of
    ///   elements.
    public init(_ elements: [Int64], shape: [Int]? = nil) throws(TensorError) {
        try self.init(elements: elements, .int64, shape)
    }

    /// Copies bytes, such as pixels, in row-major order; without a shape they make a vector.
    ///
    /// - Throws: `TensorError.invalidShape`, or `.valueMismatch` when the shape asks for another number of
    ///   elements.
    public init(_ elements: [UInt8], shape: [Int]? = nil) throws(TensorError) {
        try self.init(elements: elements, .uint8, shape)
    }

    /// A single number.
    public init(scalar: Float) {
        self.init(ValueType(.float32, .scalar), filled: Storage(elements: [scalar]))
    }

    /// A value of zeros.
    package static func zeros(_ type: ValueType) -> TensorValue {
        TensorValue(type, filled: Storage(byteCount: type.byteCount))
    }

    /// Takes storage that was made for this type.
    init(_ type: ValueType, filled storage: Storage) {
        precondition(storage.byteCount == type.byteCount, "the storage has the size of its type")
        self.type = type
        self.storage = storage
    }

    private init<Element: BitwiseCopyable>(
        elements: [Element], _ elementType: ElementType, _ sizes: [Int]?
    ) throws(TensorError) {
        let shape = try Shape(sizes ?? [elements.count])
        guard shape.elementCount == elements.count else {
            throw .valueMismatch(
                name: "elements of \(elementType) \(shape)", expected: "\(shape.elementCount)",
                got: "\(elements.count)")
        }
        self.init(ValueType(elementType, shape), filled: Storage(elements: elements))
    }

    /// All elements in row-major order.
    ///
    /// - Throws: `TensorError.valueMismatch` when the value does not hold float32.
    /// - Complexity: O(elements), like the three below: they copy.
    public var floats: [Float] {
        get throws(TensorError) { try elements(.float32) }
    }

    /// Whether all its numbers are finite.
    ///
    /// - Complexity: O(elements).
    package var isFinite: Bool { largestMagnitude.isFinite }

    /// The largest magnitude of its numbers; infinite where one is infinite or NaN, 0 for other types than float32.
    ///
    /// - Complexity: O(elements).
    package var largestMagnitude: Double {
        guard elementType == .float32 else { return 0 }
        return storage.withElements(as: Float.self) { floats in
            // The bits of magnitudes are in the order of the magnitudes, with infinity and then NaN above all; of
            // integers the largest is found several at a time: 57 µs for 200,000, where floats took 132.
            var largest: UInt32 = 0
            // A key path or a closure for each of millions takes seconds where nothing is inlined.
            for index in floats.indices { largest = max(largest, floats[index].bitPattern & 0x7FFF_FFFF) }
            let magnitude = Float(bitPattern: largest)
            return magnitude.isFinite ? Double(magnitude) : .infinity
        }
    }

    /// All elements in row-major order.
    ///
    /// - Throws: `TensorError.valueMismatch` when the value does not hold int32.
    public var int32s: [Int32] {
        get throws(TensorError) { try elements(.int32) }
    }

    /// All elements in row-major order.
    ///
    /// - Throws: `TensorError.valueMismatch` when the value does not hold int64.
    public var int64s: [Int64] {
        get throws(TensorError) { try elements(.int64) }
    }

    /// All elements in row-major order.
    ///
    /// - Throws: `TensorError.valueMismatch` when the value does not hold uint8.
    public var bytes: [UInt8] {
        get throws(TensorError) { try elements(.uint8) }
    }

    /// The number a float32 value of one element holds, whatever its rank.
    ///
    /// - Throws: `TensorError.valueMismatch` when there is not exactly one element, or it is no float32.
    public func scalar() throws(TensorError) -> Float {
        let elements: [Float] = try self.elements(.float32)
        guard elements.count == 1, let scalar = elements.first else {
            throw .valueMismatch(name: "scalar", expected: "one element", got: "\(type)")
        }
        return scalar
    }

    /// The number a value of one element holds, whatever its type and rank.
    ///
    /// - Throws: `TensorError.valueMismatch` when there is not exactly one element, or no `Double` equals it.
    public func item() throws(TensorError) -> Double {
        guard shape.elementCount == 1 else {
            throw .valueMismatch(name: "item", expected: "one element", got: "\(type)")
        }
        switch elementType {
        case .float32: return Double(try floats[0])
        case .int32: return Double(try int32s[0])
        case .uint8: return Double(try bytes[0])
        case .int64:
            let element = try int64s[0]
            guard let number = Double(exactly: element) else {
                throw .valueMismatch(name: "item", expected: "a number a Double can hold", got: "\(element)")
            }
            return number
        }
    }

    /// Lends the bytes, row-major and little-endian.
    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withBytes(body)
    }

    private func elements<Element: BitwiseCopyable>(
        _ expected: ElementType
    ) throws(TensorError) -> [Element] {
        guard elementType == expected else {
            throw .valueMismatch(name: "elements", expected: "\(expected)", got: "\(elementType)")
        }
        return storage.elements(as: Element.self)
    }
}

extension TensorValue: Hashable {
    /// Whether type, shape and every byte are the same; so a NaN equals itself and −0 does not equal 0.
    ///
    /// - Complexity: O(bytes) unless the storage is shared.
    public static func == (left: TensorValue, right: TensorValue) -> Bool {
        left.type == right.type && left.storage == right.storage
    }

    /// Hashes type, shape and every byte.
    ///
    /// - Complexity: O(bytes).
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(storage)
    }
}

extension TensorValue {
    /// The same value with bytes of its own, where they are a part of more.
    package var compact: TensorValue {
        guard storage.isPart else { return self }
        return TensorValue(type, filled: Storage(copying: storage, from: 0, byteCount: storage.byteCount))
    }
}
