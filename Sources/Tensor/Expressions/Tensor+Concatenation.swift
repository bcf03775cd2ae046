// Concatenation.
//
// DESIGN. There is no such operation on the wire. Of float32 it is made of those there are: two tensors are padded
// to the size of both (`sliceGradient`), and a mask along the axis selects from one or the other. That moves
// every bit as it is, where a sum with zeros would lose the sign of −0, and has a gradient. Many are joined in
// pairs, so that no element is moved more often than the logarithm of their number. Bytes go through float32,
// which holds them all; int32 and int64 it does not hold, so these are joined here or not at all.
extension Tensor {
    /// Tensors one after another along an axis, all other sizes equal; a negative axis counts from the end.
    ///
    /// It is computed where the tensors are. What does not fit is reported where the value is needed: shapes and
    /// element types that differ, and int32 or int64 at a worker, for which there is no operation.
    ///
    /// - Complexity: O(steps recorded) to record it, as the shapes must be known; integers that are here are
    ///   joined now.
    public static func concatenated(
        _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        let origin = Origin(file: file, line: line)
        do throws(TensorError) {
            return try Concatenation(tensors, axis, origin).result(file, line)
        } catch {
            return .failing(error, origin)
        }
    }

    /// This tensor, then another along an axis; see the function of several.
    public func concatenated(
        with other: Tensor, axis: Int = 0, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        .concatenated([self, other], axis: axis, file: file, line: line)
    }
}

/// Tensors to be put one after another, whose types fit.
private struct Concatenation {
    private let tensors: [Tensor]
    private let types: [ValueType]
    private let axis: Int

    init(_ tensors: [Tensor], _ axis: Int, _ origin: Origin) throws(TensorError) {
        guard !tensors.isEmpty else {
            throw .valueMismatch(name: "concatenated", expected: "at least one tensor", got: "none")
        }
        var types: [ValueType] = []
        for tensor in tensors {
            try tensor.requireUsable()
            types.append(try tensor.type())
        }
        let shapes = types.map(\.shape), first = types[0]
        guard let axis = Shape.resolve(axis: axis, rank: first.shape.rank) else {
            throw .shapeMismatch(
                operation: "concatenated", shapes: shapes, reason: "there is no axis \(axis)", origin: origin)
        }
        guard types.allSatisfy({ $0.elementType == first.elementType }) else {
            throw .elementTypeMismatch(
                operation: "concatenated", types: types.map(\.elementType),
                reason: "takes tensors of one element type", origin: origin)
        }
        let others = Concatenation.sizes(first.shape, without: axis)
        guard shapes.allSatisfy({ Concatenation.sizes($0, without: axis) == others }) else {
            throw .shapeMismatch(
                operation: "concatenated", shapes: shapes,
                reason: "sizes differ along other axes than \(axis)",
                origin: origin)
        }
        (self.tensors, self.types, self.axis) = (tensors, types, axis)
        _ = try shape(types.indices)
        try requireOneLocation(origin)
    }

    /// Tensors without elements take no part in the selection; this is where they are found to be elsewhere.
    private func requireOneLocation(_ origin: Origin) throws(TensorError) {
        var location = RecordedLocation.anywhere, known: Tensor?
        for tensor in tensors where !tensor.expression.location.isAnywhere {
            if let known, !location.join(tensor.expression.location) {
                throw .differentLocations(
                    operation: "concatenated", tensors: [known.locatedPhrase, tensor.locatedPhrase],
                    origin: origin)
            }
            if known == nil { (location, known) = (tensor.expression.location, tensor) }
        }
    }

    private static func sizes(_ shape: Shape, without axis: Int) -> [Int]? {
        guard axis < shape.rank else { return nil }
        var sizes = shape.dimensions
        sizes[axis] = 0
        return sizes
    }

