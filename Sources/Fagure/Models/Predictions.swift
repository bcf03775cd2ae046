/// What a model says of one row.
public struct Prediction: Sendable, Hashable {
    /// The most likely class, the first of several; `nil` for a model of numbers.
    public let label: String?
    /// A probability for each class, in their order, or the numbers predicted.
    public let values: [Float]
}

/// What a model says of some rows, in their order.
public struct Predictions: Sendable, Hashable {
    /// The classes in their order; empty for a model of numbers.
    public let classes: [String]
    /// How many values there are for a row: one for each class, or the numbers predicted.
    public let width: Int
    /// The values of all rows, one row after another.
    public let values: [Float]
}

extension Predictions: RandomAccessCollection {
    /// The first row.
    public var startIndex: Int { 0 }

    /// As many as there are rows.
    public var endIndex: Int { width > 0 ? values.count / width : 0 }

    /// What the model says of a row, from 0.
    public subscript(row: Int) -> Prediction {
        let values = Array(self.values[row * width..<(row + 1) * width])
        guard !classes.isEmpty else { return Prediction(label: nil, values: values) }
        return Prediction(label: classes[classIndex(ofRow: row)], values: values)
    }

    /// The index of the most likely class of a row; the first one where several are, or where there is no number.
    func classIndex(ofRow row: Int) -> Int {
        var best = 0
        for index in 0..<width where values[row * width + index] > values[row * width + best] { best = index }
        return best
    }
}
