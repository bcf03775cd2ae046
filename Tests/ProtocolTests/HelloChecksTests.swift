import Testing

@testable import Protocol

@Suite("What contradicts itself in a hello")
struct HelloChecksTests {
    private func dataset(
        _ name: String = "patients", classes: [String] = ["sick", "well"], names: [String] = ["age", "sex"],
        categories: [String] = ["f", "m"]
    ) -> DatasetDescription {
        DatasetDescription(
            name: name, tags: [],
            columns: [
                ColumnDescription(
                    name: "features", role: .feature, elementType: 1, dimensions: [1 + categories.count],
                    classes: [],
                    features: [
                        .init(name: names[0], kind: .number),
                        .init(name: names[1], kind: .categories(categories)),
                    ]),
                ColumnDescription(
                    name: "outcome", role: .label, elementType: 2, dimensions: [], classes: classes),
            ])
    }

    private func hello(_ datasets: [DatasetDescription], schema: SchemaHash? = nil) -> Hello {
        var hello = Hello(name: "north", role: .worker, session: SessionID(high: 1, low: 1))
        hello.datasets = datasets
        hello.shards = [
            ShardDescription(
                reference: ShardReference(dataset: "patients", site: "north"), trainRows: 480,
                heldOutRows: 120,
                schema: schema ?? datasets.first?.schemaHash ?? .none)
        ]
        return hello
    }

    @Test("whole hellos, those of protocol 1.0, and two schemas of one data set are right")
    func right() {
        #expect(hello([dataset()]).contradiction == nil)
        #expect(hello([], schema: SchemaHash.none).contradiction == nil)
        #expect(hello([dataset()], schema: SchemaHash.none).contradiction == nil)
        #expect(hello([dataset(), dataset(classes: ["well", "sick"])]).contradiction == nil)
        #expect(hello([dataset(), dataset("others")]).contradiction == nil)
    }

    @Test("what is there twice, empty, or nowhere is named")
    func wrong() {
        let other = dataset(classes: ["a"])
        let cases: [(Hello, String)] = [
            (hello([dataset()], schema: other.schemaHash), "\(other.schemaHash)"),
            (hello([dataset("others")]), "patients of north"),
            (hello([dataset(), dataset()]), "twice"),
            (
                hello([dataset(classes: ["sick", "sick"])]),
                "two of the classes of column outcome are called sick"
            ),
            (hello([dataset(classes: ["sick", ""])]), "one of the classes of column outcome is empty"),
            (hello([dataset(names: ["age", "age"])]), "two features are called age"),
            (hello([dataset(categories: ["f", "f"])]), "two of the categories of feature sex are called f"),
        ]
        for (hello, words) in cases {
            #expect(hello.contradiction?.contains(words) == true, "\(hello.contradiction ?? "nothing")")
        }
        var columns = dataset()
        columns.columns[1].name = "features"
        #expect(hello([columns]).contradiction?.contains("two columns are called features") == true)
    }
}
