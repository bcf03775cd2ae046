import Datasets
import Tensor
import Testing

@Suite struct DatasetTests {
    private let toy: Table

    init() throws { toy = try Dataset.load(named: "toy").train }

    @Test("a data set has a name, tags and the schema of its rows")
    func facts() throws {
        let dataset = try Dataset(name: "mine", tags: ["small"], train: toy, test: toy)
        #expect(dataset.name == "mine")
        #expect(dataset.tags == ["small"])
        #expect(dataset.schema == toy.schema)
        #expect(dataset.test?.rowCount == 4)
    }

    @Test("a data set without a name or without rows is refused")
    func invalid() throws {
        let none = try toy.selecting(rows: [])
        #expect(throws: DatasetError.self) { try Dataset(name: "", train: toy) }
        #expect(throws: DatasetError.self) { try Dataset(name: "none", train: none) }
    }

    @Test("parts with different columns are refused")
    func differentParts() throws {
        let digits = try Dataset.load(named: "digits").train
        #expect(throws: DatasetError.self) { try Dataset(name: "mixed", train: toy, test: digits) }
    }
}
