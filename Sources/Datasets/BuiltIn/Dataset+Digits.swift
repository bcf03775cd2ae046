import Tensor

extension Dataset {
    /// The darkest shade of a pixel.
    private static let pixelMaximum: Float = 16

    /// The hand-written digits that are part of the library: `pixels` uint8 [8, 8] of 0 to 16, `label` int32.
    ///
    /// Source: E. Alpaydin and C. Kaynak, UCI Optical Recognition of Handwritten Digits; see NOTICE. One row
    /// in five is held out, always the same ones.
    static func digits() throws(DatasetError) -> Dataset {
        let name = BuiltIn.digits.rawValue
        let bytes = try Gzip.decompress(
            PackageResources.digits_csv_gz, name: name, limit: DatasetLimits.fileByteCountMaximum)
        let file = try CSVFile(bytes, DataFile(name, delimiter: ",", decimalMark: "."), expecting: ["digit"])
        let cells = try DataSchema(
            features: file.names.filter { $0 != "digit" }.map { DataSchema.Feature(name: $0) },
            label: DataSchema.Label(name: "digit", kind: .classes((0...9).map(String.init))))
        let rows = try file.rows(by: cells, labelIsOptional: false).table
        let pixels = Column(
            name: "pixels", role: .feature, elementType: .uint8, rowShape: try checked(Shape([8, 8])))
        let label = Column(name: "label", role: .label, elementType: .int32, classes: cells.label.classes)
        let shades = try checked(rows.values[0].floats).map { UInt8(min(max($0, 0), pixelMaximum)) }
        let table = try Table(
            schema: Schema([pixels, label]),
            values: [checked(TensorValue(shades, shape: [rows.rowCount, 8, 8])), rows.values[1]])
        let cut = HoldOut(rowCount: table.rowCount)
        return try Dataset(
            name: name, tags: ["images", "classification"], train: table.selecting(rows: cut.train),
            test: table.selecting(rows: cut.test))
    }
}
