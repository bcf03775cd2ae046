import Ground

/// A value's numbers in nested brackets, as people read them.
///
/// Rows are lines, and of long axes only the first and last elements are shown, as NumPy does. The type follows
/// where the numbers do not tell it.
struct TensorText {
    /// More elements than these are not all shown.
    static let elementsMaximum = 100
    /// How many elements of a long axis are shown at either end.
    private static let edgeCount = 3
    private static let lineWidth = 100

    private let shape: Shape
    private let texts: [String]
    private let width: Int
    private let isShort: Bool

    private init(_ shape: Shape, _ texts: [String]) {
        (self.shape, self.texts) = (shape, texts)
        isShort = shape.elementCount <= TensorText.elementsMaximum
        // A single row needs no columns.
        let isAligned = shape.rank > 1 && shape.elementCount > shape[shape.rank - 1]
        width = isAligned ? texts.map(\.count).max() ?? 0 : 0
    }

    /// The text of a value.
    static func text(of value: TensorValue) -> String {
        let numbers = TensorText(value.shape, texts(of: value)).text(axis: 0, offset: 0)
        let isPlain = value.elementType == .float32 && value.shape.elementCount > 0
        return isPlain && value.shape.elementCount <= elementsMaximum ? numbers : "\(numbers) \(value.type)"
    }

    /// The elements' texts; of those that are not shown empty ones.
    private static func texts(of value: TensorValue) -> [String] {
        switch value.elementType {
        case .float32: texts(value.storage.elements(as: Float.self), value.shape)
        case .int32: texts(value.storage.elements(as: Int32.self), value.shape)
        case .int64: texts(value.storage.elements(as: Int64.self), value.shape)
        case .uint8: texts(value.storage.elements(as: UInt8.self), value.shape)
        }
    }

    private static func texts<Element: CustomStringConvertible>(
        _ elements: [Element], _ shape: Shape
    ) -> [String] {
        guard elements.count > elementsMaximum else { return elements.map(\.description) }
        let strides = shape.strides
        return elements.enumerated().map { offset, element in
            let isShown = strides.indices.allSatisfy { axis in
                let index = offset / strides[axis] % shape[axis]
                return index < edgeCount || index >= shape[axis] - edgeCount
            }
            return isShown ? element.description : ""
        }
    }

    private func text(axis: Int, offset: Int) -> String {
        guard axis < shape.rank else {
            let text = texts[offset]
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let stride = shape.strides[axis]
        let parts = indices(axis).map { index in
            index.map { text(axis: axis + 1, offset: offset + $0 * stride) } ?? "…"
        }
        let indent = String(repeating: " ", count: axis + 1)
        guard axis < shape.rank - 1 else { return "[\(wrapped(parts, indent))]" }
        let gap = String(repeating: "\n", count: shape.rank - 1 - axis)
        return "[\(parts.joined(separator: ",\(gap)\(indent)"))]"
    }

    /// The indices of an axis that are shown, `nil` for those left out between them.
    private func indices(_ axis: Int) -> [Int?] {
        let size = shape[axis], edge = TensorText.edgeCount
        guard !isShort, size > 2 * edge else { return Array(0..<size) }
        return Array(0..<edge) + [nil] + Array(size - edge..<size)
    }

    /// Parts on one line, or on as many as it takes.
    private func wrapped(_ parts: [String], _ indent: String) -> String {
        var text = "", column = indent.count
        for (index, part) in parts.enumerated() {
            if index > 0 {
                text += ","
                column += 1
                let isFull = column + part.count + 1 > TensorText.lineWidth
                text += isFull ? "\n\(indent)" : " "
                column = isFull ? indent.count : column + 1
            }
            text += part
            column += part.count
        }
        return text
    }
}

extension TensorValue: CustomStringConvertible {
    /// The numbers in nested brackets, a scalar alone; of many the first and last, with the type.
    public var description: String { TensorText.text(of: self) }
}
