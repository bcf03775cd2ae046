import Testing

@testable import Protocol

@Suite("Link machine")
struct LinkMachineTests {
    private typealias Action = LinkMachine.Action
    private typealias Event = LinkMachine.Event
    private static let welcome = Welcome()
    private static let failure = Failure(.versionUnsupported, "no")

    enum Start: CaseIterable { case fresh, greeting, ready, closed }

    private static func machine(_ start: Start) -> LinkMachine {
        var machine = LinkMachine(now: 0, timeoutMilliseconds: 60_000)
        switch start {
        case .fresh: break
        case .greeting: _ = machine.handle(.started, at: 0)
        case .ready: _ = machine.handle(.welcomed(welcome, epoch: 5), at: 0)
        case .closed: _ = machine.handle(.leave(reason: "x"), at: 0)
        }
        return machine
    }

    struct Row: CustomStringConvertible {
        let start: Start
        let event: LinkMachine.Event
        let actions: [LinkMachine.Action]
        let state: LinkMachine.State
        var description: String { "\(start): \(event)" }
    }

    /// Everything happens at 100 ms.
    static let rows: [Row] = {
        let lost: LinkMachine.State = .connecting(since: 100)
        let searching: LinkMachine.State = .connecting(since: 0)
        let ready: LinkMachine.State = .ready(epoch: 5)
        let become: [LinkMachine.Action] = [.becomeReady(welcome, epoch: 9)]
        var rows: [Row] = []
        for start in [Start.fresh, .greeting] {
            rows += [
                Row(start: start, event: .started, actions: [.sendHello], state: searching),
                Row(start: start, event: .connected, actions: [.sendHello], state: searching),
                Row(start: start, event: .disconnected, actions: [], state: searching),
                Row(
                    start: start, event: .welcomed(welcome, epoch: 9), actions: become,
                    state: .ready(epoch: 9)),
                Row(start: start, event: .reset, actions: [.sendHello], state: searching),
                Row(start: start, event: .refused(failure), actions: [.fail(failure)], state: .closed),
                Row(start: start, event: .heard, actions: [], state: searching),
                Row(start: start, event: .sent, actions: [], state: searching),
                Row(
                    start: start, event: .tick, actions: start == .fresh ? [.sendHello] : [], state: searching
                ),
                Row(start: start, event: .leave(reason: "x"), actions: [], state: .closed),
            ]
        }
        rows += [
            Row(
                start: .ready, event: .started,
                actions: [.lose(reason: "the connection was made anew"), .sendHello], state: lost),
            Row(
                start: .ready, event: .connected,
                actions: [.lose(reason: "the connection was made anew"), .sendHello], state: lost),
            Row(
                start: .ready, event: .disconnected,
                actions: [.lose(reason: "the connection to the broker broke")], state: lost),
            Row(start: .ready, event: .welcomed(welcome, epoch: 5), actions: [], state: ready),
            Row(start: .ready, event: .welcomed(welcome, epoch: 9), actions: become, state: .ready(epoch: 9)),
            Row(
                start: .ready, event: .reset,
                actions: [.lose(reason: "the broker does not know this session"), .sendHello], state: lost),
            Row(start: .ready, event: .refused(failure), actions: [.fail(failure)], state: .closed),
            Row(start: .ready, event: .heard, actions: [], state: ready),
            Row(start: .ready, event: .sent, actions: [], state: ready),
            Row(start: .ready, event: .tick, actions: [], state: ready),
            Row(
                start: .ready, event: .leave(reason: "x"), actions: [.sendGoodbye(reason: "x")],
                state: .closed),
        ]
        let events: [LinkMachine.Event] = [
            .started, .connected, .disconnected, .welcomed(welcome, epoch: 9), .reset, .refused(failure),
            .heard, .sent,
            .tick, .leave(reason: "x"),
        ]
        return rows + events.map { Row(start: .closed, event: $0, actions: [], state: .closed) }
    }()

    @Test("every state × every event", arguments: rows)
    func table(row: Row) {
        var machine = Self.machine(row.start)
        #expect(machine.handle(row.event, at: 100) == row.actions)
        #expect(machine.state == row.state)
        #expect(machine.isReady == (machine.epoch != 0))
        if case .connecting(let since) = row.state {
            #expect(machine.waitingMilliseconds(at: 150) == 150 - since)
        } else {
            #expect(machine.waitingMilliseconds(at: 150) == nil)
        }
    }

