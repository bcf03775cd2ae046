import Testing

@testable import ZMQ

@Suite struct RoutingIDTests {
    @Test("an id of any length up to sixteen bytes survives the way into a frame and back", arguments: 1...16)
    func roundTrip(count: Int) throws {
        let bytes = (0..<count).map { UInt8(250 &- $0 &* 7) }
        let id = try #require(routingID(bytes))
        var message = Message()
        message.prepend(id)
        #expect(message.bytes(at: 0) == bytes)
        #expect(message.routingID == id)
        #expect(id.byteCount == count)
    }

    @Test("an empty id and one a stranger made too long are refused", arguments: [0, 17, 255])
    func refused(count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(routingID(bytes) == nil)
    }

    @Test("ids that differ only in trailing zeros are different")
    func zeros() throws {
        let short = try #require(routingID([0, 1]))
        let long = try #require(routingID([0, 1, 0]))
        #expect(short != long)
        #expect(short.description == "0001")
        #expect(long.description == "000100")
    }
}
