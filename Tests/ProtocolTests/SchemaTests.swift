import TestSupport
import Testing

@testable import Protocol

@Suite("What sites say their columns mean")
struct SchemaTests {
    static func patients(
        _ features: [FeatureDescription] = ["age", "bp", "chol"].map { .init(name: $0, kind: .number) },
        label: String = "outcome", classes: [String] = ["sick", "well"], missing: MissingCells = .refuse
    ) -> DatasetDescription {
        let width = features.reduce(0) { $0 + $1.width }
        return DatasetDescription(
            name: "patients", tags: [],
            columns: [
                ColumnDescription(
                    name: "features", role: .feature, elementType: 1, dimensions: [width], classes: [],
                    features: features),
                ColumnDescription(
                    name: label, role: .label, elementType: 2, dimensions: [], classes: classes),
            ], missing: missing)
    }

    /// The hash by another program: Python's hashlib over the bytes PROTOCOL.md describes.
    @Test("the hash is PROTOCOL.md's test vector")
    func vector() {
        let hexadecimal = Self.patients().schemaHash.identifier.bytes.map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        #expect(hexadecimal.joined() == "8892df1d4a1c4455e41fa22d40986512")
    }

    @Test("names, tags, units and digests of rows have no part in the hash")
    func remarks() {
        var other = Self.patients()
        other.name = "others"
        other.tags = ["csv"]
        other.digest = [UInt8](repeating: 7, count: 32)
        other.columns[0].features[0].unit = "years"
        other.columns[1].unit = "none"
        #expect(other.schemaHash == Self.patients().schemaHash)
        #expect(other.differences(from: Self.patients()) == "")
    }

    @Test(
        "whatever means something else has another hash, and says what differs",
        arguments: [
            (
                patients(["age", "height", "chol"].map { .init(name: $0, kind: .number) }),
                "bp is missing, height is new"
            ),
            (patients(["age", "bp"].map { .init(name: $0, kind: .number) }), "chol is missing"),
            (
                patients(["bp", "age", "chol"].map { .init(name: $0, kind: .number) }),
                "the features are in another order"
            ),
            (
                patients(classes: ["n", "y"]),
                "outcome is one of the classes n, y, expected one of the classes sick, well"
            ),
            (
                patients(classes: ["well", "sick"]),
                "outcome has the same classes in another order, well, sick, expected sick, well: give every site the "
                    + "same --classes or --schema"
            ),
            (patients(missing: .mean), "a missing cell means mean, expected refuse"),
            (patients(label: "died"), "outcome is missing, died is new"),
            (
                patients([
                    .init(name: "age", kind: .categories(["old", "young"])), .init(name: "bp", kind: .number),
                    .init(name: "chol", kind: .number),
                ]), "age is one of the categories old, young, expected a number"
            ),
        ])
    func differences(_ other: DatasetDescription, _ sentence: String) {
        #expect(other.schemaHash != Self.patients().schemaHash)
        #expect(other.differences(from: Self.patients()) == sentence)
    }

    @Test("a description travels whole")
    func roundTrip() throws {
        var dataset = Self.patients(
            [
                .init(name: "sex", kind: .categories(["f", "m"])),
                .init(name: "bp", kind: .number, unit: "mmHg"),
            ], missing: .dropRow)
        dataset.digest = [UInt8](0..<32)
        #expect(try DatasetDescription(dataset.wire) == dataset)
        let shard = ShardDescription(
            reference: ShardReference(dataset: "patients", site: "north"), trainRows: 480, heldOutRows: 120,
            schema: dataset.schemaHash, releaseRowsMinimum: 32, leftOut: "rows differ")
        #expect(try ShardDescription(shard.wire) == shard)
    }

    @Test("names of shards are ordered as people would")
    func order() {
        let names: [ShardName] = [
            .part(index: 2, of: 16), .part(index: 10, of: 16), .site("a"), .site("ward2"), .site("ward02"),
            .site("ward10"), .site("ward10b"), .site("west"),
        ]
        for left in names.indices {
            for right in names.indices {
                // ward02 and ward2 are the same number: their bytes decide, and 0 comes before 2.
                guard Set([left, right]) != [3, 4] else { continue }
                #expect((names[left] < names[right]) == (left < right), "\(names[left]) and \(names[right])")
            }
        }
        #expect(ShardName.site("ward02") < .site("ward2"))
    }

    /// FNV-1a of 32 bits, from the vectors published with it.
    @Test(
        "a site's draws are keyed by its name's hash",
        arguments: [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] as [(String, UInt32)])
    func drawKeys(_ name: String, _ key: UInt32) {
        #expect(ShardName.site(name).drawKey == key)
        #expect(ShardName.part(index: 3, of: 4).drawKey == 3)
    }
}
