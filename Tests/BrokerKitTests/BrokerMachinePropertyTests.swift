import Protocol
import TestSupport
import Testing

@testable import BrokerKit

/// Random peers doing random things, right and wrong, under virtual time; a model that only sees events and
/// actions watches what the broker may and may not do.
@Suite("Broker machine: properties")
struct BrokerMachinePropertyTests {
    @Test("invariants hold in any history", arguments: 0..<200 as Range<UInt64>)
    func invariants(seed: UInt64) {
        var history = History(seed: seed)
        for _ in 0..<500 where history.violations.isEmpty { history.step() }
        #expect(history.violations == [], "seed \(seed)")
        #expect(history.answered > 0, "a history in which nothing happens shows nothing")
        history.everybodyFallsSilent()
        #expect(history.violations == [], "seed \(seed)")
        #expect(history.rig.machine.openJobCount == 0)
        #expect(history.rig.machine.workerCount == 0 && history.rig.machine.trainerCount == 0)
        let isForgotten = history.rig.machine.roster.isEmpty
        #expect(isForgotten)
    }

    @Test("transfers are frequent in these histories, and many are answered")
    func transfers() {
        var (transferred, answered) = (0, 0)
        for seed in 0..<50 as Range<UInt64> {
            var history = History(seed: seed)
            for _ in 0..<500 { history.step() }
            transferred += history.transferred
            answered += history.transferredAndAnswered
        }
        #expect(transferred >= 100, "two in a history")
        #expect(answered >= 20)
    }
}

/// One random run.
private struct History {
    struct Dispatched {
        var session: SessionID
        var attempt: UInt32
        var isTransferred: Bool
        /// Whether that worker has it still, as far as the broker can know.
        var isHere = true
    }

    let rig = Rig()
    var violations: [String] = []
    var answered = 0
    var transferred = 0
    var transferredAndAnswered = 0
    private var random: SplitMix64
    private let seed: UInt64
    /// Sessions of live connections, as welcomes and forgets tell.
    private var sessions: [PeerID: SessionID] = [:]
    private var draining: Set<SessionID> = []
    /// Jobs a worker had at any time, or said so.
    private var known: [SessionID: Set<JobID>] = [:]
    /// What a worker announced last.
    private var announced: [SessionID: Set<Identifier>] = [:]
    /// Open jobs and the trainers that await them.
    private var open: [JobID: SessionID] = [:]
    private var last: [JobID: Dispatched] = [:]

    private static let workers = (1...4 as ClosedRange<UInt64>).map { Identifier(high: $0, low: 7) }
    private static let trainers = (1...2 as ClosedRange<UInt64>).map { Identifier(high: $0, low: 9) }
    private static let jobs = (1...20 as ClosedRange<UInt64>).map { Identifier(high: $0, low: 1) }

    init(seed: UInt64) {
        self.seed = seed
        random = SplitMix64(seed: seed)
    }

    mutating func step() {
        rig.now += Int64.random(in: 0...120, using: &random)
        perform(event())
        if Int.random(in: 0..<4, using: &random) == 0 { perform(.tick) }
        if Int.random(in: 0..<200, using: &random) == 0 {
            // All hold their breath: long enough for graces and silences to run out.
            for _ in 0..<Int.random(in: 1...90, using: &random) {
                rig.now += 100
                perform(.tick)
            }
        }
    }

    mutating func everybodyFallsSilent() {
        for _ in 0..<200 {
            rig.now += 100
            perform(.tick)
        }
    }

    // What happens.

