public import Protocol
import Tensor

/// What is to be learned, read off a data set's schema: from which column which other one is predicted.
public struct LearningTask: Sendable, Hashable {
    /// The data set's name.
    public let dataset: String
    /// The column the model reads.
    public let feature: ColumnDescription
    /// The column the model is to say.
    public let label: ColumnDescription
    /// What a missing cell of the feature column means.
    public let missing: MissingCells
    /// The numbers in one row of the feature column.
    public let featureCount: Int
    /// The numbers the model puts out: one for each class, or as many as a row of the label column holds.
    public let outputCount: Int

    /// Whether a class is predicted, not numbers.
    public var isClassification: Bool { !label.classes.isEmpty }

    /// Reads a schema.
    ///
    /// - Throws: `ModelError` unless there is one feature and one label column that a model can take.
    public init(_ dataset: DatasetDescription) throws(ModelError) {
        self.dataset = dataset.name
        missing = dataset.missing
        feature = try LearningTask.only(.feature, of: dataset)
        label = try LearningTask.only(.label, of: dataset)
        featureCount = try LearningTask.elementCount(feature, dataset)
        let labelCount = try LearningTask.elementCount(label, dataset)
        guard label.classes.isEmpty || labelCount == 1 && label.type != .float32 else {
            throw .unusableColumn(
                dataset: dataset.name, column: label.name, reason: "classes are one whole number a row")
        }
        outputCount = label.classes.isEmpty ? labelCount : label.classes.count
    }

    /// The channels, height and width of a row of the feature column, where it is an image: two axes are one channel,
    /// of three the first are the channels.
    var imageSizes: [Int]? {
        switch feature.dimensions.count {
        case 2: [1] + feature.dimensions
        case 3: feature.dimensions
        default: nil
        }
    }

    /// Which numbers of a row are categories', not measured.
    var categoryElements: [Int] {
        var elements: [Int] = []
        var start = 0
        for feature in self.feature.features {
            if case .categories = feature.kind { elements += start..<start + feature.width }
            start += feature.width
        }
        return elements
    }

    private static func only(_ role: ColumnRole, of dataset: DatasetDescription) throws(ModelError)
        -> ColumnDescription
    {
        let columns = dataset.columns.filter { $0.role == role }
        guard columns.count == 1 else {
            throw .columnCount(dataset: dataset.name, role: role, names: columns.map(\.name))
        }
        return columns[0]
    }

    private static func elementCount(
        _ column: ColumnDescription, _ dataset: DatasetDescription
    ) throws(ModelError) -> Int {
        guard let shape = try? Shape(column.dimensions), shape.elementCount > 0 else {
            throw .unusableColumn(
                dataset: dataset.name, column: column.name,
                reason: "a row of shape \(column.dimensions) is no row")
        }
        return shape.elementCount
    }
}

extension ColumnDescription {
    /// The element type; a code of a later version reads as bytes, which the worker will refuse to bind.
    var type: ElementType { ElementType(rawValue: elementType) ?? .uint8 }
}
