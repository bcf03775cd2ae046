import Datasets
import Tensor
import TestSupport
import Testing

@Suite struct IDXFileTests {
    private let folder: TemporaryFolder
    private let small = idx([2, 2, 3], Array(1...12))

    init() throws { folder = try TemporaryFolder() }

    @Test("sizes and elements are read, plain and gzip alike", arguments: [false, true])
    func reading(isGzip: Bool) throws {
        let path = try folder.write(isGzip ? gzip(small) : small, to: isGzip ? "x.gz" : "x")
        let file = try IDXFile(path: path)
        #expect(file.shape.dimensions == [2, 2, 3])
        let value = try file.elements()
        #expect(value.type == ValueType(.uint8, file.shape))
        #expect(try value.bytes == Array(1...12))
        #expect(try IDXFile(path: path).bytes() == Array(1...12))
    }

    @Test("a file of several chunks is read whole")
    func chunks() throws {
        var generator = SplitMix64(seed: 2)
        let count = DatasetLimits.chunkByteCount * 2 + 17
        let bytes = generator.bytes(count: 1_009)
        let elements = (0..<count).map { bytes[$0 % 1_009] }
        let path = try folder.write(idx([count], elements), to: "x")
        #expect(try IDXFile(path: path).elements().bytes == elements)
    }

    @Test("no elements make an empty value")
    func noElements() throws {
        let path = try folder.write(idx([0, 4], []), to: "x")
        #expect(try IDXFile(path: path).elements().type.byteCount == 0)
    }

    @Test("every truncation throws, plain and gzip alike", arguments: [false, true])
    func truncations(isGzip: Bool) throws {
        let bytes = isGzip ? gzip(small) : small
        for count in bytes.indices {
            let path = try folder.write(Array(bytes[..<count]), to: isGzip ? "x.gz" : "x")
            #expect(throws: DatasetError.self, "\(count) bytes") { try IDXFile(path: path).elements() }
        }
    }

    @Test(
        "a head that is not IDX of bytes is refused with its reason",
        arguments: [
            (idx([1], [0], type: 13), "IDX of element type 13, only 8 (unsigned bytes) is read"),
            ([0, 0, 8, 0], "IDX with 0 axes, allowed are 1 to 8"),
            ([0, 0, 8, 9], "IDX with 9 axes, allowed are 1 to 8"),
            ([1, 0, 8, 1, 0, 0, 0, 0], "not an IDX file"),
            (Array("a,b\n1,2\n".utf8), "not an IDX file"),
            ([0, 0, 8], "too short to be IDX"),
            ([0, 0, 8, 2, 0, 0, 0, 1], "truncated in its IDX head"),
            (idx([5], [1, 2]), "truncated: [5] needs 13 bytes, there are 10"),
            (idx([1], [1, 2]), "longer than its head says: [1] needs 9 bytes, there are 10"),
        ] as [([UInt8], String)])
    func refused(bytes: [UInt8], reason: String) throws {
        let path = try folder.write(bytes, to: "x")
        #expect(throws: DatasetError.invalidFile(path: path, reason: reason)) { try IDXFile(path: path) }
    }

    @Test("sizes too large for any tensor are refused", arguments: [1, 2, 4, 8])
    func hugeSizes(rank: Int) throws {
        let head = [0, 0, 8, UInt8(rank)] + [UInt8](repeating: 255, count: 4 * rank)
        let path = try folder.write(head, to: "x")
        #expect(throws: DatasetError.self) { try IDXFile(path: path) }
    }

    @Test("random bytes and random heads only throw, or read what they say")
    func randomBytes() throws {
        var generator = SplitMix64(seed: 3)
        for round in 0..<400 {
            var bytes = generator.bytes(count: Int.random(in: 0...40, using: &generator))
            if round % 2 == 0 { bytes = [0, 0, 8, UInt8(1 + round / 2 % 3), 0, 0, 0] + bytes }
            let path = try folder.write(bytes, to: "x")
            if let value = try? IDXFile(path: path).elements() {
                #expect(value.type.byteCount < bytes.count)
            }
        }
    }
}
