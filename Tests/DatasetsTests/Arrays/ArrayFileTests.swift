import Foundation
import Tensor
import TestSupport
import Testing

@testable import Datasets

@Suite struct ArrayFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: Fixtures.array(name))))
    }

    private func all(_ dataset: Dataset) throws -> Table {
        let schema = try #require(dataset.contract)
        return try Dataset.table(file: DataFile(Fixtures.array("\(dataset.name).npz")), schema: schema).table
    }

    @Test("NPZ as NumPy writes it is read, stored and deflated")
    func npz() throws {
        let stored = try Dataset.load(file: DataFile(Fixtures.array("stored.npz")))
        #expect(
            stored.schema.columns.map(\.description) == ["x: float32 [2, 2]", "y: int32 [] of 3 classes"])
        let table = try all(stored)
        #expect(try table.values[0].floats == (0..<24).map { Float($0) * 0.5 - 3 })
        #expect(try table.values[1].int32s == [0, 1, 2, 0, 1, 2])
        let deflated = try Dataset.load(file: DataFile(Fixtures.array("deflated.npz")))
        #expect(deflated.schema["y"]?.classes == ["a", "b", "c"])
        #expect(try all(deflated).values == table.values)
    }

    @Test("NPY is read in either order of axes and bytes, and in halves")
    func npy() throws {
        let fortran = try NPYFile(bytes("fortran.npy"), path: "x").array
        #expect(fortran.shape.dimensions == [3, 4])
        #expect((0..<12).map { fortran.text($0) } == (0..<12).map { String($0 - 5) })
        let half = try NPYFile(bytes("half.npy"), path: "x").array
        #expect(half.number(0) == 1.5)
        #expect(half.number(2) == 65_504)
        #expect(half.number(3) == 1 / Double(1 << 24))
        #expect(half.number(5) == .infinity)
    }

    @Test("safetensors with x and y are read, and NaN is what the schema says")
    func safetensors() throws {
        let x = try TensorValue([1, .nan, 3, 4] as [Float], shape: [4, 1])
        let file = Safetensors(["x": x, "y": try TensorValue([0, 1, 0, 1] as [Int64])])
        let path = "\(folder.path)/t.safetensors"
        try file.write(to: path)
        let error = #expect(throws: DatasetError.self) { try Dataset.load(file: DataFile(path)) }
        #expect(try #require(error).description.contains("row 2 of 'x': expected float32, got 'nan'"))
        let schema = try DataSchema.infer(file: DataFile(path)).schema
        #expect(schema.label.classes == ["0", "1"])
        let dropped = try Dataset.table(file: DataFile(path), schema: schema.replacing(missing: .dropRow))
        #expect(dropped.lines == [1, 3, 4])
        let mean = try Dataset.table(file: DataFile(path), schema: schema.replacing(missing: .mean)).table
        #expect(try mean.values[0].floats[1].isNaN)
    }

    @Test("IDX images find the labels beside them")
    func images() throws {
        let path = try folder.write(idx([2, 1, 2], [1, 2, 3, 4]), to: "train-images-idx3-ubyte")
        _ = try folder.write(gzip(idx([2], [7, 8])), to: "train-labels-idx1-ubyte")
        let dataset = try Dataset.load(file: DataFile(path))
        #expect(dataset.schema["x"]?.description == "x: uint8 [1, 2]")
        #expect(dataset.schema["y"]?.classes == ["7", "8"])
    }

    @Test("every cut and thousands of changed bytes of NPY, NPZ and safetensors are read or refused")
    func mutations() throws {
        var generator = SplitMix64(seed: 41)
        let tensors = Safetensors([
            "x": try TensorValue([1, 2] as [Float], shape: [2, 1]), "y": try TensorValue([0, 1] as [Int64]),
        ])
        let files = [
            try bytes("stored.npz"), try bytes("deflated.npz"), try bytes("fortran.npy"),
            try tensors.encoded(),
        ]
        for whole in files {
            for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 100)) {
                let path = try folder.write(Array(whole[..<count]), to: "cut")
                #expect(throws: DatasetError.self, "\(count) bytes") {
                    try Dataset.load(file: DataFile(path, label: "y"))
                }
            }
            for _ in 0..<300 {
                var damaged = whole
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    damaged[Int.random(in: whole.indices, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                let path = try folder.write(damaged, to: "changed")
                if let dataset = try? Dataset.load(file: DataFile(path, label: "y")) {
                    #expect(dataset.train.rowCount > 0)
                }
            }
        }
    }

    @Test("a changed byte of a member is seen by its checksum")
    func checksum() throws {
        let whole = try bytes("stored.npz")
        var damaged = whole
        damaged[300] ^= 1
        let path = try folder.write(damaged, to: "x.npz")
        let error = #expect(throws: DatasetError.self) { try Dataset.load(file: DataFile(path)) }
        #expect(try #require(error).description.hasSuffix("'x.npy' is truncated or corrupt"))
    }
}
