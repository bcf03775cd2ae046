import Datasets
import Foundation
import Tensor
import TestSupport
import Testing

@Suite struct FashionMNISTTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Six images of 2×3 to learn from and two held out, in the four files the data set has.
    private func writeSmallSet() throws {
        _ = try folder.write(idx([6, 2, 3], Array(0..<36)), to: "train-images-idx3-ubyte")
        _ = try folder.write(gzip(idx([6], [9, 0, 1, 2, 3, 4])), to: "train-labels-idx1-ubyte.gz")
        _ = try folder.write(gzip(idx([2, 2, 3], Array(100..<112))), to: "t10k-images-idx3-ubyte.gz")
        _ = try folder.write(idx([2], [5, 6]), to: "t10k-labels-idx1-ubyte")
    }

    private func load() throws -> Dataset {
        try Dataset.load(named: "fashion-mnist", folder: folder.path)
    }

    @Test("four files, plain or gzip, make a train and a test part")
    func smallSet() throws {
        try writeSmallSet()
        let dataset = try load()
        #expect(dataset.name == "fashion-mnist")
        #expect(dataset.schema["pixels"]?.rowShape.dimensions == [2, 3])
        #expect(dataset.schema["label"]?.classes?.count == 10)
        #expect(dataset.schema["label"]?.classes?.first == "T-shirt/top")
        #expect(try dataset.train["pixels"]?.bytes == Array(0..<36))
        #expect(try dataset.train["label"]?.int32s == [9, 0, 1, 2, 3, 4])
        #expect(try dataset.test?["pixels"]?.bytes == Array(100..<112))
        #expect(try dataset.test?["label"]?.int32s == [5, 6])
    }

    @Test("the folder comes from the argument before the environment, and from that before Debian's")
    func lookup() throws {
        try writeSmallSet()
        let variable = ["FAGURE_FASHION_MNIST": folder.path]
        #expect(try Dataset.load(named: "fashion-mnist", environment: variable).train.rowCount == 6)
        let elsewhere = ["FAGURE_FASHION_MNIST": "/nonexistent"]
        let dataset = try Dataset.load(named: "fashion-mnist", folder: folder.path, environment: elsewhere)
        #expect(dataset.train.rowCount == 6)
        #expect(throws: DatasetError.self) {
            try Dataset.load(named: "fashion-mnist", environment: elsewhere)
        }
    }

    @Test("a missing file says which and how to get it")
    func missing() throws {
        try writeSmallSet()
        try FileManager.default.removeItem(atPath: "\(folder.path)/t10k-labels-idx1-ubyte")
        let error = try #require(throws: DatasetError.self) { try load() }
        #expect(error.description.hasPrefix("\(folder.path)/t10k-labels-idx1-ubyte.gz: no such file"))
        #expect(error.description.contains("apt-get install dataset-fashion-mnist"))
        #expect(error.description.contains("FAGURE_FASHION_MNIST"))
    }

    @Test("a label past the last class is refused with its row")
    func labelOutOfRange() throws {
        try writeSmallSet()
        let path = try folder.write(idx([2], [5, 10]), to: "t10k-labels-idx1-ubyte")
        #expect(throws: DatasetError.invalidFile(path: path, reason: "label 10 in row 1, allowed are 0 to 9"))
        {
            try load()
        }
    }

    @Test("images and labels that do not belong together are refused", arguments: [[3], [2, 1], [1]])
    func mismatch(dimensions: [Int]) throws {
        try writeSmallSet()
        let count = dimensions.reduce(1, *)
        _ = try folder.write(idx(dimensions, Array(repeating: 1, count: count)), to: "t10k-labels-idx1-ubyte")
        #expect(throws: DatasetError.self) { try load() }
    }

    @Test("parts with images of different sizes are refused")
    func differentSizes() throws {
        try writeSmallSet()
        _ = try folder.write(gzip(idx([2, 3, 2], Array(0..<12))), to: "t10k-images-idx3-ubyte.gz")
        #expect(throws: DatasetError.self) { try load() }
    }

    @Test(
        "Debian's files hold 60,000 and 10,000 images, as counted by another program",
        .enabled(if: FileManager.default.fileExists(atPath: Dataset.fashionMNISTDefaultFolder)))
    func golden() throws {
        let dataset = try Dataset.load(named: "fashion-mnist", environment: [:])
        try check(
            dataset.train, rowCount: 60_000, sum: 3_431_114_169, labels: [9, 0, 0, 3, 0, 2, 7, 2, 5, 5])
        try check(
            try #require(dataset.test), rowCount: 10_000, sum: 573_469_082,
            labels: [9, 2, 1, 1, 6, 1, 4, 6, 5, 7])
        let first = try #require(try dataset.train.selecting(rows: [0])["pixels"])
        #expect(first.shape.dimensions == [1, 28, 28])
        #expect(
            try Array(first.bytes[336..<364]) == [
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 99, 244, 222, 220, 218, 203, 198, 221, 215, 213, 222, 220,
                245,
                119, 167, 56,
            ])
    }

    private func check(_ table: Table, rowCount: Int, sum: Int, labels: [Int32]) throws {
        #expect(table.rowCount == rowCount)
        #expect(total(try #require(table["pixels"]).bytes) == sum)
        let indices = try #require(table["label"]).int32s
        #expect(Array(indices.prefix(10)) == labels)
        for index in 0..<10 {
            #expect(indices.filter { $0 == Int32(index) }.count == rowCount / 10)
        }
    }

    private func total(_ bytes: [UInt8]) -> Int {
        var total = 0
        // By index: without optimisation `reduce` takes seconds for so many bytes.
        for index in 0..<bytes.count { total &+= Int(bytes[index]) }
        return total
    }
}
