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
        let added = try [table.add(id(1), descriptor: nil).peer, table.add(id(2), descriptor: nil).peer]
        #expect(added == [0, 1])
        let found = (try table.peer(of: id(1)), table.routingID(of: 1), table.routingID(of: 9))
        #expect(try found.0 == 0 && found.1 == id(2) && found.2 == nil)
        table.remove(0)
        table.remove(0)
        let gone = (try table.peer(of: id(1)), table.routingID(of: 0))
        #expect(gone.0 == nil && gone.1 == nil)
        let (again, count) = (try table.add(id(3), descriptor: nil).peer, table.count)
        #expect(again == 0 && count == 2)
    }

    @Test("a connection's end finds its number")
    func ends() throws {
        var table = ConnectionTable()
        table.accepted(5)
        _ = table.add(try id(1), descriptor: 5)
        let ends = [table.disconnected(5), table.disconnected(5)]
        #expect(ends == [0, nil])
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
        let endOfFirst = table.disconnected(5)
        #expect(endOfFirst == nil)
        table.accepted(5)
        let endOfSecond = table.disconnected(5)
        #expect(endOfSecond == second.peer)
    }

    @Test("so too when the first was forgotten before it ended, or never spoke")
    func overtakesForgotten() throws {
        var table = ConnectionTable()
        let first = table.add(try id(1), descriptor: 5).peer
        table.accepted(5)
        table.remove(first)
        let endOfFirst = table.disconnected(5)
        let second = table.add(try id(2), descriptor: 5)
        #expect(endOfFirst == nil && second.dead == nil)
        table.accepted(5)
        let endOfSecond = table.disconnected(5)
        #expect(endOfSecond == second.peer)
    }

    @Test("a forgotten connection that speaks again is known by its descriptor still")
    func speaksAgain() throws {
        var table = ConnectionTable()
        table.accepted(5)
        table.remove(table.add(try id(1), descriptor: 5).peer)
        let again = table.add(try id(1), descriptor: 5)
        #expect(again.dead == nil)
        let end = table.disconnected(5)
        #expect(end == again.peer)
    }
}
