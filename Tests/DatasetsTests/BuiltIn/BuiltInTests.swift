import Datasets
import Tensor
import Testing

@Suite struct BuiltInTests {
    @Test("toy is the tutorial's four rows, with no test part")
    func toy() throws {
        let toy = try Dataset.load(named: "toy")
        #expect(toy.name == "toy")
        #expect(toy.test == nil)
        #expect(toy.train.rowCount == 4)
        #expect(toy.schema.columns.map(\.description) == ["features: float32 [2]", "target: float32 [1]"])
        #expect(toy.schema.labels.map(\.name) == ["target"])
        #expect(try toy.train["features"]?.floats == [0, 0, 0, 1, 1, 0, 1, 1])
        #expect(try toy.train["target"]?.floats == [0, 0, 1, 1])
    }

    @Test("digits are 1,797 images of 8x8 pixels from 0 to 16 in ten classes, one in five held out")
    func digits() throws {
        let digits = try Dataset.load(named: "digits")
        let test = try #require(digits.test)
        #expect(
            digits.schema.columns.map(\.description) == [
                "pixels: uint8 [8, 8]", "label: int32 [] of 10 classes",
            ])
        #expect(digits.schema["label"]?.classes == (0...9).map(String.init))
        #expect(digits.train.rowCount == 1_438)
        #expect(test.rowCount == 359)
        let pixels = try [digits.train, test].flatMap { try $0["pixels"]?.bytes ?? [] }
        #expect(pixels.reduce(0) { $0 + Int($1) } == 561_718)
        #expect(pixels.max() == 16)
        let labels = try [digits.train, test].flatMap { try $0["label"]?.int32s ?? [] }
        let counts = (0...9).map { digit in labels.filter { $0 == Int32(digit) }.count }
        #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    }

    @Test("digits are split alike every time")
    func reproducible() throws {
        let first = try Dataset.load(named: "digits")
        let second = try Dataset.load(named: "digits")
        #expect(first.train["pixels"] == second.train["pixels"])
        #expect(first.test?["label"] == second.test?["label"])
    }

    @Test("an unknown name lists what is there", arguments: ["", "mnist", "Toy", "digits.csv"])
    func unknown(name: String) {
        #expect(throws: DatasetError.unknownDataset(name: name, known: ["toy", "digits", "fashion-mnist"])) {
            try Dataset.load(named: name)
        }
    }
}
