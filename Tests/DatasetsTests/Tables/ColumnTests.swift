import Datasets
import Tensor
import Testing

@Suite struct ColumnTests {
    @Test("a column's value has the rows before the sizes of one row")
    func valueType() throws {
        let column = Column(
            name: "pixels", role: .feature, elementType: .uint8, rowShape: try Shape([28, 28]))
        let type = try column.valueType(rowCount: 5)
        #expect(type == ValueType(.uint8, try Shape([5, 28, 28])))
    }

    @Test("more elements than a shape may have are refused with the column's name")
    func tooManyRows() throws {
        let column = Column(
            name: "pixels", role: .feature, elementType: .uint8, rowShape: try Shape([1 << 20]))
        let error = #expect(throws: DatasetError.self) { try column.valueType(rowCount: 1 << 20) }
        #expect(try #require(error).description.contains("column 'pixels' of 1048576 rows"))
    }

    @Test("a column reads as its name, type and classes")
    func description() throws {
        let pixels = Column(name: "pixels", role: .feature, elementType: .uint8, rowShape: try Shape([8, 8]))
        let label = Column(name: "label", role: .label, elementType: .int32, classes: ["a", "b"])
        #expect(pixels.description == "pixels: uint8 [8, 8]")
        #expect(label.description == "label: int32 [] of 2 classes")
    }

    @Test("a schema finds columns by name and role")
    func lookup() throws {
        let schema = try Schema([
            Column(name: "a", role: .feature, elementType: .float32),
            Column(name: "b", role: .label, elementType: .int32),
        ])
        #expect(schema["b"]?.role == .label)
        #expect(schema["c"] == nil)
        #expect(schema.features.map(\.name) == ["a"])
        #expect(schema.labels.map(\.name) == ["b"])
    }

    @Test(
        "a schema without columns, without a name or with one name twice is refused",
        arguments: [[], [""], ["a", "a"]])
    func invalidSchemas(names: [String]) {
        let columns = names.map { Column(name: $0, role: .feature, elementType: .float32) }
        #expect(throws: DatasetError.self) { try Schema(columns) }
    }
}
