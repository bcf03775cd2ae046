import Foundation
import TestSupport
import Testing

@testable import Tensor

@Suite("safetensors")
struct SafetensorsTests {
    private func example() throws -> Safetensors {
        Safetensors(
            [
                "0.weight": try TensorValue(
                    [1, -2, 3.5, 0, .infinity, .leastNonzeroMagnitude], shape: [2, 3]),
                "0.bias": try TensorValue([0.5, -0.5] as [Float]),
                "labels": try TensorValue([1, .min] as [Int64]),
                "pixels": try TensorValue([0, 255, 7] as [UInt8], shape: [1, 3]),
                "rows": try TensorValue([-1] as [Int32]),
                "scalar": TensorValue(scalar: 2),
                "nothing": try TensorValue([] as [Float], shape: [0, 4]),
                "naïve \"name\"\\\n🐝": TensorValue(scalar: 1),
            ],
            metadata: ["format": "pt", "made by": "a \"test\"\u{1}"])
    }

    /// A file of one header, as JSON, and so many bytes.
    private func file(_ header: String, dataByteCount: Int = 0, headerLength: UInt64? = nil) -> [UInt8] {
        let length = headerLength ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
            + [UInt8](repeating: 0, count: dataByteCount)
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        let file = try example()
        #expect(try Safetensors(decoding: file.encoded()) == file)
        let empty = Safetensors([:])
        #expect(try Safetensors(decoding: empty.encoded()) == empty)
    }

    @Test("equal contents give equal bytes, whatever the order they were put in")
    func determinism() throws {
        let file = try example()
        var other = Safetensors([:])
        for (key, value) in file.metadata.sorted(by: { $0.key > $1.key }) { other.metadata[key] = value }
        for (name, value) in file.tensors.sorted(by: { $0.key > $1.key }) { other.tensors[name] = value }
        #expect(try file.encoded() == other.encoded())
    }

    @Test("the layout is the format's: length, JSON padded to eight bytes, large elements first")
    func layout() throws {
        let file = Safetensors(
            [
                "b": try TensorValue([1] as [Int64]), "a": TensorValue(scalar: 1),
                "c": try TensorValue([9] as [UInt8]),
            ],
            metadata: ["k": "v"])
        let bytes = try file.encoded()
        let json =
            #"{"__metadata__":{"k":"v"},"b":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"#
            + #""a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"#
            + #""c":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}"#
        let padding = (8 - json.utf8.count % 8) % 8
        let expected = self.file(json + String(repeating: " ", count: padding))
        #expect(bytes == expected + [1, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0x80, 0x3F] + [9])
        #expect(expected.count % 8 == 0)
    }

    @Test("a header with white space, escapes and another order is read")
    func otherWriters() throws {
        let json =
            #" { "x" : { "shape":[ 2 ], "data_offsets" : [4,12] ,"dtype":"F32"}, "#
            + #""\u00e9\ud83d\udc1d\/\b\f\r\t":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}   "#
        let read = try Safetensors(decoding: file(String(json.dropFirst()), dataByteCount: 12))
        #expect(read.tensors["x"]?.type.description == "float32 [2]")
        #expect(read.tensors["é🐝/\u{8}\u{c}\r\t"]?.type.description == "int32 []")
    }

