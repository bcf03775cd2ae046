import Foundation
import Tensor

extension Dataset {
    /// Reads a file: by a schema, or by one that is inferred from the file.
    ///
    /// Numbers and categories become one column `features` of float32, in the schema's order, whatever the file's;
    /// the label keeps its name: int32 class indices, or float32 `[1]` for numbers to be predicted. Arrays keep
    /// their shapes. Rows are held out as the schema says, one in five unless it does.
    ///
    /// - Throws: `DatasetError`, which for a fault in the file names line and column.
    /// - Complexity: O(bytes).
    public static func load(file: DataFile, schema: DataSchema? = nil) throws(DatasetError) -> Dataset {
        let source = try RowSource(file, expecting: try expected(file, schema))
        let contract: DataSchema
        if let schema { contract = schema } else { contract = try source.inferred(file).schema }
        let rows = try source.rows(by: contract, labelIsOptional: false)
        return try Dataset(
            name: file.dataset ?? contract.dataset ?? baseName(file.path), tags: [source.tag], rows: rows,
            schema: contract, isInferred: schema == nil, source: file.path)
    }

    /// Reads a CSV file without a schema.
    ///
    /// - Throws: As `load(file:schema:)`.
    public static func load(
        csv path: String, label: String, name: String? = nil, kind: LabelKind = .automatic, seed: UInt64 = 0
    ) throws(DatasetError) -> Dataset {
        let file = DataFile(path, label: label, labelKind: kind, dataset: name)
        guard seed != 0 else { return try load(file: file) }
        let schema = try DataSchema.infer(file: file).schema
        return try load(
            file: file, schema: schema.replacing(test: DataSchema.TestCut(share: 0.2, seed: seed)))
    }

    /// Reads all rows of a file by a schema, none held out: to judge by, or to predict for.
    ///
    /// - Parameters:
    ///   - labelIsOptional: Whether rows may be without a label; the table then has a label column only where every
    ///     row has one.
    ///   - passesOverOthers: Whether columns the schema does not know are passed over, with a notice, and no fault.
    /// - Throws: As `load(file:schema:)`.
    public static func table(
        file: DataFile, schema: DataSchema, labelIsOptional: Bool = false, passesOverOthers: Bool = false
    ) throws(DatasetError) -> FileTable {
        let source = try RowSource(file, expecting: schema.features.map(\.name))
        var schema = schema
        var notices: [String] = []
        let others = passesOverOthers ? source.columns(unknownTo: schema) : []
        if !others.isEmpty {
            schema = try schema.replacing(ignore: schema.ignore + others)
            notices.append("columns the schema does not know are passed over: \(listed(others))")
        }
        let rows = try source.rows(by: schema, labelIsOptional: labelIsOptional)
        guard rows.table.rowCount > 0 else {
            throw .invalidFile(path: file.path, reason: "no rows are left, each lacks a value")
        }
        return FileTable(
            table: rows.table, lines: rows.lines, rowNumbers: rows.rowNumbers, notices: rows.notices + notices
        )
    }

    /// The names a file's header must have, where they are known.
    private static func expected(_ file: DataFile, _ schema: DataSchema?) throws(DatasetError) -> [String] {
        guard let schema else { return file.label.map { [$0] } ?? [] }
        if let label = file.label, label != schema.label.name {
            throw .invalidSchema(
                file: file.path, line: nil,
                reason:
                    "the label asked for is \(quoted(label)), the schema's is \(quoted(schema.label.name))")
        }
        return schema.columnNames
    }

    /// The file's name without folders and known extensions.
    static func baseName(_ path: String) -> String {
        var url = URL(fileURLWithPath: path)
        while ["gz", "csv", "tsv", "txt", "npy", "npz", "safetensors"].contains(
            url.pathExtension.lowercased())
        {
            url.deletePathExtension()
        }
        return url.lastPathComponent
    }

