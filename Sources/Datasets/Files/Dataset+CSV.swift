import Foundation
import Tensor

extension Dataset {
    /// Reads a CSV file with a header line: one column is the label, every other a number.
    ///
    /// The features become one column `features` of float32, a row of them per line, in file order; the label
    /// keeps its name: int32 class indices, or float32 `[1]` for numbers to be predicted. One row in five is
    /// held out, drawn by `seed`. The file may be gzip.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - label: The label column's name.
    ///   - name: The data set's name; the file's without its extensions unless given.
    ///   - kind: Whether the label holds classes or numbers; found out unless told.
    ///   - seed: What the held-out rows are drawn by.
    /// - Throws: `DatasetError`, which for a fault in the file names line and column.
    /// - Complexity: O(bytes).
    public static func load(
        csv path: String, label: String, name: String? = nil, kind: LabelKind = .automatic, seed: UInt64 = 0
    ) throws(DatasetError) -> Dataset {
        let file = try InputFile(path: path)
        let bytes = try file.read(byteCount: file.byteCount)
        return try Dataset(
            name: name ?? baseName(path),
            tags: ["csv"],
            splitting: try table(csv: bytes, file: path, label: label, kind: kind),
            seed: seed,
        )
    }

    /// Makes a table of the bytes of a CSV file.
    static func table(
        csv bytes: [UInt8], file: String, label: String, kind: LabelKind
    ) throws(DatasetError) -> Table {
        let rows = try CSVRows(bytes, file: file, label: label)
        let labels = try CSVLabels(rows, kind: kind)
        // A label that is itself called "features" gives way.
        let labelName = label == featuresName ? "label" : label
        let featureColumn = Column(
            name: featuresName,
            role: .feature,
            elementType: .float32,
            rowShape: try checked(Shape([rows.featureNames.count])),
        )
        let featureValue = try checked(
            TensorValue(rows.features, shape: [rows.rowCount, rows.featureNames.count]))
        switch labels {
        case .classes(let indices, let names):
            let column = Column(name: labelName, role: .label, elementType: .int32, classes: names)
            let value = try checked(TensorValue(indices))
            return try Table(schema: Schema([featureColumn, column]), values: [featureValue, value])
        case .numbers(let numbers):
            let column = Column(
                name: labelName, role: .label, elementType: .float32, rowShape: try checked(Shape([1])))
            let value = try checked(TensorValue(numbers, shape: [rows.rowCount, 1]))
            return try Table(schema: Schema([featureColumn, column]), values: [featureValue, value])
        }
    }

    private static let featuresName = "features"

    /// The file's name without folders, `.gz` and `.csv`.
    private static func baseName(_ path: String) -> String {
        var url = URL(fileURLWithPath: path)
        while ["gz", "csv"].contains(url.pathExtension.lowercased()) { url.deletePathExtension() }
        return url.lastPathComponent
    }
}
