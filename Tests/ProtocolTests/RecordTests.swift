import Ground
import TestSupport
import Testing

@testable import Protocol

@Suite("Records")
struct RecordTests {
    private static let job = Identifier(high: 7, low: 9)

    /// The fault of bytes, read from their beginning.
    private func fault(_ bytes: [UInt8]) -> RecordFault? {
        do throws(RecordFault) {
            _ = try Record(decoding: bytes.span, at: 0)
            return nil
        } catch {
            return error
        }
    }

    @Test("the parts of a record lie where the document says")
    func layout() throws {
        var frame: [UInt8] = []
        let name = ContentName(1, 2, 3, 4)
        frame.append(
            Header(.submit, job: Self.job, attempt: 1, epoch: 5), heard: 6,
            attachments: [
                Protocol.Attachment(byteCount: 1 << 33), Protocol.Attachment(byteCount: 3, name: name),
            ],
            body: [7, 7, 7], inline: [8, 8])
        // 80 of the header, 2 × 48 of attachments, 3 of the body; 192 is the next multiple of 64.
        #expect(frame.count == 194)
        #expect(Array(frame[8..<24]) == [3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 6, 0, 0, 0])
        #expect(
            Array(frame[80..<128]) == [UInt8](repeating: 0, count: 36) + [2]
                + [UInt8](repeating: 0, count: 11))
        #expect(frame[128] == 1 && frame[136] == 2 && frame[144] == 3 && frame[152] == 4)
        #expect(frame[160] == 3 && frame[168] == 1)
        #expect(Array(frame[176..<179]) == [7, 7, 7] && Array(frame[192..<194]) == [8, 8])
        let record = try Record(decoding: frame.span, at: 0)
        #expect(
            record.attachments == [
                Protocol.Attachment(byteCount: 1 << 33), Protocol.Attachment(byteCount: 3, name: name),
            ])
        #expect(record.body == 176..<179 && record.inline == 192..<194 && record.heard == 6)
        #expect(record.range == 0..<194 && record.end == 200)
    }

    @Test("any records in one frame are read as they were written", arguments: 0..<40 as Range<UInt64>)
    func roundTrips(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var written: [(Header, [Protocol.Attachment], [UInt8], [UInt8])] = []
        var frame: [UInt8] = []
        for _ in 0...random.next() % 8 {
            var header = Header(
                [.submit, .dispatch, .result, .transfer][Int(random.next() % 4)],
                job: .random(using: &random),
                attempt: 1, epoch: random.next())
            let attachments = (0..<random.next() % 4).map { _ in
                Attachment(
                    byteCount: Int(random.next() % 1_000_000),
                    name: random.next() % 2 == 0 ? nil : ContentName(random.next(), 0, 0, 1))
            }
            var body = random.bytes(count: Int(random.next() % 300))
            if !attachments.isEmpty, random.next() % 3 == 0 {
                header.flags = .bodyIsAttached
                body = []
            }
            let inline = random.bytes(count: Int(random.next() % 100))
            written.append((header, attachments, body, inline))
            frame.append(header, heard: 3, attachments: attachments, body: body, inline: inline)
        }
        var offset = 0
        for (header, attachments, body, inline) in written {
            let record = try Record(decoding: frame.span, at: offset)
            #expect(record.header == header && record.attachments == attachments && record.heard == 3)
            #expect(Array(frame[record.body]) == body && Array(frame[record.inline]) == inline)
            // Passed on, only the header and what was heard differ.
            var other: [UInt8] = [0]
            var changed = header
            changed.command = .dispatch
            changed.flags.remove(.targetsSession)
            frame.withBytes { other.append(record, of: $0, as: changed, heard: 9) }
            let passed = try Record(decoding: other.span, at: 8)
            #expect(passed.header == changed && passed.heard == 9 && passed.attachments == attachments)
            #expect(Array(other[passed.body]) == body && Array(other[passed.inline]) == inline)
            offset = record.end
        }
        #expect(offset >= frame.count)
    }

    @Test("a record says what may belong to it")
    func shapes() {
        let submit = Header(.submit, job: Self.job, attempt: 1, epoch: 1)
        #expect(fault(submit.frame([1], inline: [2])) == nil)
        for flags in 0...3 as ClosedRange<UInt8> {
            var header = submit
            header.flags = Header.Flags(rawValue: flags)
            #expect((fault(header.frame([1])) == nil) == (flags < 2))
        }
        var header = submit
        header.flags = .bodyIsAttached
        #expect(fault(header.frame())?.error.code == .malformed)
        header = submit
        header.attempt = 0
        #expect(fault(header.frame([1]))?.header?.job == Self.job)
        #expect(fault(Header(.heartbeat).frame([1]))?.error.code == .malformed)
        #expect(fault(Header(.heartbeat).frame(inline: [1]))?.error.code == .malformed)
        #expect(fault(Header(.progress).frame([1], inline: [1]))?.error.code == .malformed)
        var frame: [UInt8] = []
        frame.append(Header(.progress), attachments: [Protocol.Attachment(byteCount: 1)], body: [1])
        #expect(fault(frame)?.error.code == .malformed)
        frame = []
        let long = [UInt8](repeating: 1, count: ProtocolLimits.jobBodyByteCountMaximum + 1)
        #expect(fault(submit.frame(long))?.error.code == .limitExceeded)
        #expect(fault(submit.frame([1], inline: long))?.error.code == .limitExceeded)
        #expect(fault(Header(.catalogue).frame(long)) == nil)
    }

    @Test("lengths beyond the frame, and beyond any limit, are faults that name the header")
    func lengths() {
        let whole = Header(.result, job: Self.job, attempt: 1, epoch: 1).frame([1, 2], inline: [3])
        for count in 0..<whole.count { #expect(fault(Array(whole.prefix(count))) != nil) }
        for (offset, byte) in [(8, 200), (12, 9), (13, 255), (16, 100), (19, 255), (11, 255)]
            as [(Int, UInt8)]
        {
            var frame = whole
            frame[offset] = byte
            #expect(fault(frame)?.header?.job == Self.job)
        }
    }

    @Test("an attachment of a length nobody has, or of a kind there is not, is refused")
    func attachments() throws {
        var frame: [UInt8] = []
        frame.append(
            Header(.submit, job: Self.job, attempt: 1, epoch: 1),
            attachments: [Protocol.Attachment(byteCount: 1)], body: [1])
        for (offset, byte) in [(80 + 37, 1), (80 + 40, 1), (80 + 40, 2), (80, 1)] as [(Int, UInt8)] {
            var changed = frame
            changed[offset] = byte
            if offset == 80 + 37 { changed[offset] = 255 }
            #expect(fault(changed) != nil, "byte \(offset)")
        }
    }

    @Test(
        "random bytes behind a header are a fault or a record inside them", arguments: 0..<20 as Range<UInt64>
    )
    func randomBytes(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            var bytes = random.bytes(count: 80 + Int(random.next() % 400))
            let head: [UInt8] = [
                0x46, 0x47, 0x52, 0x0A, 2, 0, UInt8(random.next() % 50), UInt8(random.next() % 8),
            ]
            bytes.replaceSubrange(0..<8, with: head)
            if random.next() % 4 != 0 {
                let lengths = (0..<12).map { $0 % 4 == 0 ? UInt8(random.next() % 60) : 0 }
                bytes.replaceSubrange(8..<20, with: lengths)
                bytes[12] %= 4
            }
            guard let record = try? Record(decoding: bytes.span, at: 0) else { continue }
            #expect(record.range.upperBound <= bytes.count)
            #expect(record.range.contains(record.body) && record.range.contains(record.inline))
            #expect(record.body.upperBound <= record.inline.lowerBound)
        }
    }

    @Test("what is asked for is 24 bytes, and ends after it begins")
    func extents() throws {
        let extent = Extent(attachment: 3, from: 1 << 32, to: 1 << 33)
        let bytes = extent.bytes
        #expect(bytes.count == 24 && bytes[0] == 3 && bytes[12] == 1 && bytes[20] == 2)
        #expect(try Extent(decoding: bytes.span) == extent)
        let backwards = Extent(attachment: 0, from: 2, to: 1).bytes
        let short = Array(bytes.dropLast()), (reserved, far) = (4, 23)
        #expect(throws: ProtocolError.self) { try Extent(decoding: backwards.span) }
        #expect(throws: ProtocolError.self) { try Extent(decoding: short.span) }
        for offset in [reserved, far] {
            var changed = bytes
            changed[offset] = 1
            #expect(throws: ProtocolError.self) { try Extent(decoding: changed.span) }
        }
    }

    @Test("a piece's bytes follow its head at once")
    func pieces() throws {
        let header = Header(.piece, job: Self.job, attempt: 1, epoch: 1)
        let extent = Extent(attachment: 1, from: 10, to: 13)
        let frame = header.pieceHead(extent, heard: 4) + [1, 2, 3]
        let record = try Record(decoding: frame.span, at: 0)
        #expect(record.inline == 128..<131 && record.heard == 4)
        frame.withBytes { bytes in
            #expect((try? record.extent(of: bytes)) == extent)
        }
        // One that says another number of bytes than come.
        var changed = frame
        changed[80 + 16] = 12
        let short = try Record(decoding: changed.span, at: 0)
        changed.withBytes { bytes in #expect((try? short.extent(of: bytes)) == nil) }
    }
}
