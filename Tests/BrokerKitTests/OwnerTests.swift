import Protocol
import TestSupport
import Testing

@testable import BrokerKit

@Suite("Owners")
struct OwnerTests {
    @Test("an owner is what the document says")
    func vector() throws {
        let session = try Identifier(0..<16 as Range<UInt8>)
        let owner: [UInt8] = [
            0xB2, 0xBA, 0xE2, 0x9C, 0x9E, 0x1B, 0xAF, 0x47, 0x2F, 0x57, 0x40, 0xE4, 0xE9, 0x40, 0x06, 0xF2,
        ]
        #expect(Identifier(ownerFor: session).bytes == owner)
    }

    @Test("every byte of a session counts")
    func differs() throws {
        var owners: Set<Identifier> = []
        for index in 0..<Identifier.byteCount {
            var bytes = [UInt8](repeating: 7, count: Identifier.byteCount)
            bytes[index] = 8
            owners.insert(Identifier(ownerFor: try Identifier(bytes)))
        }
        #expect(owners.count == Identifier.byteCount)
    }
}
