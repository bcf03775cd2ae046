public import Tensor

/// What the columns of a data set mean: the contract that sites share as a small YAML file.
///
/// Columns are found by name, in whatever order a file has them. Two sites can learn together where their
/// schemas agree in features, label and what a missing cell means; units and notes are for people.
public struct DataSchema: Sendable, Hashable {
    /// One named value of a row that a model reads.
    public struct Feature: Sendable, Hashable {
        /// What a cell holds.
        public enum Kind: Sendable, Hashable {
            /// A number, stored as float32.
            case number
            /// One of these texts, stored as a number for each of them in this order: 1 at its own, else 0.
            case categories([String])
            /// Numbers in the shape given, such as an image: a column of its own.
            case tensor(shape: Shape, type: ElementType)
        }

        /// The column's name in a file.
        public let name: String
        /// What a cell holds.
        public let kind: Kind
        /// The unit it is measured in; empty where none is said.
        public let unit: String
        /// A remark for people; empty where there is none.
        public let note: String

        /// Describes a feature.
        public init(name: String, kind: Kind = .number, unit: String = "", note: String = "") {
            self.name = name
            self.kind = kind
            self.unit = unit
            self.note = note
        }

        /// How many numbers of a row are its: one, one for each category, or a tensor's elements.
        public var width: Int {
            switch kind {
            case .number: 1
            case .categories(let names): names.count
            case .tensor(let shape, _): shape.elementCount
            }
        }

        /// Whether it is a column of its own.
        public var isTensor: Bool { if case .tensor = kind { true } else { false } }
    }

    /// What a model is to say.
    public struct Label: Sendable, Hashable {
        /// What a cell holds.
        public enum Kind: Sendable, Hashable {
            /// One of these classes, stored as its index in this order.
            case classes([String])
            /// A number to be predicted, stored as float32.
            case number
        }

        /// The column's name in a file.
        public let name: String
        /// What a cell holds.
        public let kind: Kind
        /// The unit it is measured in; empty where none is said.
        public let unit: String
        /// A remark for people; empty where there is none.
        public let note: String

        /// Describes a label.
        public init(name: String, kind: Kind, unit: String = "", note: String = "") {
            self.name = name
            self.kind = kind
            self.unit = unit
            self.note = note
        }

        /// The names of the classes; `nil` for a number.
        public var classes: [String]? { if case .classes(let names) = kind { names } else { nil } }
    }

    /// What a cell without a value means.
    public enum Missing: String, Sendable, Hashable, CaseIterable {
        /// A fault in the file.
        case refuse
        /// NaN, for which whoever computes puts the mean of all sites.
        case mean
        /// Zero; for categories, none of them.
        case zero
        /// The row is left out.
        case dropRow = "drop-row"
    }

    /// How rows are held out to be judged by.
    public struct TestCut: Sendable, Hashable {
        /// The part of the rows held out: from 0, but less than 1.
        public let share: Double
        /// What the rows are drawn by: the same rows for the same seed, on every machine.
        public let seed: UInt64
        /// The column whose equal values stay on one side, such as a patient's number.
        public let by: String?
        /// Whether each class has its share among the rows held out.
        public let stratified: Bool

        /// One row in five.
        public static let standard = TestCut(share: 0.2)

        /// Describes a cut; `DataSchema` checks it.
        public init(share: Double, seed: UInt64 = 0, by: String? = nil, stratified: Bool = false) {
            self.share = share
            self.seed = seed
            self.by = by
            self.stratified = stratified
        }
    }

    /// The data set's name; `nil` where the file's stands in for it.
    public let dataset: String?
    /// What a model reads, in the order it reads it: all tensors, or none.
    public let features: [Feature]
    /// What a model is to say.
    public let label: Label
    /// What a cell without a value means.
    public let missing: Missing
    /// Columns of a file that are passed over.
    public let ignore: [String]
    /// How rows are held out.
    public let test: TestCut

    /// Puts a schema together and checks it.
    ///
    /// - Throws: `DatasetError.invalidSchema` for names that are empty, too long or there twice, for lists that
    ///   are empty or too long, tensors beside numbers, a share that is none.
    public init(
        dataset: String? = nil, features: [Feature], label: Label, missing: Missing = .refuse,
        ignore: [String] = [], test: TestCut = .standard
    ) throws(DatasetError) {
        self.dataset = dataset
        self.features = features
        self.label = label
        self.missing = missing
        self.ignore = ignore
        self.test = test
        do {
            try check()
        } catch {
            throw .invalidSchema(file: "schema", line: nil, reason: error.reason)
        }
    }

    /// The same schema with other words in some of its parts.
    ///
    /// - Throws: As `init`.
    public func replacing(
        dataset: String? = nil, missing: Missing? = nil, ignore: [String]? = nil, test: TestCut? = nil
    ) throws(DatasetError) -> DataSchema {
        try DataSchema(
            dataset: dataset ?? self.dataset, features: features, label: label,
            missing: missing ?? self.missing, ignore: ignore ?? self.ignore, test: test ?? self.test)
    }
}

extension DataSchema.Missing: CustomStringConvertible {
    /// The word a schema's file has for it.
    public var description: String { rawValue }
}

extension DataSchema.Feature: CustomStringConvertible {
    /// Such as `age: a number` or `sex: one of f, m`.
    public var description: String {
        switch kind {
        case .number: "\(shortened(name)): a number" + (unit.isEmpty ? "" : " in \(shortened(unit))")
        case .categories(let names): "\(shortened(name)): one of \(listed(names))"
        case .tensor(let shape, let type): "\(shortened(name)): \(type) \(shape)"
        }
    }
}

extension DataSchema.Label: CustomStringConvertible {
    /// Such as `outcome: one of sick, well`.
    public var description: String {
        switch kind {
        case .number: "\(shortened(name)): a number" + (unit.isEmpty ? "" : " in \(shortened(unit))")
        case .classes(let names): "\(shortened(name)): one of \(listed(names))"
        }
    }
}
