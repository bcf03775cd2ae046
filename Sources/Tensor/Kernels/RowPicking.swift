extension Kernel {
    /// Of a table the rows at indices.
    static func takeRows(_ table: ValueType, indices: ValueType) -> Kernel {
        let rowCount = table.shape[0], count = indices.shape.elementCount
        let rowByteCount = rowCount == 0 ? 0 : table.byteCount / rowCount
        return Kernel { (operands) throws(TensorError) in
            var pace = Pace(operands.flag)
            for index in 0..<count {
                let row = try Label.at(
                    index, in: operands.second, indices.elementType, below: rowCount, "takeRows")
                operands.output.copy(
                    from: operands.first, at: row &* rowByteCount, to: index &* rowByteCount,
                    byteCount: rowByteCount)
                if pace.isOver(after: rowByteCount &+ 1) { return }
            }
        }
    }

    /// Zeros of a shape, and to its rows added what has their index: in the order of the indices.
    static func scatterRows(into shape: Shape, indices: ValueType) -> Kernel {
        let rowCount = shape[0], count = indices.shape.elementCount
        let length = shape.dimensions.dropFirst().reduce(1, *)
        let byteCount = shape.elementCount * MemoryLayout<Float>.size
        return Kernel { (operands) throws(TensorError) in
            operands.output.clear(byteCount: byteCount, operands.flag)
            let output = unsafe operands.output.floats, values = unsafe operands.first.floats
            var pace = Pace(operands.flag)
            for index in 0..<count {
                let row = try Label.at(
                    index, in: operands.second, indices.elementType, below: rowCount, "scatterRows")
                let target = unsafe output + row &* length, source = unsafe values + index &* length
                var i = 0
                while i < length { unsafe target[i] += source[i]; i &+= 1 }
                if pace.isOver(after: length &+ 1) { return }
            }
        }
    }
}
