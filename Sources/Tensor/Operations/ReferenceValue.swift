#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A tensor for the slow twins of operations: every number a Double, whatever the element type.
package struct ReferenceValue: Equatable {
    /// The size along each axis.
    package var sizes: [Int]
    /// The numbers in row-major order.
    package var numbers: [Double]

    /// Takes numbers as they are.
    package init(_ sizes: [Int], _ numbers: [Double]) {
        self.sizes = sizes
        self.numbers = numbers
    }

    /// Asks for the number at each index.
    package init(_ sizes: [Int], at number: ([Int]) -> Double) {
        self.init(sizes, ReferenceValue.indices(sizes).map(number))
    }

    /// Copies a value.
    package init(_ value: TensorValue) throws(TensorError) {
        sizes = value.shape.dimensions
        switch value.elementType {
        case .float32: numbers = try value.floats.map(Double.init)
        case .int32: numbers = try value.int32s.map(Double.init)
        case .int64: numbers = try value.int64s.map(Double.init)
        case .uint8: numbers = try value.bytes.map(Double.init)
        }
    }

    /// The number at an index of a shape this one broadcasts to.
    package subscript(index: [Int]) -> Double {
        var flat = 0
        for (size, position) in zip(sizes, index.suffix(sizes.count)) {
            flat = flat * size + (size == 1 ? 0 : position)
        }
        return numbers[flat]
    }

    /// Zeros of a shape, and numbers added at indices of it.
    static func sums(_ sizes: [Int], _ body: (_ add: ([Int], Double) -> Void) -> Void) -> ReferenceValue {
        var numbers = [Double](repeating: 0, count: sizes.reduce(1, *))
        body { index, number in numbers[zip(sizes, index).reduce(0) { $0 * $1.0 + $1.1 }] += number }
        return ReferenceValue(sizes, numbers)
    }

    /// All indices of a shape in row-major order.
    package static func indices(_ sizes: [Int]) -> [[Int]] {
        sizes.reduce([[]]) { prefixes, size in
            prefixes.flatMap { prefix in (0..<size).map { prefix + [$0] } }
        }
    }

    /// The numbers as elements of a type they fit.
    package func tensorValue(_ type: ElementType) throws(TensorError) -> TensorValue {
        switch type {
        case .float32: try TensorValue(numbers.map { Float($0) }, shape: sizes)
        case .int32: try TensorValue(numbers.map { Int32($0) }, shape: sizes)
        case .int64: try TensorValue(numbers.map { Int64($0) }, shape: sizes)
        case .uint8: try TensorValue(numbers.map { UInt8($0) }, shape: sizes)
        }
    }
}

// What more than one twin needs.
extension ReferenceValue {
    func map(_ body: (Double) -> Double) -> ReferenceValue { ReferenceValue(sizes, numbers.map(body)) }

    static func broadcast(_ inputs: [ReferenceValue], _ body: ([Double]) -> Double) -> ReferenceValue {
        let rank = inputs.map(\.sizes.count).max() ?? 0
        let sizes = (0..<rank).map { axis in
            let all = inputs.compactMap { input -> Int? in
                let own = axis - rank + input.sizes.count
                return own < 0 ? nil : input.sizes[own]
            }
            return all.first { $0 != 1 } ?? 1
        }
        return ReferenceValue(sizes) { index in body(inputs.map { $0[index] }) }
    }

    func reduced(
        over axes: [Int]?, _ keepsDimensions: Bool, _ body: ([Double]) -> Double
    ) -> ReferenceValue {
        let rank = sizes.count
        let gone = Set((axes ?? Array(0..<rank)).map { $0 < 0 ? $0 + rank : $0 })
        let kept = sizes.enumerated().map { gone.contains($0) ? 1 : $1 }
        let result = ReferenceValue(kept) { position in
            body(
                ReferenceValue.indices(sizes)
                    .filter { index in
                        (0..<rank).allSatisfy { gone.contains($0) || index[$0] == position[$0] }
                    }
                    .map { self[$0] })
        }
        let left =
            keepsDimensions ? kept : kept.enumerated().filter { !gone.contains($0.offset) }.map(\.element)
        return ReferenceValue(left, result.numbers)
    }

    /// The product of matrices over the last two axes.
    func product(_ right: ReferenceValue) -> ReferenceValue {
        let rows = sizes[sizes.count - 2], inner = sizes[sizes.count - 1]
        let columns = right.sizes[right.sizes.count - 1]
        let batches = [self, right].map { ReferenceValue(Array($0.sizes.dropLast(2))) { _ in 0 } }
        let batch = ReferenceValue.broadcast(batches) { _ in 0 }.sizes
        return ReferenceValue(batch + [rows, columns]) { index in
            let position = Array(index.dropLast(2))
            let row = index[index.count - 2], column = index[index.count - 1]
            return (0..<inner).map { self[position + [row, $0]] * right[position + [$0, column]] }.reduce(
                0, +)
        }
    }

    /// The last two axes swapped.
    var swapped: ReferenceValue {
        var order = Array(sizes.indices)
        order.swapAt(order.count - 1, order.count - 2)
        return transposed(order)
    }

    func transposed(_ permutation: [Int]) -> ReferenceValue {
        ReferenceValue(permutation.map { sizes[$0] }) { index in
            var source = [Int](repeating: 0, count: index.count)
            for (position, axis) in permutation.enumerated() { source[axis] = index[position] }
            return self[source]
        }
    }

    func softmax(_ axis: Int) -> ReferenceValue {
        let exponentials = map { exp($0) }
        let total = exponentials.reduced(over: [axis], true) { $0.reduce(0, +) }
        return ReferenceValue.broadcast([exponentials, total]) { $0[0] / $0[1] }
    }
}

extension Operation {
    /// What the operation means, as slowly and plainly as possible.
    package func references(_ inputs: [ReferenceValue]) -> [ReferenceValue] { definition.references(inputs) }
}

extension Graph {
    /// What the graph means: the oracle of gradients, kernels and plans.
    package func reference(_ inputs: [ReferenceValue]) throws(TensorError) -> [ReferenceValue] {
        var values = inputs
        for constant in constants { values.append(try ReferenceValue(constant)) }
        for node in nodes { values += node.operation.references(node.inputs.map { values[$0] }) }
        return outputs.map { values[$0] }
    }
}
