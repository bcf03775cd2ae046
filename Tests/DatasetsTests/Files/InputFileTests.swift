import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct InputFileTests {
    private let folder: TemporaryFolder
    private let text = Array("seven bytes and some more".utf8)

    init() throws { folder = try TemporaryFolder() }

    private func contents(_ path: String, limit: Int = 1 << 20) throws -> [UInt8] {
        let file = try InputFile(path: path, byteCountMaximum: limit)
        return try file.read(byteCount: file.byteCount)
    }

    @Test("plain and gzip files give the same bytes, whatever the name")
    func reading() throws {
        #expect(try contents(try folder.write(text, to: "x")) == text)
        #expect(try contents(try folder.write(gzip(text), to: "x.gz")) == text)
        #expect(try contents(try folder.write(gzip(text), to: "y")) == text)
        #expect(try contents(try folder.write([], to: "empty")) == [])
        #expect(try contents(try folder.write(gzip([]), to: "empty.gz")) == [])
    }

    @Test("gzip members that follow each other are one file")
    func members() throws {
        let path = try folder.write(gzip(text) + gzip([]) + gzip([1, 2, 3]), to: "x.gz")
        #expect(try contents(path) == text + [1, 2, 3])
    }

    @Test("a file is read in pieces and not past its end")
    func pieces() throws {
        let file = try InputFile(path: try folder.write(gzip(text), to: "x.gz"))
        #expect(try file.read(byteCount: 5) == Array(text[..<5]))
        #expect(try file.read(byteCount: 0) == [])
        #expect(try file.read(byteCount: text.count - 5) == Array(text[5...]))
        #expect(throws: DatasetError.invalidFile(path: file.path, reason: "ends before it should")) {
            try file.read(byteCount: 1)
        }
    }

    @Test("every truncation of gzip throws, as does every cut in a second member")
    func truncations() throws {
        let whole = gzip(text)
        for count in whole.indices {
            let one = try folder.write(Array(whole[..<count]), to: "x.gz")
            #expect(throws: DatasetError.self, "\(count) bytes") { try contents(one) }
            guard count > 0 else { continue }
            let two = try folder.write(whole + whole[..<count], to: "x.gz")
            #expect(throws: DatasetError.self, "\(count) bytes of the second") { try contents(two) }
        }
    }

    @Test("every flipped bit of gzip throws, or leaves the bytes as they were")
    func flippedBits() throws {
        let whole = gzip(text)
        for bit in 0..<whole.count * 8 {
            var bytes = whole
            bytes[bit / 8] ^= 1 << (bit % 8)
            let path = try folder.write(bytes, to: "x.gz")
            // Time stamp, operating system and such are not part of the checksum.
            if let read = try? contents(path) { #expect(read == text, "bit \(bit)") }
        }
    }

    @Test("what is wrong with gzip is named")
    func reasons() throws {
        let truncated = try folder.write(Array(gzip(text).dropLast()), to: "a.gz")
        #expect(throws: DatasetError.invalidFile(path: truncated, reason: "truncated gzip")) {
            try contents(truncated)
        }
        var bytes = gzip(text)
        bytes[20] ^= 1
        let corrupt = try folder.write(bytes, to: "b.gz")
        #expect(throws: DatasetError.invalidFile(path: corrupt, reason: "corrupt gzip")) {
            try contents(corrupt)
        }
        let garbage = try folder.write(gzip(text) + [1, 2, 3], to: "c.gz")
        #expect(throws: DatasetError.invalidFile(path: garbage, reason: "corrupt gzip")) {
            try contents(garbage)
        }
        let plain = try folder.write(text, to: "d.gz")
        #expect(throws: DatasetError.invalidFile(path: plain, reason: "not gzip, though its name says so")) {
            try contents(plain)
        }
    }

    @Test("a file larger than allowed is refused, before or while it is decompressed")
    func tooLarge() throws {
        for (name, bytes) in [
            ("x", text), ("x.gz", gzip(text)), ("two.gz", gzip([1]) + gzip(Array(text.dropFirst()))),
        ] {
            let path = try folder.write(bytes, to: name)
            #expect(throws: DatasetError.fileTooLarge(path: path, limit: text.count - 1)) {
                try contents(path, limit: text.count - 1)
            }
            #expect(try contents(path, limit: text.count).count == text.count)
        }
    }

    @Test("a file that is not there says how to get it, a folder that it is none")
    func notThere() throws {
        let path = "\(folder.path)/missing"
        #expect(throws: DatasetError.fileNotFound(path: path, advice: "Ask for it.")) {
            try InputFile(path: path, advice: "Ask for it.")
        }
        #expect(throws: DatasetError.unreadableFile(path: folder.path, reason: "not a regular file")) {
            try InputFile(path: folder.path)
        }
    }

    @Test("a pipe and a device are refused at once, and not waited for")
    func pipes() throws {
        let path = "\(folder.path)/pipe"
        let made = unsafe mkfifo(path, 0o600)
        #expect(made == 0)
        for path in [path, "/dev/zero"] {
            #expect(throws: DatasetError.unreadableFile(path: path, reason: "not a regular file")) {
                try InputFile(path: path)
            }
        }
    }

    @Test("random bytes that claim to be gzip only throw")
    func randomBytes() throws {
        var generator = SplitMix64(seed: 11)
        for _ in 0..<300 {
            let bytes =
                Gzip.magic + [8, 0] + generator.bytes(count: Int.random(in: 0...60, using: &generator))
            let path = try folder.write(bytes, to: "x.gz")
            #expect(throws: DatasetError.self) { try contents(path) }
        }
    }
}
