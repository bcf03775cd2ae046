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
        let rows = try CSVRows(bytes, file: name, label: "digit")
        guard case .classes(let digits, let names) = try CSVLabels(rows, kind: .classes(nil)) else {
            throw .invalidTable(reason: "digits without classes")
        }
        let pixels = Column(
            name: "pixels", role: .feature, elementType: .uint8, rowShape: try checked(Shape([8, 8])))
        let label = Column(name: "label", role: .label, elementType: .int32, classes: names)
        let shades = rows.features.map { UInt8(min(max($0, 0), pixelMaximum)) }
        let table = try Table(
            schema: Schema([pixels, label]),
            values: [
                checked(TensorValue(shades, shape: [rows.rowCount, 8, 8])),
                checked(TensorValue(digits)),
            ],
        )
        return try Dataset(name: name, tags: ["images", "classification"], splitting: table, seed: 0)
    }
}
