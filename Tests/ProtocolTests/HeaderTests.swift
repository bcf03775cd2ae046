import TestSupport
import Testing

@testable import Protocol

@Suite("Header")
struct HeaderTests {
    private static let golden: [UInt8] = [
        0x46, 0x47, 0x52, 0x0A,  // "FGR\n"
        1, 1, 32, 1,  // version 1.1, submit, targetsSession
        0x04, 0x03, 0x02, 0x01,  // attempt
        0x08, 0x07, 0x06, 0x05,  // sequence
        0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,  // epoch
        0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21,  // job
        0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31,
        0x48, 0x47, 0x46, 0x45, 0x44, 0x43, 0x42, 0x41,  // target
        0x58, 0x57, 0x56, 0x55, 0x54, 0x53, 0x52, 0x51,
        0x64, 0x63, 0x62, 0x61,  // deadline
        0, 0, 0, 0,
    ]

    private static var full: Header {
        var header = Header(
            .submit, job: Identifier(high: 0x2122_2324_2526_2728, low: 0x3132_3334_3536_3738),
            attempt: 0x0102_0304,
            epoch: 0x1112_1314_1516_1718)
        header.flags = .targetsSession
        header.sequence = 0x0506_0708
        header.target = Identifier(high: 0x4142_4344_4546_4748, low: 0x5152_5354_5556_5758)
        header.deadlineMilliseconds = 0x6162_6364
        return header
    }

    @Test("its bytes are those of the document")
    func goldenBytes() throws {
        #expect(Self.full.bytes == Self.golden)
        #expect(try Header(Self.golden) == Self.full)
        #expect(Header.byteCount == 64)
    }

    @Test("every command with anything in the other fields comes back as it was", arguments: Command.allCases)
    func roundTrips(command: Command) throws {
        var random = SplitMix64(seed: UInt64(command.rawValue))
        for _ in 0..<200 {
            var header = Header(
                command, job: .random(using: &random), attempt: UInt32(truncatingIfNeeded: random.next()),
                epoch: random.next())
            header.minor = UInt8(truncatingIfNeeded: random.next())
            header.flags = Header.Flags(rawValue: UInt8.random(in: 0...3, using: &random))
            header.sequence = UInt32(truncatingIfNeeded: random.next())
            header.target = .random(using: &random)
            header.deadlineMilliseconds = UInt32(truncatingIfNeeded: random.next())
            #expect(try Header(header.bytes) == header)
        }
    }

    @Test("flags are those of the document")
    func flags() throws {
        var header = Header(.dispatch)
        header.flags = .transferred
        #expect(header.bytes[7] == 2)
        header.flags = [.targetsSession, .transferred]
        #expect(header.bytes[7] == 3)
        #expect(try Header(header.bytes).flags == header.flags)
    }

    @Test("any other number of bytes is malformed")
    func truncations() {
        for count in 0..<Header.byteCount {
            #expect(throws: ProtocolError.self) { try Header(Array(Self.golden.prefix(count))) }
        }
        #expect(throws: ProtocolError.self) { try Header(Self.golden + [0]) }
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
        bytes[4] = 2
        bytes[5] = 7
        #expect(
            thrown { () throws(ProtocolError) in _ = try Header(bytes) }
                == .unsupportedVersion(major: 2, minor: 7))
        bytes[4] = 1
        #expect(try Header(bytes).minor == 7)
        // The version is read before anything whose meaning it could change.
        bytes[4] = 0
        bytes[6] = 255
        bytes[63] = 1
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
        for flag in 2..<8 {
            var bytes = Self.golden
            bytes[7] = 1 << flag
            #expect(throws: ProtocolError.self) { try Header(bytes) }
        }
        for offset in 60..<64 {
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
            if bytes.count == Header.byteCount, random.next() % 2 == 0 {
                bytes.replaceSubrange(60..<64, with: [0, 0, 0, 0])
            }
            if let header = try? Header(bytes) { #expect(header.bytes == bytes) }
        }
    }
}