    static let hostile: [(String, String, Int)] = [
        ("not JSON", "hello", 0),
        ("array", "[]", 0),
        ("open object", "{", 0),
        ("text after the end", "{}x", 0),
        ("trailing comma", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},}"#, 1),
        (
            "same name twice",
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
                + #""a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
            2
        ),
        ("unknown element type", #"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#, 2),
        ("unknown property", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":[]}}"#, 1),
        ("no element type", #"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, 1),
        ("no shape", #"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, 1),
        ("no offsets", #"{"a":{"dtype":"U8","shape":[1]}}"#, 1),
        ("one offset", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}"#, 1),
        ("three offsets", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}"#, 1),
        ("offsets backwards", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}"#, 1),
        ("offsets past the end", #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 1),
        ("bytes nobody owns", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 2),
        ("a hole", #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2),
        (
            "an overlap",
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"#
                + #""b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
            3
        ),
        (
            "shared bytes",
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
                + #""b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
            1
        ),
        ("shape and bytes differ", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}}"#, 3),
        ("negative size", #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, 1),
        ("fractional size", #"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, 1),
        ("leading zero", #"{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}"#, 1),
        ("huge size", #"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]}}"#, 1),
        (
            "overflowing shape",
            #"{"a":{"dtype":"U8","shape":[9223372036854775807,2],"data_offsets":[0,1]}}"#, 1
        ),
        ("too many axes", #"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}"#, 1),
        (
            "huge offsets",
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]}}"#, 1
        ),
        ("metadata that is no text", #"{"__metadata__":{"a":1}}"#, 0),
        ("control character", "{\"\u{1}\":{}}", 0),
        ("half a surrogate", #"{"\ud83d":{}}"#, 0),
        ("low surrogate first", #"{"\udc1d\ud83d":{}}"#, 0),
        ("bad escape", #"{"\x":{}}"#, 0),
        ("bad digits", #"{"\u00g0":{}}"#, 0),
        ("open string", #"{"abc"#, 0),
        ("deep nesting", #"{"a":"# + String(repeating: "{\"a\":", count: 10_000), 0),
    ]

    @Test("headers that lie are errors", arguments: hostile)
    func hostileHeaders(_ what: String, _ header: String, _ dataByteCount: Int) throws {
        let error = #expect(throws: TensorError.self, "\(what)") {
            try Safetensors(decoding: file(header, dataByteCount: dataByteCount), path: "model.safetensors")
        }
        #expect(error?.description.hasPrefix("model.safetensors: ") == true)
    }

    @Test("a length that lies is an error")
    func hostileLengths() throws {
        for length in [3, 1 << 20, (1 << 20) + 1, 1 << 40, .max] as [UInt64] {
            #expect(throws: TensorError.self) { try Safetensors(decoding: file("{}", headerLength: length)) }
        }
        #expect(throws: TensorError.self) {
            try Safetensors(decoding: file(String(decoding: [0xFF, 0xFE], as: UTF8.self)))
        }
        #expect(throws: TensorError.self) { try Safetensors(decoding: [2, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xFF]) }
    }

    @Test("every truncation is an error")
    func truncations() throws {
        let bytes = try example().encoded()
        for count in 0..<bytes.count {
            #expect(throws: TensorError.self) { try Safetensors(decoding: Array(bytes.prefix(count))) }
        }
    }

    @Test("flipped bytes throw or decode, and never trap")
    func flips() throws {
        let bytes = try example().encoded()
        var draw = Draw(seed: 81)
        var thrown = 0
        for _ in 0..<5_000 {
            var damaged = bytes
            for _ in 0...draw.number(below: 3) {
                damaged[draw.number(below: damaged.count)] = UInt8(draw.number(below: 256))
            }
            do { _ = try Safetensors(decoding: damaged) } catch { thrown += 1 }
        }
        #expect(thrown > 2_500)
    }

    @Test("what cannot be written is refused")
    func refusals() throws {
        #expect(throws: TensorError.self) {
            try Safetensors(["__metadata__": TensorValue(scalar: 1)]).encoded()
        }
        let long = String(repeating: "x", count: Safetensors.headerByteCountMaximum)
        #expect(throws: TensorError.self) { try Safetensors([:], metadata: ["k": long]).encoded() }
    }

    @Test("files are replaced whole, and errors name them")
    func files() throws {
        let folder = try TemporaryFolder()
        let path = folder["model.safetensors"]
        let file = try example()
        try file.write(to: path)
        try file.write(to: path)
        #expect(try Safetensors(contentsOf: path) == file)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.safetensors"])

        for missing in [path + ".none", folder.path] {
            let error = #expect(throws: TensorError.self) { try Safetensors(contentsOf: missing) }
            #expect(error?.description.hasPrefix(missing) == true)
        }
        let nowhere = folder["none/model.safetensors"]
        let error = #expect(throws: TensorError.self) { try file.write(to: nowhere) }
        #expect(error?.description == "\(nowhere): cannot be created: No such file or directory")
        #expect(throws: TensorError.self) { try file.write(to: folder.path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.safetensors"])
    }

    @Test("names in the metadata come back whatever is in them")
    func names() throws {
        let names = ["", "a\nb", "quote \" and \\", "é🐝\u{1B}", "[\"x\"]"]
        let file = Safetensors([:], metadata: ["classes": Safetensors.text(ofNames: names), "bad": "a\nb"])
        let read = try Safetensors(decoding: file.encoded())
        #expect(try read.names("classes") == names)
        #expect(try read.names("missing") == [])
        #expect(throws: TensorError.self) { _ = try read.names("bad") }
    }
}