    /// The shape of some of them, one after another.
    private func shape(_ range: Range<Int>) throws(TensorError) -> Shape {
        var sizes = types[0].shape.dimensions
        // A handful of sizes below 2³¹ each, as many as an array holds, may pass 2⁶³ together.
        sizes[axis] = 0
        for index in range {
            let (sum, overflow) = sizes[axis].addingReportingOverflow(types[index].shape[axis])
            sizes[axis] = overflow ? .max : sum
        }
        return try Shape(sizes)
    }

    func result(_ file: StaticString, _ line: Int) throws(TensorError) -> Tensor {
        guard tensors.count > 1 else { return tensors[0] }
        switch types[0].elementType {
        case .float32:
            return try joined(tensors.indices, file, line)
        case .uint8:
            let floats = tensors.map { $0.cast(to: .float32, file: file, line: line) }
            let types = types.map { ValueType(.float32, $0.shape) }
            return try Concatenation(floats, types, axis).joined(tensors.indices, file, line)
                .cast(to: .uint8, file: file, line: line)
        case .int32, .int64:
            return Tensor(try joinedHere(), file: file, line: line)
        }
    }

    private init(_ tensors: [Tensor], _ types: [ValueType], _ axis: Int) {
        (self.tensors, self.types, self.axis) = (tensors, types, axis)
    }

    /// Some of them joined by operations.
    private func joined(_ range: Range<Int>, _ file: StaticString, _ line: Int) throws(TensorError) -> Tensor
    {
        guard range.count > 1 else { return tensors[range.lowerBound] }
        let middle = range.lowerBound + range.count / 2
        let first = range.lowerBound..<middle, second = middle..<range.upperBound
        let left = try joined(first, file, line), right = try joined(second, file, line)
        let leftSize = try shape(first)[axis], all = try shape(range)
        if leftSize == 0 { return right }
        if leftSize == all[axis] { return left }
        guard all.elementCount > 0 else { return .zeros(all.dimensions, file: file, line: line) }

        let lender = Tensor(0).applying(.expand(to: all.dimensions), file: file, line: line)
        let padded = { (tensor: Tensor, start: Int, stop: Int) in
            tensor.applying(
                .sliceGradient(
                    starts: leading(0) + [start], stops: leading(.max) + [stop], steps: leading(1) + [1]),
                lender, file: file, line: line)
        }
        var sizes = [Int](repeating: 1, count: all.rank)
        sizes[axis] = all[axis]
        let mask = try TensorValue((0..<all[axis]).map { $0 < leftSize ? Float(1) : 0 }, shape: sizes)
        return Tensor(Expression(.value(mask), location: .anywhere, origin: nil)).select(
            padded(left, 0, leftSize), otherwise: padded(right, leftSize, .max), file: file, line: line)
    }

    private func leading(_ number: Int) -> [Int] { [Int](repeating: number, count: axis) }

    /// All of them, computed and copied.
    private func joinedHere() throws(TensorError) -> TensorValue {
        for (tensor, type) in zip(tensors, types) where tensor.expression.location.isRemote {
            throw .valueMismatch(
                name: "concatenated", expected: "float32 or uint8 at a worker, or tensors that are here",
                got: "\(type) at \(tensor.location.name)")
        }
        let values = try Tensor.values(of: tensors), all = try shape(types.indices)
        if types[0].elementType == .int32 {
            return try TensorValue(
                interleaved(try values.map { value throws(TensorError) in try value.int32s }),
                shape: all.dimensions)
        }
        return try TensorValue(
            interleaved(try values.map { value throws(TensorError) in try value.int64s }),
            shape: all.dimensions)
    }

    /// The elements in row-major order: of each combination of leading indices, every tensor's part in turn.
    private func interleaved<Element>(_ parts: [[Element]]) -> [Element] {
        let rows = types[0].shape.dimensions[..<axis].reduce(1, *)
        var elements: [Element] = []
        for row in 0..<rows {
            for part in parts {
                let size = part.count / rows
                elements.append(contentsOf: part[row * size..<(row + 1) * size])
            }
        }
        return elements
    }
}
