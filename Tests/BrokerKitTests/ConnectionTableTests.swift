import TestSupport
import Testing

@testable import BrokerKit
@testable import ZMQ

@Suite("Connection table")
struct ConnectionTableTests {
    private func id(_ number: UInt8) throws -> RoutingID {
        var message = Message()
        message.append([0, 0, 0, 0, number])
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
        let before = table.accepted(5)
        _ = table.add(try id(1), descriptor: 5)
        let ends = [table.disconnected(5), table.disconnected(5)]
        #expect(before == nil && ends == [0, nil])
    }

    @Test("an end told late is not charged to the next connection of the descriptor")
    func lateEnd() throws {
        var table = ConnectionTable()
        _ = table.accepted(5)
        table.remove(table.add(try id(1), descriptor: 5).peer)
        // The first said goodbye and ended, and the second greeted; both events are read before it is added.
        let end = table.disconnected(5)
        _ = table.accepted(5)
        let second = table.add(try id(2), descriptor: 5)
        #expect(end == nil && second.ended == nil)
        let endOfSecond = table.disconnected(5)
        #expect(endOfSecond == second.peer)
    }

    @Test("a message read after its connection's end does not take the descriptor from the next")
    func lateMessage() throws {
        var table = ConnectionTable()
        _ = table.accepted(5)
        _ = table.disconnected(5)
        let first = table.add(try id(1), descriptor: 5)
        #expect(first.ended == first.peer)
        _ = table.accepted(5)
        let third = table.add(try id(3), descriptor: 5)
        // One that greeted before the third and was read after it.
        let second = table.add(try id(2), descriptor: 5)
        #expect(third.ended == nil && second.ended == second.peer)
        let end = table.disconnected(5)
        #expect(end == third.peer)
    }

    @Test("a connection that ended without an event is found by the next of its descriptor")
    func silentEnd() throws {
        var table = ConnectionTable()
        _ = table.accepted(5)
        let first = table.add(try id(1), descriptor: 5)
        let found = table.accepted(5)
        #expect(found == first.peer)
    }

    @Test("a forgotten connection that speaks again is known by its descriptor still")
    func speaksAgain() throws {
        var table = ConnectionTable()
        _ = table.accepted(5)
        table.remove(table.add(try id(1), descriptor: 5).peer)
        let again = table.add(try id(1), descriptor: 5)
        #expect(again.ended == nil)
        let end = table.disconnected(5)
        #expect(end == again.peer)
    }

    @Test(
        "in any history no present connection is taken for ended, and every end is told", arguments: 0..<200)
    func histories(seed: Int) throws {
        var history = ConnectionHistory(seed: UInt64(seed))
        for _ in 0..<400 { history.step() }
        history.settle()
        #expect(history.mistakes == [], "seed \(seed)")
        #expect(history.told > 0, "a history in which nothing ends shows nothing")
    }
}

/// Connections that come, speak and go over three descriptors, and a reader that is late with everything.
private struct ConnectionHistory {
    struct Connection {
        let id: RoutingID
        let descriptor: Int32
        var unread = 0
        var isOpen = true
    }

    enum Event {
        case accepted(Int32)
        case disconnected(Int32)
    }

    private(set) var mistakes: [String] = []
    private(set) var told = 0
    private var table = TableBox()
    private var connections: [Connection] = []
    private var events: [Event] = []
    /// Which connection a number stands for.
    private var numbered: [PeerID: Int] = [:]
    private var random: SplitMix64
    /// Near the end of its range, so that it goes round.
    private var greetings = UInt32.max - 20

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func step() {
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: open()
        case 2, 3: speak()
        case 4: close()
        case 5: if !events.isEmpty { take(events.removeFirst()) }
        case 6: forget()
        default: read()
        }
    }

    /// Everybody goes, and all is read.
    mutating func settle() {
        for index in connections.indices where connections[index].isOpen { close(index) }
        for index in connections.indices { while connections[index].unread > 0 { read(index) } }
        while !events.isEmpty { take(events.removeFirst()) }
        if !numbered.isEmpty { mistakes.append("\(numbered.count) ends were not told") }
    }

    private mutating func open() {
        let used = Set(connections.filter(\.isOpen).map(\.descriptor))
        guard let free = (0..<3 as Range<Int32>).first(where: { !used.contains($0) }) else { return }
        greetings &+= 1
        var message = Message()
        let bytes = (0..<4).reversed().map { UInt8(truncatingIfNeeded: greetings >> (8 * UInt32($0))) }
        message.append([0] + bytes)
        guard let id = message.routingID else { return }
        connections.append(Connection(id: id, descriptor: free))
        events.append(.accepted(free))
    }

    private mutating func speak() {
        let open = connections.indices.filter { connections[$0].isOpen }
        if let index = open.randomElement(using: &random) { connections[index].unread += 1 }
    }

    private mutating func close() {
        let open = connections.indices.filter { connections[$0].isOpen }
        if let index = open.randomElement(using: &random) { close(index) }
    }

    private mutating func close(_ index: Int) {
        connections[index].isOpen = false
        events.append(.disconnected(connections[index].descriptor))
    }

    private mutating func read() {
        let spoken = connections.indices.filter { connections[$0].unread > 0 }
        if let index = spoken.randomElement(using: &random) { read(index) }
    }

    /// As the shell does: of a connection without a number all events are read first.
    private mutating func read(_ index: Int) {
        connections[index].unread -= 1
        let connection = connections[index]
        guard table.table.peer(of: connection.id) == nil else { return }
        while !events.isEmpty { take(events.removeFirst()) }
        let added = table.table.add(connection.id, descriptor: connection.descriptor)
        numbered[added.peer] = index
        if let ended = added.ended { end(ended) }
    }

    private mutating func take(_ event: Event) {
        switch event {
        case .accepted(let descriptor): if let peer = table.table.accepted(descriptor) { end(peer) }
        case .disconnected(let descriptor): if let peer = table.table.disconnected(descriptor) { end(peer) }
        }
    }

    private mutating func end(_ peer: PeerID) {
        told += 1
        guard let index = numbered[peer] else { return mistakes.append("\(peer) ended twice") }
        if connections[index].isOpen { mistakes.append("\(connections[index].id) is present, and was ended") }
        numbered[peer] = nil
        table.table.remove(peer)
    }

    /// The machine lets go of one, as after a goodbye.
    private mutating func forget() {
        let peers = numbered.keys.sorted { $0.rawValue < $1.rawValue }
        guard let peer = peers.randomElement(using: &random) else { return }
        numbered[peer] = nil
        table.table.remove(peer)
    }
}

/// A table a value type can hold.
private final class TableBox {
    var table = ConnectionTable()
}
