import Testing

@testable import BrokerKit
@testable import ZMQ

@Suite("Connection table")
struct ConnectionTableTests {
    private func id(_ number: UInt8) throws -> RoutingID {
        var message = Message()
        message.append([0, number])
        let id = message.routingID
        return try #require(id)
    }

    @Test("numbers are small, found both ways, and used again")
    func numbers() throws {
        var table = ConnectionTable()
        #expect(table.add(try id(1), descriptor: nil).peer == 0)
        #expect(table.add(try id(2), descriptor: nil).peer == 1)
        #expect(table.peer(of: try id(1)) == 0)
        #expect(table.routingID(of: 1) == (try id(2)))
        #expect(table.routingID(of: 9) == nil)
        table.remove(0)
        table.remove(0)
        #expect(table.peer(of: try id(1)) == nil && table.routingID(of: 0) == nil)
        #expect(table.add(try id(3), descriptor: nil).peer == 0)
        #expect(table.count == 2)
    }

    @Test("a connection's end finds its number")
    func ends() throws {
        var table = ConnectionTable()
        table.accepted(5)
        _ = table.add(try id(1), descriptor: 5)
        #expect(table.disconnected(5) == 0)
        #expect(table.disconnected(5) == nil)
    }

    @Test("a message that overtakes its own accept does not fall to the end before it")
    func overtakes() throws {
        var table = ConnectionTable()
        table.accepted(5)
        _ = table.add(try id(1), descriptor: 5)
        // The descriptor is in use again, so the first must be dead, though its end was not told yet.
        let second = table.add(try id(2), descriptor: 5)
        #expect(second.dead == 0)
        table.remove(0)
        #expect(table.disconnected(5) == nil, "the end of the first")
        table.accepted(5)
        #expect(table.disconnected(5) == second.peer, "the end of the second")
    }

    @Test("so too when the first was forgotten before it ended, or never spoke")
    func overtakesForgotten() throws {
        var table = ConnectionTable()
        let first = table.add(try id(1), descriptor: 5).peer
        table.accepted(5)
        table.remove(first)
        #expect(table.disconnected(5) == nil)
        let second = table.add(try id(2), descriptor: 5)
        #expect(second.dead == nil)
        table.accepted(5)
        #expect(table.disconnected(5) == second.peer)
    }

    @Test("a forgotten connection that speaks again is known by its descriptor still")
    func speaksAgain() throws {
        var table = ConnectionTable()
        table.accepted(5)
        table.remove(table.add(try id(1), descriptor: 5).peer)
        let again = table.add(try id(1), descriptor: 5)
        #expect(again.dead == nil)
        #expect(table.disconnected(5) == again.peer)
    }
}
