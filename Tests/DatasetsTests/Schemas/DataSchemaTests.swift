import Datasets
import Tensor
import TestSupport
import Testing

@Suite struct DataSchemaTests {
    private static let example = """
        dataset: patients
        features: [{name: age, kind: number, unit: years}, {name: sex, kind: categories, categories: [f, m]}]
        label: {name: outcome, kind: classes, classes: [sick, well]}
        missing: refuse
        ignore: [id]
        test: {share: 0.2, seed: 0, by: patient_id, stratified: true}
        """

    @Test("the example of the documentation is read, and written to be read again")
    func example() throws {
        let schema = try DataSchema(yaml: Self.example)
        #expect(schema.dataset == "patients")
        #expect(schema.features.map(\.kind) == [.number, .categories(["f", "m"])])
        #expect(schema.features[0].unit == "years")
        #expect(schema.label == DataSchema.Label(name: "outcome", kind: .classes(["sick", "well"])))
        #expect(schema.missing == .refuse)
        #expect(schema.ignore == ["id"])
        #expect(schema.test == DataSchema.TestCut(share: 0.2, seed: 0, by: "patient_id", stratified: true))
        #expect(try DataSchema(yaml: schema.yaml) == schema)
        let tensors = try DataSchema(
            yaml: """
                features: [{name: x, kind: number, shape: [28, 28], type: uint8}]
                label: {name: y, kind: number}
                """)
        #expect(tensors.features[0].kind == .tensor(shape: try Shape([28, 28]), type: .uint8))
        #expect(tensors.test == .standard)
        #expect(try DataSchema(yaml: tensors.yaml) == tensors)
    }

    @Test("words stay words: no, 1 and null are classes where they are listed")
    func words() throws {
        let schema = try DataSchema(
            yaml:
                "features: [{name: x, kind: number}]\nlabel: {name: y, kind: classes, classes: [no, 1, null, ~]}\n"
        )
        #expect(schema.label.classes == ["no", "1", "null", "~"])
    }

    @Test(
        "faults name file, line and key",
        arguments: [
            ("", "s.yaml: empty, expected a schema"),
            ("a: [", "s.yaml:2: not YAML"),
            ("- a", "s.yaml:1: expected dataset, features, label, missing, ignore, test, got a list"),
            ("colour: red", "s.yaml:1: unknown key 'colour', known are dataset, features, label"),
            ("features: x\nlabel: {name: y, kind: number}", "s.yaml:1: features: expected a list, got 'x'"),
            ("features: []\nlabel: {name: y, kind: number}", "s.yaml: features is empty"),
            ("features: [{name: x, kind: number}]", "s.yaml:1: label is missing"),
            (
                "features:\n  - {name: x, kind: numbr}\n",
                "s.yaml:2: features[0].kind: expected number or categories"
            ),
            (
                "features:\n  - {name: x, kind: categories}\n",
                "s.yaml:2: features[0].kind: kind is categories"
            ),
            (
                "features: [{name: x, kind: number, type: uint8}]",
                "s.yaml:1: features[0].type: does not go with"
            ),
            ("features: [&a {name: x, kind: number}, *a]", "s.yaml:1: references (*name) are not read"),
            ("dataset: a\ndataset: b", "s.yaml:1: dataset: is there twice"),
        ])
    func faults(yaml: String, start: String) throws {
        let error = #expect(throws: DatasetError.self) { try DataSchema(yaml: yaml, file: "s.yaml") }
        let text = try #require(error).description
        #expect(text.hasPrefix(start), "\(text)")
    }

    @Test(
        "what does not go together is refused",
        arguments: [
            "missing: ignore", "missing: [zero]", "ignore: [x]", "ignore: [y]", "ignore: [a, a]",
            "ignore: ['']",
            "test: {share: 1}", "test: {share: -0.1}", "test: {share: nan}", "test: {seed: -1}",
            "test: {stratified: true}", "test: {stratified: 1}", "dataset: ''", "dataset: {a: b}",
            "label: {name: x, kind: number}", "label: {name: y, kind: classes, classes: []}",
            "label: {name: y, kind: classes, classes: [a, a]}",
            "label: {name: y, kind: number, classes: [a]}",
        ])
    func misfits(line: String) {
        let label = line.hasPrefix("label") ? "" : "label: {name: y, kind: number}\n"
        #expect(throws: DatasetError.self) {
            try DataSchema(yaml: "features: [{name: x, kind: number}]\n\(label)\(line)\n")
        }
    }

    @Test("deep nesting, bombs of references and large files only throw")
    func hostile() {
        let bomb = (1..<30).reduce("a0: &a0 [x, x]\n") { text, level in
            text + "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
        }
        for yaml in [
            bomb, String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
            String(repeating: "- ", count: 100_000), String(repeating: "[", count: 999),
            String(repeating: "x", count: (1 << 23) + 1), "a: \u{0}", "\u{feff}\u{feff}", "---\n---\n",
        ] {
            #expect(throws: DatasetError.self) { try DataSchema(yaml: yaml) }
        }
    }

    @Test("whatever names hold, a written schema is read back the same")
    func roundTrip() throws {
        var generator = SplitMix64(seed: 31)
        let pieces = [
            "a", "*b", " ", "\n", "\"", "\\", ":", "#", "é", "日", "\u{1b}", "\u{2028}", "'", "-", "1", "{",
        ]
        for _ in 0..<300 {
            var names = Set<String>()
            while names.count < 8 {
                let count = Int.random(in: 1...5, using: &generator)
                names.insert((0..<count).compactMap { _ in pieces.randomElement(using: &generator) }.joined())
            }
            let list = names.sorted()
            let schema = try DataSchema(
                dataset: list[0],
                features: [
                    DataSchema.Feature(name: list[1], unit: list[0], note: list[2]),
                    DataSchema.Feature(name: list[2], kind: .categories(list)),
                ],
                label: DataSchema.Label(name: list[3], kind: .classes(list)),
                missing: DataSchema.Missing.allCases.randomElement(using: &generator) ?? .zero,
                ignore: [list[4]],
                test: DataSchema.TestCut(
                    share: Double.random(in: 0..<1, using: &generator), seed: generator.next(), by: list[5],
                    stratified: true))
            #expect(try DataSchema(yaml: schema.yaml) == schema)
        }
    }

    @Test("every cut and thousands of changed bytes are read or refused")
    func mutations() {
        var generator = SplitMix64(seed: 32)
        let bytes = Array(Self.example.utf8)
        for count in bytes.indices {
            _ = try? DataSchema(yaml: String(decoding: bytes[..<count], as: UTF8.self))
        }
        var readCount = 0
        for _ in 0..<3_000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                damaged[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...127, using: &generator)
            }
            if (try? DataSchema(yaml: String(decoding: damaged, as: UTF8.self))) != nil { readCount += 1 }
        }
        #expect((1..<3_000).contains(readCount))
    }
}
