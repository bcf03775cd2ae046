import Datasets
import Tensor
import TestSupport
import Testing

@Suite struct DatasetColumnsTests {
    private let columns: [String: ColumnValues] = [
        "age": [54, 61, 47], "sex": .texts(["f", nil, "m"]), "outcome": .texts(["sick", "well", "sick"]),
    ]

    private func schema(_ missing: DataSchema.Missing = .zero, share: Double = 0) throws -> DataSchema {
        try DataSchema(
            dataset: "patients",
            features: [
                DataSchema.Feature(name: "sex", kind: .categories(["f", "m"])),
                DataSchema.Feature(name: "age"),
            ],
            label: DataSchema.Label(name: "outcome", kind: .classes(["well", "sick"])), missing: missing,
            test: DataSchema.TestCut(share: share))
    }

    @Test("columns in memory are packed in the schema's order")
    func packing() throws {
        let dataset = try Dataset(columns: columns, schema: schema())
        #expect(dataset.name == "patients")
        #expect(try dataset.train.values[0].floats == [1, 0, 54, 0, 0, 61, 0, 1, 47])
        #expect(try dataset.train.values[1].int32s == [1, 0, 1])
        #expect(dataset.digest.isEmpty)
        #expect(!dataset.isPublic)
        let dropped = try Dataset(columns: columns, schema: schema(.dropRow))
        #expect(dropped.train.rowCount == 2)
        #expect(dropped.notices == ["1 row without sex dropped"])
    }

    @Test("cells that do not fit are refused with column and row")
    func faults() throws {
        let error = #expect(throws: DatasetError.self) {
            try Dataset(columns: columns, schema: schema(.refuse))
        }
        #expect(try #require(error).description.contains("row 2 of column 'sex': no value"))
        var other = columns
        other["age"] = [1, 1e300, 2]
        #expect(throws: DatasetError.self) { try Dataset(columns: other, schema: schema()) }
        other["age"] = [1]
        #expect(throws: DatasetError.self) { try Dataset(columns: other, schema: schema()) }
        other["age"] = nil
        let missing = #expect(throws: DatasetError.self) { try Dataset(columns: other, schema: schema()) }
        #expect(try #require(missing).description.contains("age is missing"))
    }

    @Test("kinds are inferred as in files")
    func inference() throws {
        let dataset = try Dataset(name: "p", columns: ["x": [1, 2.5], "y": [0, 1]], label: "y")
        #expect(dataset.contract?.label.classes == ["0", "1"])
        #expect(dataset.schema["features"]?.rowShape.dimensions == [1])
    }

    @Test("a closure is asked when the rows are wanted, and what it throws is told")
    func source() throws {
        let (columns, schema) = (columns, try schema())
        let dataset = try DataSource.columns(schema: schema) { columns }.load()
        #expect(dataset.train.rowCount == 3)
        let source = DataSource.columns(schema: schema) { throw Offline() }
        #expect(throws: DatasetError.unreadableSource(reason: "Offline()")) { try source.load() }
    }

    @Test("built-in sets are public, with a contract and a digest of their rows")
    func builtIn() throws {
        let digits = try Dataset.load(named: "digits")
        #expect(digits.isPublic)
        #expect(digits.digest.count == 32)
        #expect(digits.digest == (try Dataset.load(named: "digits")).digest)
        #expect(digits.contract?.label.classes?.count == 10)
        #expect(digits.contract?.features.map(\.description) == ["pixels: uint8 [8, 8]"])
        let toy = try Dataset.load(named: "toy")
        #expect(toy.digest != digits.digest)
        #expect(toy.contract?.label.kind == .number)
    }

    @Test("rows without a label make a table of features alone, where they may")
    func unlabelled() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("age;sex\n54;m\n61,5;f\n", to: "new.csv")
        let read = try Dataset.table(file: DataFile(path), schema: schema(), labelIsOptional: true)
        #expect(read.table.schema.columns.map(\.name) == ["features"])
        #expect(try read.table.values[0].floats == [0, 1, 54, 1, 0, 61.5])
        #expect(read.lines == [2, 3])
        #expect(throws: DatasetError.self) { try Dataset.table(file: DataFile(path), schema: schema()) }
        let partly = try folder.write("sex,age,outcome\nm,1,sick\nf,2,\n", to: "partly.csv")
        let some = try Dataset.table(file: DataFile(partly), schema: schema(), labelIsOptional: true)
        #expect(some.table.schema.labels.isEmpty)
    }

    @Test("groups stay together and may be named by a column that is ignored")
    func groups() throws {
        let folder = try TemporaryFolder()
        let lines = (0..<40).map { "\($0),p\($0 / 4),\($0 % 2 == 0 ? "sick" : "well")\n" }.joined()
        let path = try folder.write("age,patient,outcome\n" + lines, to: "x.csv")
        let schema = try DataSchema(
            features: [DataSchema.Feature(name: "age")],
            label: DataSchema.Label(name: "outcome", kind: .classes(["sick", "well"])), ignore: ["patient"],
            test: DataSchema.TestCut(share: 0.25, by: "patient"))
        let dataset = try Dataset.load(file: DataFile(path), schema: schema)
        let train = Set(try dataset.train.values[0].floats.map { Int($0) / 4 })
        let test = Set(try dataset.test?.values[0].floats.map { Int($0) / 4 } ?? [])
        #expect(train.isDisjoint(with: test))
        #expect(train.union(test).count == 10)
    }
}

private struct Offline: Error {}