    private mutating func event() -> BrokerMachine.Event {
        let peer = PeerID(rawValue: Int32.random(in: 0..<9, using: &random))
        let job = Self.jobs.randomElement(using: &random) ?? 1
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<14: return hello(peer)
        case 14..<44: return submit(peer: someone(of: Self.trainers) ?? peer, job)
        case 44..<78: return answer(job)
        case 78..<82: return .message(someone(of: Self.trainers) ?? peer, header(.cancel, job, attempt: 0))
        case 82..<84: return .goodbye(peer, header(.goodbye, .none, attempt: 0), reason: "bye")
        case 84..<87: return .disconnected(peer)
        case 87..<89: return .unreachable(peer)
        case 89: return .overwhelmed(peer)
        case 90..<94: return .turnEnded
        case 94: return .garbage(.notFagure)
        default:
            // Anything at all, from anybody, perhaps of another run.
            var header = header(Command.allCases.randomElement(using: &random) ?? .heartbeat, job, attempt: 1)
            if Bool.random(using: &random) { header.epoch = 3 }
            return .message(peer, header)
        }
    }

    private mutating func hello(_ peer: PeerID) -> BrokerMachine.Event {
        if Int.random(in: 0..<3, using: &random) == 0 {
            return .hello(
                peer, trainer("t", session: Self.trainers.randomElement(using: &random) ?? 1), byteCount: 10)
        }
        let session = Self.workers.randomElement(using: &random) ?? 1
        let shards = (0..<3).filter { _ in Bool.random(using: &random) }
        let open = Self.jobs.filter { _ in Int.random(in: 0..<8, using: &random) == 0 }
        let capacity = Int.random(in: 0...4, using: &random)
        known[session, default: []].formUnion(open)
        announced[session] = Set(shards.map { shard($0).key })
        return .hello(
            peer, worker("w", session: session, shards: shards, capacity: capacity, openJobs: open),
            byteCount: 10)
    }

    private mutating func submit(peer: PeerID, _ job: JobID) -> BrokerMachine.Event {
        var header = header(.submit, job, attempt: UInt32.random(in: 0...3, using: &random))
        header.target = shard(Int.random(in: 0..<3, using: &random)).key
        if Bool.random(using: &random) {
            header.target = someWorker()
            header.flags = .targetsSession
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            header.deadlineMilliseconds = UInt32.random(in: 1...3_000, using: &random)
        }
        return .message(peer, header)
    }

    /// Mostly the right worker about the right attempt.
    private mutating func answer(_ job: JobID) -> BrokerMachine.Event {
        var peer = PeerID(rawValue: Int32.random(in: 0..<9, using: &random))
        var attempt = UInt32.random(in: 0...4, using: &random)
        var job = job
        if Int.random(in: 0..<5, using: &random) > 0,
            let key = last.keys.sorted(by: { ($0.high, $0.low) < ($1.high, $1.low) })
                .randomElement(using: &random), let dispatched = last[key]
        {
            // Sorted, or a seed would tell another history in every process.
            job = key
            attempt = dispatched.attempt
            peer =
                sessions.filter { $0.value == dispatched.session }.keys
                .min { $0.rawValue < $1.rawValue } ?? peer
        }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return .message(peer, header(.started, job, attempt: attempt))
        case 1: return .message(peer, header(.progress, job, attempt: attempt))
        case 2:
            let codes: [FailureCode] = [.executionFailed, .draining, .overloaded, .unknownGraph]
            let code = codes.randomElement(using: &random) ?? .malformed
            return .failed(peer, header(.failed, job, attempt: attempt), code)
        case 3, 4:
            var header = header(.transfer, job, attempt: attempt)
            header.target = someWorker()
            return .message(peer, header)
        default: return .message(peer, header(.result, job, attempt: attempt))
        }
    }

    /// Mostly a worker that is there, else one that may be, a trainer, or nobody.
    private mutating func someWorker() -> SessionID {
        let present = Self.workers.filter { sessions.values.contains($0) }
        if Int.random(in: 0..<5, using: &random) > 0, let worker = present.randomElement(using: &random) {
            return worker
        }
        return (Self.workers + [Self.trainers[0], 77]).randomElement(using: &random) ?? .none
    }

    private mutating func someone(of some: [SessionID]) -> PeerID? {
        sessions.filter { some.contains($0.value) }.keys.sorted { $0.rawValue < $1.rawValue }
            .randomElement(using: &random)
    }

    private func header(_ command: Command, _ job: JobID, attempt: UInt32) -> Header {
        Header(command, job: job, attempt: attempt, epoch: Rig.epoch)
    }

    // What may happen then.

    private mutating func perform(_ event: BrokerMachine.Event) {
        let speaker = Self.peer(of: event).flatMap { sessions[$0] }
        let wereWaiting = open.keys.filter { isWaiting($0) != false }
        let wereAway = open.filter { entry in !sessions.values.contains(entry.value) }.keys
        let isHeeded = Self.header(of: event).map { isHolder(speaker, $0) } ?? false
        for action in rig.handle(event) { watch(action, event, speaker: speaker) }
        note(event, speaker: speaker, isHeeded: isHeeded)
        // A job may leave the table without an answer only where nobody waits for one.
        for (job, trainer) in open where rig.machine.jobs.slot(of: job) == nil {
            let isExcused =
                wereWaiting.contains(job) || wereAway.contains(job) || !sessions.values.contains(trainer)
            if !isExcused { violations.append("\(job) left the table unanswered in \(event)") }
            close(job)
        }
        checkTable()
    }

    /// Whether a worker has the job it speaks of, in the attempt it speaks of.
    private func isHolder(_ worker: SessionID?, _ header: Header) -> Bool {
        guard header.epoch == Rig.epoch, open[header.job] != nil, let last = last[header.job] else {
            return false
        }
        return last.isHere && last.session == worker && last.attempt == header.attempt
    }

    private mutating func watch(
        _ action: BrokerMachine.Action, _ event: BrokerMachine.Event, speaker: SessionID?
    ) {
        switch action {
        case .welcome(let peer, _, _):
            if case .hello(_, let hello, _) = event { sessions[peer] = hello.session }
        case .forget(let peer):
            sessions[peer] = nil
        case .forward(let peer, let header):
            dispatched(header, to: peer, event, by: speaker)
        case .relay(let peer):
            relayed(to: peer, event, from: speaker)
        case .fail(let peer, let header, let failure) where header.command == .failed:
            failed(header.job, failure, at: peer, event)
        case .send(let peer, let header) where header.command != .reset:
            if sessions[peer] == nil { violations.append("\(header.command) to a stranger") }
            if header.command == .resend { last[header.job]?.isHere = false }
            // One without an attempt is for a worker that has a job it should not have.
            if header.command == .cancel, header.attempt > 0, last[header.job]?.session != sessions[peer] {
                violations.append("the cancel went to another worker")
            }
        default:
            break
        }
    }

    private mutating func dispatched(
        _ header: Header, to peer: PeerID, _ event: BrokerMachine.Event, by speaker: SessionID?
    ) {
        guard let worker = sessions[peer], Self.workers.contains(worker) else {
            return violations.append("dispatch to a stranger or trainer")
        }
        guard case .message(_, let said) = event, said.job == header.job else {
            return violations.append("dispatch of nothing")
        }
        let isTransferred = header.flags == .transferred
        switch said.command {
        case .submit where header.flags == []:
            submitted(header, to: worker, said)
            open[header.job] = speaker
        case .transfer where isTransferred:
            passed(header, to: worker, said, from: speaker)
            transferred += 1
        default:
            violations.append("a \(said.command) became a dispatch with flags \(header.flags.rawValue)")
        }
        if header.target != open[header.job].map({ Identifier(ownerFor: $0) }) {
            violations.append("the owner is not the trainer's")
        }
        last[header.job] = Dispatched(session: worker, attempt: header.attempt, isTransferred: isTransferred)
        known[worker, default: []].insert(header.job)
    }

    /// A trainer's body goes to the worker that has it, or where its target says.
    private mutating func submitted(_ header: Header, to worker: SessionID, _ submit: Header) {
        if draining.contains(worker), known[worker]?.contains(header.job) != true {
            violations.append("dispatch of a new job to a draining worker")
        }
        let before = open[header.job] == nil ? nil : last[header.job]
        if let before, header.attempt <= before.attempt {
            violations.append("attempt \(header.attempt) after \(before.attempt)")
        }
        if let before, before.isHere, !before.isTransferred, sessions.values.contains(before.session) {
            if before.session != worker { violations.append("a second worker got a job the first one has") }
            return
        }
        let isNamed =
            submit.flags == .targetsSession
            ? submit.target == worker : announced[worker]?.contains(submit.target) == true
        if !isNamed { violations.append("dispatch to a worker the trainer did not name") }
    }

    /// A transfer goes once, from the worker that has the job, to the one it names.
    private mutating func passed(
        _ header: Header, to worker: SessionID, _ transfer: Header, from source: SessionID?
    ) {
        if !isHolder(source, transfer) { violations.append("a late transfer went through") }
        if last[header.job]?.isTransferred == true { violations.append("a second transfer went through") }
        if header.attempt != transfer.attempt { violations.append("a transfer changed the attempt") }
        if worker != transfer.target { violations.append("a transfer went elsewhere") }
        if worker == source { violations.append("a transfer went to its sender") }
    }

    private mutating func relayed(to peer: PeerID, _ event: BrokerMachine.Event, from worker: SessionID?) {
        guard let header = Self.header(of: event) else { return violations.append("relay of nothing") }
        guard let trainer = open[header.job] else {
            return violations.append("\(header.command) for a job that is not open went through")
        }
        if !isHolder(worker, header) { violations.append("a late \(header.command) went through") }
        if sessions[peer] != trainer { violations.append("an answer went to another trainer") }
        if header.command == .result || header.command == .failed {
            answered += 1
            if last[header.job]?.isTransferred == true { transferredAndAnswered += 1 }
            close(header.job)
        }
    }

    private mutating func failed(
        _ job: JobID, _ failure: Failure, at peer: PeerID, _ event: BrokerMachine.Event
    ) {
        if case .message(let speaker, let header) = event, header.command == .submit, speaker == peer,
            open[job] != sessions[peer]
        {
            return  // Turned away at once: it never was open, or is another trainer's.
        }
        if case .message(_, let header) = event, header.command == .submit, failure.code == .malformed {
            return
        }
        guard let trainer = open[job] else {
            return violations.append("\(failure.code) for a job that is not open")
        }
        if sessions[peer] != trainer { violations.append("a failure went to another trainer") }
        close(job)
    }

    private mutating func note(_ event: BrokerMachine.Event, speaker: SessionID?, isHeeded: Bool) {
        if case .message(_, let header) = event, header.command == .submit, header.epoch == Rig.epoch,
            let speaker, rig.machine.jobs.slot(of: header.job) != nil, open[header.job] == nil
        {
            open[header.job] = speaker  // It waits for a worker that is missing.
        }
        if isHeeded, case .message(_, let header) = event, header.command == .transfer,
            let slot = rig.machine.jobs.slot(of: header.job), rig.machine.jobs[slot].stage != .transferred
        {
            violations.append("a transfer left the job where it was")
        }
        if isHeeded, case .failed(_, _, .draining) = event, let speaker { draining.insert(speaker) }
        // A session that ended and came back is a new one. Looking after every event is enough: none both
        // ends a session and lets it in again, for a hello ends only the other session of its connection,
        // and jobs are dispatched in events that end no session.
        draining.formIntersection(workers().map(\.1.presence.session))
    }

    private mutating func close(_ job: JobID) {
        open[job] = nil
        last[job] = nil
    }

    private mutating func checkTable() {
        let slots = Self.jobs.compactMap { rig.machine.jobs.slot(of: $0) }
        let count = rig.machine.openJobCount
        if slots.count != count { violations.append("\(count) records, \(slots.count) jobs") }
        for (number, worker) in workers() {
            let held = slots.filter { rig.machine.jobs.worker(of: $0) == number }
            if rig.machine.jobs.count(ofWorker: number) != held.count {
                violations.append("a worker's count is wrong")
            }
            let isMissing = worker.presence.peer == nil
            if isMissing != (worker.presence.missingSince != nil) {
                violations.append("missing and not missing")
            }
        }
        for job in Self.jobs {
            guard let slot = rig.machine.jobs.slot(of: job) else { continue }
            if open[job] == nil { violations.append("\(job) is in the table, but was answered") }
            if rig.machine.jobs.worker(of: slot) == nil && rig.machine.jobs[slot].stage != .waiting {
                violations.append("\(job) is nowhere")
            }
            checkHolder(job, rig.machine.jobs[slot], rig.machine.jobs.worker(of: slot))
        }
    }

    /// The table and what was seen say the same; a trainer that is away was not told to submit again.
    private mutating func checkHolder(_ job: JobID, _ record: JobTable.Record, _ worker: Int32?) {
        if record.stage == .waiting { last[job]?.isHere = false }
        guard let worker, record.stage != .waiting else {
            if record.stage == .transferred { violations.append("\(job) was transferred to nobody") }
            return
        }
        let session = rig.machine.roster.workers[worker].presence.session
        if last[job]?.isHere != true || last[job]?.session != session
            || last[job]?.isTransferred != (record.stage == .transferred)
        {
            violations.append("\(job) is not at the worker that was sent it last")
        }
        if record.stage == .transferred, record.source == session {
            violations.append("\(job) is its own source")
        }
    }

    private func isWaiting(_ job: JobID) -> Bool? {
        rig.machine.jobs.slot(of: job).map { rig.machine.jobs[$0].stage == .waiting }
    }

    private func workers() -> [(Int32, WorkerSession)] {
        rig.machine.roster.workers.numbers.filter { rig.machine.roster.workers.isTaken($0) }
            .map { ($0, rig.machine.roster.workers[$0]) }
    }

    private static func header(of event: BrokerMachine.Event) -> Header? {
        switch event {
        case .failed(_, let header, _), .message(_, let header): header
        default: nil
        }
    }

    private static func peer(of event: BrokerMachine.Event) -> PeerID? {
        switch event {
        case .hello(let peer, _, _), .goodbye(let peer, _, _), .failed(let peer, _, _), .message(let peer, _):
            peer
        default: nil
        }
    }
}