    /// Ticks every 100 ms and tells when something was done.
    private func run(
        _ machine: inout LinkMachine, from start: Int64, to end: Int64,
        also: (Int64) -> LinkMachine.Event? = { _ in nil }
    ) -> [(Int64, LinkMachine.Action)] {
        var done: [(Int64, LinkMachine.Action)] = []
        for now in stride(from: start, through: end, by: 100) {
            if let event = also(now) { done += machine.handle(event, at: now).map { (now, $0) } }
            done += machine.handle(.tick, at: now).map { (now, $0) }
        }
        return done
    }

    @Test("a hello is said again every half second, and a new socket is tried after the silence")
    func saysHelloAgain() {
        var machine = LinkMachine(now: 0)
        _ = machine.handle(.started, at: 0)
        let done = run(&machine, from: 100, to: 8_400)
        let hellos = done.filter { $0.1 == .sendHello }.map(\.0)
        #expect(hellos.prefix(3) == [500, 1_000, 1_500])
        #expect(done.filter { $0.1 == .reopen }.map(\.0) == [8_000])
        #expect(hellos.contains(8_000))
    }

    @Test("without a broker it fails after the timeout, and not without one")
    func timesOut() {
        var machine = LinkMachine(now: 0, timeoutMilliseconds: 3_000)
        let done = run(&machine, from: 0, to: 10_000)
        #expect(done.last?.0 == 3_000)
        #expect(done.last?.1 == .fail(Failure(.brokerUnreachable, "within 3 s")))
        var patient = LinkMachine(now: 0)
        #expect(
            !run(&patient, from: 0, to: 600_000).contains { if case .fail = $0.1 { true } else { false } })
    }

    @Test("the timeout starts anew when a broker was there and went")
    func timesOutAgain() {
        var machine = LinkMachine(now: 0, timeoutMilliseconds: 3_000)
        _ = machine.handle(.welcomed(Self.welcome, epoch: 5), at: 2_900)
        _ = machine.handle(.disconnected, at: 5_000)
        let done = run(&machine, from: 5_100, to: 10_000)
        #expect(done.last?.0 == 8_000)
    }

    @Test("something is sent every heartbeat, and only then")
    func beats() {
        var machine = Self.machine(.ready)
        let idle = run(&machine, from: 0, to: 5_000) { _ in .heard }
        #expect(idle.map(\.0) == [1_000, 2_000, 3_000, 4_000, 5_000])
        #expect(idle.allSatisfy { $0.1 == .sendHeartbeat })
        #expect(
            run(&machine, from: 5_100, to: 9_000) { _ in .sent }.filter { $0.1 == .sendHeartbeat }.isEmpty)
    }

    @Test("the broker's own terms count")
    func obeysTerms() {
        var machine = LinkMachine(now: 0)
        let terms = Welcome(heartbeatMilliseconds: 300, silenceMilliseconds: 700)
        _ = machine.handle(.welcomed(terms, epoch: 5), at: 0)
        let done = run(&machine, from: 100, to: 700)
        #expect(done.map(\.0) == [300, 600, 700, 700, 700])
        #expect(
            done.suffix(3).map(\.1) == [
                .lose(reason: "the broker has been silent for 0 s"), .reopen, .sendHello,
            ])
    }

    @Test("a silent broker is lost, with a new socket; any message keeps it")
    func silence() {
        var machine = Self.machine(.ready)
        let kept = run(&machine, from: 0, to: 30_000) { _ in .heard }
        #expect(!kept.contains { $0.1 == .reopen })
        let done = run(&machine, from: 30_100, to: 40_000)
        #expect(done.first { $0.1 == .reopen }?.0 == 38_000)
        #expect(done.contains { $0.1 == .lose(reason: "the broker has been silent for 8 s") })
        #expect(!machine.isReady)
    }

    @Test("a broker that restarts is joined under its new epoch")
    func restarts() {
        var machine = Self.machine(.ready)
        #expect(
            machine.handle(.disconnected, at: 1_000) == [.lose(reason: "the connection to the broker broke")])
        #expect(machine.handle(.connected, at: 1_200) == [.sendHello])
        #expect(
            machine.handle(.welcomed(Self.welcome, epoch: 6), at: 1_201) == [
                .becomeReady(Self.welcome, epoch: 6)
            ])
        #expect(machine.epoch == 6)
    }
}
