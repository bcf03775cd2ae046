import Datasets
import Tensor
import TestSupport
import Testing

@Suite struct TableTests {
    private let schema: Schema
    private let table: Table

    init() throws {
        let pixels = Column(name: "pixels", role: .feature, elementType: .uint8, rowShape: try Shape([2, 3]))
        let label = Column(name: "label", role: .label, elementType: .int32)
        schema = try Schema([pixels, label])
        table = try Table(
            schema: schema,
            values: [
                try TensorValue((0..<24).map { UInt8($0) }, shape: [4, 2, 3]),
                try TensorValue([10, 11, 12, 13] as [Int32]),
            ])
    }

    @Test("a table counts its rows and bytes and finds its columns")
    func facts() throws {
        #expect(table.rowCount == 4)
        #expect(table.byteCount == 24 + 16)
        #expect(try table["label"]?.int32s == [10, 11, 12, 13])
        #expect(table["name"] == nil)
    }

    @Test("selected rows come in the order named, repeats included")
    func selecting() throws {
        let selected = try table.selecting(rows: [3, 0, 3])
        #expect(selected.rowCount == 3)
        #expect(selected.values[0].shape == (try Shape([3, 2, 3])))
        #expect(try selected["label"]?.int32s == [13, 10, 13])
        let pixels = try #require(selected["pixels"]).bytes
        #expect(pixels == [18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 18, 19, 20, 21, 22, 23])
    }

    @Test("no rows make an empty table")
    func selectingNothing() throws {
        let selected = try table.selecting(rows: [])
        #expect(selected.rowCount == 0)
        #expect(selected.values.map(\.type.byteCount) == [0, 0])
    }

    @Test("a row that is not there is refused", arguments: [-1, 4, Int32.max, Int32.min])
    func rowsOutOfRange(row: Int32) {
        #expect(throws: DatasetError.invalidTable(reason: "row \(row) of 4 rows")) {
            try table.selecting(rows: [0, row])
        }
    }

    @Test("values that do not fit the schema are refused")
    func misfits() throws {
        let three = try table.selecting(rows: [0, 1, 2])
        #expect(throws: DatasetError.self) { try Table(schema: schema, values: [table.values[0]]) }
        #expect(throws: DatasetError.self) { try Table(schema: schema, values: table.values.reversed()) }
        #expect(throws: DatasetError.self) {
            try Table(schema: schema, values: [table.values[0], three.values[1]])
        }
        let scalar = try TensorValue([1] as [UInt8], shape: [])
        #expect(throws: DatasetError.self) { try Table(schema: schema, values: [scalar, table.values[1]]) }
    }
}