    /// Cuts rows as their schema says.
    init(
        name: String, tags: [String], rows: TableRows, schema: DataSchema, isInferred: Bool, source: String
    ) throws(DatasetError) {
        let cut = HoldOut(
            rowCount: rows.table.rowCount, cut: schema.test, groups: rows.groups,
            classes: schema.test.stratified ? rows.classes : nil)
        guard !cut.train.isEmpty else {
            throw .invalidFile(path: source, reason: "no rows are left to learn from")
        }
        try self.init(
            name: name, tags: tags, train: rows.table.selecting(rows: cut.train),
            test: cut.test.isEmpty ? nil : rows.table.selecting(rows: cut.test), contract: schema,
            notices: rows.notices, isInferred: isInferred)
    }
}

extension DataSchema {
    /// Finds a schema out from a file's own cells, and says what was decided.
    ///
    /// - Throws: `DatasetError` at the first cell that leaves no choice, naming line and column.
    /// - Complexity: O(bytes).
    public static func infer(file: DataFile) throws(DatasetError) -> Inference {
        try RowSource(file, expecting: file.label.map { [$0] } ?? []).inferred(file)
    }
}

/// All rows of a file.
public struct FileTable: Sendable {
    /// The rows, with a label column where every row has a label.
    public let table: Table
    /// Where each row stands in the file: a line of CSV, else a number from 1.
    public let lines: [Int]
    /// Which row of the file each is, from 1: rows that were left out are counted, too.
    public let rowNumbers: [Int]
    /// What a person should hear of how the file was read.
    public let notices: [String]
}

/// A file whose format is known.
private enum RowSource {
    case cells(CSVFile)
    case arrays(ArrayFile)

    init(_ file: DataFile, expecting names: [String]) throws(DatasetError) {
        let input = try InputFile(path: file.path)
        let bytes = try input.read(byteCount: input.byteCount)
        let format = FileFormat(bytes)
        try format.check(bytes, path: file.path)
        if case .csv = format {
            self = .cells(try CSVFile(bytes, file, expecting: names))
        } else {
            self = .arrays(try ArrayFile(bytes, input, file, format: format))
        }
    }

    /// The columns of CSV that a schema says nothing of.
    func columns(unknownTo schema: DataSchema) -> [String] {
        guard case .cells(let file) = self else { return [] }
        let known = Set(schema.columnNames + schema.ignore + (schema.test.by.map { [$0] } ?? []))
        return file.names.filter { !$0.isEmpty && !known.contains($0) }
    }

    var tag: String { if case .cells = self { "csv" } else { "arrays" } }

    func rows(by schema: DataSchema, labelIsOptional: Bool) throws(DatasetError) -> TableRows {
        switch self {
        case .cells(let file):
            guard !schema.hasTensors else {
                throw .invalidFile(path: file.file, reason: "CSV, but the schema's features have a shape")
            }
            return try file.rows(by: schema, labelIsOptional: labelIsOptional)
        case .arrays(let file): return try file.rows(by: schema, labelIsOptional: labelIsOptional)
        }
    }

    func inferred(_ file: DataFile) throws(DatasetError) -> DataSchema.Inference {
        let dataset = file.dataset ?? Dataset.baseName(file.path)
        switch self {
        case .cells(let cells):
            guard let label = file.label else {
                throw .invalidFile(
                    path: file.path, reason: "say with --label which column is to be predicted")
            }
            let inference = try cells.survey(
                label: label, ignoring: file.ignore, classes: file.labelKind.classes)
            let schema = try inference.schema(dataset: dataset, labelKind: file.labelKind, file: file.path)
                .replacing(ignore: file.ignore)
            return DataSchema.Inference(
                schema: schema, decisions: cells.notices + inference.decisions(schema))
        case .arrays(let arrays):
            let schema = try arrays.schema(file, dataset: dataset)
            let decisions = schema.features.map(\.description) + ["label \(schema.label)"]
            return DataSchema.Inference(schema: schema, decisions: decisions)
        }
    }
}
