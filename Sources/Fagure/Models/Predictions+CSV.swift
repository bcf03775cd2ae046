public import Datasets
import Ground
import Tensor

extension Predictions {
    /// The header of `csv`: `row,class,probability:NAME…`, or `row,value`, or `row,value:0,value:1…` for several.
    public var csvHeader: String {
        let names: [String]
        if classes.isEmpty {
            names = width == 1 ? ["value"] : (0..<width).map { "value:\($0)" }
        } else {
            names = ["class"] + classes.map { "probability:\($0)" }
        }
        return (["row"] + names).map(Predictions.cell).joined(separator: ",")
    }

    /// The line of `csv` for a row.
    ///
    /// - Parameter number: What the row is called; from 1, as files count.
    public func csvLine(ofRow row: Int, number: Int) -> String {
        let prediction = self[row]
        let label = prediction.label.map { [Predictions.cell($0)] } ?? []
        return (["\(number)"] + label + prediction.values.map { "\($0)" }).joined(separator: ",")
    }

    /// Writes a CSV file, whole or not at all: under another name first, then renamed.
    ///
    /// - Throws: `ModelError.file` with what the system said.
    public func write(to path: String, rowNumbers: [Int]) throws(ModelError) {
        var bytes = Array("\(csvHeader)\n".utf8)
        for (row, number) in zip(indices, rowNumbers) {
            bytes += Array("\(csvLine(ofRow: row, number: number))\n".utf8)
        }
        do {
            try File.write(bytes, to: path)
        } catch {
            throw .file("\(error)")
        }
    }

    /// How many rows of a table have the label predicted; `nil` for a model of numbers or a table without labels.
    public func correctCount(_ table: Table) -> Int? {
        guard !classes.isEmpty, let label = table.schema.labels.first,
            let labels = try? table[label.name]?.int32s, labels.count == count
        else { return nil }
        return zip(indices, labels).count { classIndex(ofRow: $0) == Int($1) }
    }

    /// A cell as RFC 4180 has it: in quotation marks where it would not be one otherwise.
    private static func cell(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\n")
                && $0 != UInt8(ascii: "\r")
        }
        guard !isPlain else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            + "\""
    }
}
