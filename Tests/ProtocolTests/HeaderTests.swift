import TestSupport
import Testing

@testable import Protocol

@Suite("Header")
struct HeaderTests {
    private static let golden: [UInt8] = [
        0x46, 0x47, 0x52, 0x0A,  // "FGR\n"
        2, 0, 32, 1,  // version 2.0, submit, targetsSession
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // body, attachments, inline bytes
        0x04, 0x03, 0x02, 0x01,  // heard
        0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,  // epoch
        0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21,  // job
        0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31,
        0x48, 0x47, 0x46, 0x45, 0x44, 0x43, 0x42, 0x41,  // target
        0x58, 0x57, 0x56, 0x55, 0x54, 0x53, 0x52, 0x51,
        0x64, 0x63, 0x62, 0x61,  // attempt
        0x74, 0x73, 0x72, 0x71,  // deadline
        0x84, 0x83, 0x82, 0x81,  // slot
        0x94, 0x93, 0x92, 0x91,  // wait
    ]

    private static var full: Header {
        var header = Header(
            .submit, job: Identifier(high: 0x2122_2324_2526_2728, low: 0x3132_3334_3536_3738),
            attempt: 0x6162_6364, epoch: 0x1112_1314_1516_1718)
        header.flags = .targetsSession
        header.target = Identifier(high: 0x4142_4344_4546_4748, low: 0x5152_5354_5556_5758)
        header.deadlineMilliseconds = 0x7172_7374
        header.slot = 0x8182_8384
        header.waitMilliseconds = 0x9192_9394
        return header
    }

    /// The header alone, as a record says it that heard so much.
    private static func bytes(_ header: Header, heard: UInt32 = 0x0102_0304) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(header, heard: heard)
        return bytes
    }

    @Test("its bytes are those of the document")
    func goldenBytes() throws {
        #expect(Self.bytes(Self.full) == Self.golden)
        #expect(try Header(Self.golden) == Self.full)
        #expect(Header.byteCount == 80)
    }

    @Test("every command with anything in the other fields comes back as it was", arguments: Command.allCases)
    func roundTrips(command: Command) throws {
        var random = SplitMix64(seed: UInt64(command.rawValue))
        for _ in 0..<200 {
            var header = Header(
                command, job: .random(using: &random), attempt: UInt32(truncatingIfNeeded: random.next()),
                epoch: random.next())
            header.minor = UInt8(truncatingIfNeeded: random.next())
            header.flags = Header.Flags(rawValue: UInt8.random(in: 0...7, using: &random))
            header.slot = UInt32(truncatingIfNeeded: random.next())
            header.waitMilliseconds = UInt32(truncatingIfNeeded: random.next())
            header.target = .random(using: &random)
            header.deadlineMilliseconds = UInt32(truncatingIfNeeded: random.next())
            #expect(try Header(Self.bytes(header)) == header)
        }
    }

    @Test("flags are those of the document")
    func flags() throws {
        var header = Header(.dispatch)
        header.flags = .transferred
        #expect(Self.bytes(header)[7] == 2)
        header.flags = [.targetsSession, .transferred]
        #expect(Self.bytes(header)[7] == 3)
        header.flags = [.bodyIsAttached]
        #expect(Self.bytes(header)[7] == 4)
        #expect(try Header(Self.bytes(header)).flags == header.flags)
    }

    @Test("fewer bytes are malformed")
    func truncations() {
        for count in 0..<Header.byteCount {
            #expect(throws: ProtocolError.self) { try Header(Array(Self.golden.prefix(count))) }
        }
    }

    @Test("each byte of the magic counts", arguments: 0..<4)
    func magic(offset: Int) {
        var bytes = Self.golden
        bytes[offset] ^= 0x20
        #expect(thrown { () throws(ProtocolError) in _ = try Header(bytes) } == .notFagure)
    }

    @Test("another major is told apart from garbage; another minor is read")
    func versions() throws {
        var bytes = Self.golden
        bytes[4] = 3
        bytes[5] = 7
        #expect(
            thrown { () throws(ProtocolError) in _ = try Header(bytes) }
                == .unsupportedVersion(major: 3, minor: 7))
        // Where the first version's headers, of 64 bytes, end, nothing is read.
        #expect(
            thrown { () throws(ProtocolError) in _ = try Header(Array(bytes.prefix(64))) }
                == .unsupportedVersion(major: 3, minor: 7))
        bytes[4] = 2
        #expect(try Header(bytes).minor == 7)
        // The version is read before anything whose meaning it could change.
        bytes[4] = 0
        bytes[6] = 255
        bytes[14] = 1
        #expect(
            thrown { () throws(ProtocolError) in _ = try Header(bytes) }
                == .unsupportedVersion(major: 0, minor: 7))
    }

    @Test("unknown commands, unknown flags and reserved bytes are refused")
    func unknowns() {
        for code in UInt8.min...UInt8.max where Command(rawValue: code) == nil {
            var bytes = Self.golden
            bytes[6] = code
            #expect(thrown { () throws(ProtocolError) in _ = try Header(bytes) } == .unknownCommand(code))
        }
        for flag in 4..<8 {
            var bytes = Self.golden
            bytes[7] = 1 << flag
            #expect(throws: ProtocolError.self) { try Header(bytes) }
        }
        for offset in 14..<16 {
            var bytes = Self.golden
            bytes[offset] = 1
            #expect(throws: ProtocolError.self) { try Header(bytes) }
        }
    }

    @Test(
        "random bytes are an error or a header that encodes to the same bytes",
        arguments: 0..<20 as Range<UInt64>)
    func randomBytes(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            var bytes = random.bytes(count: Int(random.next() % 130))
            // Most of them get past the magic, or the rest of the decoder would see little.
            if random.next() % 8 != 0 {
                bytes.replaceSubrange(0..<min(8, bytes.count), with: Self.golden.prefix(min(8, bytes.count)))
            }
            if bytes.count >= Header.byteCount, random.next() % 2 == 0 {
                bytes.replaceSubrange(8..<20, with: [UInt8](repeating: 0, count: 12))
            }
            guard let header = try? Header(bytes), let heard = try? Record(decoding: bytes.span, at: 0).heard
            else { continue }
            #expect(Self.bytes(header, heard: heard) == Array(bytes.prefix(Header.byteCount)))
        }
    }
}
