import Datasets
import Foundation
import Tensor
import TestSupport
import Testing

@Suite struct DatasetCSVTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func expectFault(
        _ fault: CSVFault, line: Int, column: Int? = nil, name: String? = nil, in text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let path = try folder.write(text, to: "x.csv")
        let position = CSVPosition(file: path, line: line, column: column, columnName: name)
        #expect(throws: DatasetError.csv(fault, at: position), sourceLocation: sourceLocation) {
            try Dataset.load(csv: path, label: "y")
        }
    }

    @Test("features are one matrix in the order of their names without the label, which keeps its own")
    func columns() throws {
        let path = try folder.write("b,y,a\n2,no,1\n4e0,yes,3\n\"6\",no, -5 \n", to: "patients.csv")
        let dataset = try Dataset.load(csv: path, label: "y")
        #expect(dataset.name == "patients")
        #expect(dataset.schema.columns.map(\.name) == ["features", "y"])
        #expect(dataset.schema["features"]?.rowShape.dimensions == [2])
        #expect(dataset.schema["y"]?.classes == ["no", "yes"])
        #expect(dataset.test == nil)
        #expect(try dataset.train["features"]?.floats == [1, 2, 3, 4, -5, 6])
        #expect(try dataset.train["y"]?.int32s == [0, 1, 0])
    }

    @Test("numbers to be predicted are rows of one")
    func regression() throws {
        let path = try folder.write(gzip(Array("x,y\n1,0.5\n2,1.5\n".utf8)), to: "prices.csv.gz")
        let dataset = try Dataset.load(csv: path, label: "y")
        #expect(dataset.name == "prices")
        #expect(dataset.schema["y"]?.classes == nil)
        #expect(dataset.train["y"]?.type == ValueType(.float32, try Shape([2, 1])))
        #expect(try dataset.train["y"]?.floats == [0.5, 1.5])
    }

    @Test("a name can be given, and a label called features gives way")
    func names() throws {
        let path = try folder.write("x,features\n1,a\n2,b\n", to: "x.csv")
        let dataset = try Dataset.load(csv: path, label: "features", name: "mine")
        #expect(dataset.name == "mine")
        #expect(dataset.schema.columns.map(\.name) == ["features", "label"])
    }

    @Test("faults name file, line and column")
    func faults() throws {
        try expectFault(.empty, line: 1, in: "")
        try expectFault(.empty, line: 1, in: "\n\n")
        try expectFault(.noRows, line: 1, in: "x,y\n")
        try expectFault(.missingLabel, line: 2, column: 2, name: "y", in: "x,y\n1,\n")
        try expectFault(.missingValue, line: 2, column: 1, name: "x", in: "x,y\n  ,a\n")
        try expectFault(.missingValue, line: 2, column: 1, name: "x", in: "x,y\nnan,a\n")
        try expectFault(.notFinite("-Infinity"), line: 3, column: 1, name: "x", in: "x,y\n1,a\n-Infinity,a\n")
        try expectFault(.notFinite("1e39"), line: 2, column: 1, name: "x", in: "x,y\n1e39,a\n")
        try expectFault(.notFinite("1e-60"), line: 2, column: 1, name: "x", in: "x,y\n1e-60,a\n")
        try expectFault(.dateCell("2026-01-31"), line: 2, column: 1, name: "x", in: "x,y\n2026-01-31,a\n")
        try expectFault(.raggedRow(cellCount: 3, columnCount: 2), line: 3, in: "x,y\n1,a\n1,a,b\n")
        try expectFault(.raggedRow(cellCount: 1, columnCount: 2), line: 4, in: "x,y\n\"1\",a\n\n1\n")
        try expectFault(.duplicateColumn(name: "x", first: 1), line: 1, column: 3, in: "x,y,x\n")
        try expectFault(.unnamedColumn, line: 1, column: 2, in: "y,,x\n")
        try expectFault(.unknownLabel(name: "y", columns: ["a", "b"]), line: 1, in: "a,b\n1,2\n")
        try expectFault(.noFeatures, line: 1, in: "y\n1\n")
    }

    @Test("a fault in a cell on several lines names the line it begins on")
    func faultAfterQuotedBreak() throws {
        try expectFault(.notFinite("1e99"), line: 4, column: 1, name: "x", in: "x,y\n1,\"a\nb\"\n1e99,1\n")
    }

    @Test("a missing file and a folder are refused")
    func noFile() throws {
        let path = "\(folder.path)/missing.csv"
        #expect(throws: DatasetError.fileNotFound(path: path, advice: nil)) {
            try Dataset.load(csv: path, label: "y")
        }
        #expect(throws: DatasetError.self) { try Dataset.load(csv: folder.path, label: "y") }
    }

    @Test("every truncation and every flipped bit of a file is read or refused, with a sentence")
    func damaged() throws {
        let bytes = Array("a,b,y\n1,\"2\",yes\n3,4.5,\"n\"\"o\"\r\n5,6,yes\n".utf8)
        let cuts = bytes.indices.map { Array(bytes[..<$0]) }
        let flips = (0..<bytes.count * 8).map { bit in
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            return damaged
        }
        for damaged in cuts + flips {
            let path = try folder.write(damaged, to: "x.csv")
            switch load(path) {
            case .success(let dataset): #expect((1...3).contains(dataset.train.rowCount))
            case .failure(let error): #expect(error.description.hasPrefix(path))
            }
        }
    }

    private func load(_ path: String) -> Result<Dataset, DatasetError> {
        do {
            return .success(try Dataset.load(csv: path, label: "y"))
        } catch {
            return .failure(error)
        }
    }

    @Test("the breast cancer table is read: 569 patients, 30 measurements, two classes")
    func breastCancer() throws {
        let path = Fixtures.file("data/breast-cancer.csv")
        let dataset = try Dataset.load(csv: path, label: "diagnosis")
        let test = try #require(dataset.test)
        #expect(dataset.name == "breast-cancer")
        #expect(dataset.schema["features"]?.rowShape.dimensions == [30])
        #expect(dataset.schema["diagnosis"]?.classes == ["benign", "malignant"])
        #expect(dataset.train.rowCount == 456)
        #expect(test.rowCount == 113)
        let parts = [dataset.train, test]
        let sum = try parts.flatMap { try $0["features"]?.floats ?? [] }.reduce(0) { $0 + Double($1) }
        #expect(abs(sum - 1_056_474.460_155_547_4) < 1e-6)
        let malignant = try parts.flatMap { try $0["diagnosis"]?.int32s ?? [] }.filter { $0 == 1 }.count
        #expect(malignant == 212)
    }

    @Test("the same seed holds out the same rows, another seed others")
    func seeded() throws {
        let path = Fixtures.file("data/breast-cancer.csv")
        let first = try Dataset.load(csv: path, label: "diagnosis", seed: 1).test?["features"]
        #expect(first == (try Dataset.load(csv: path, label: "diagnosis", seed: 1).test?["features"]))
        #expect(first != (try Dataset.load(csv: path, label: "diagnosis", seed: 2).test?["features"]))
    }

    @Test("bytes of zero under any name are no IDX, and IDX is no text")
    func zeros() throws {
        let folder = try TemporaryFolder()
        let path = folder["zeros.csv"]
        for bytes in [[UInt8](repeating: 0, count: 4_096), [0, 0, 7, 1, 0, 0, 0, 0], [0]] {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: DatasetError.self) {
                try Dataset.load(file: DataFile(path, label: "y"))
            }
            #expect("\(try #require(error))".contains("no text: it begins with a byte of zero"))
        }
        try Data([0, 0, 8, 1, 0, 0, 0, 1, 5]).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: DatasetError.self) { try Dataset.load(file: DataFile(path, label: "y")) }
        #expect("\(try #require(error))".hasSuffix("IDX, though its name says that it is text"))
    }
}
