import Protocol
import ZMQ

/// Watches all that goes over the lines of a simulated world, and says what no broker or worker may say.
///
/// It knows PROTOCOL.md's section 7 and nothing of how it is kept: which attempts were dispatched to whom, and what was
/// answered.
final class Referee: @unchecked Sendable {
    // Proof: it is told things in the turns of one world, which one thread runs.

    /// An attempt of a job under one run of the broker.
    private struct Attempt: Hashable {
        let epoch: UInt64
        let job: JobID
        let number: UInt32

        var underAnyRun: Attempt { Attempt(epoch: 0, job: job, number: number) }
    }

    /// A job under one run of the broker.
    private struct Task: Hashable {
        let epoch: UInt64
        let job: JobID
    }

    /// A job at one worker.
    private struct Visit: Hashable {
        let task: Task
        let worker: Int
    }

    /// What time it is, in nanoseconds.
    var now: () -> Int64 = { 0 }
    private static let turnNanoseconds: Int64 = 50_000_000
    /// Told of every record, in a line.
    var tell: ((String) -> Void)?
    /// What was against the rules.
    private(set) var violations: [String] = []
    /// How long a heartbeat took at most, in nanoseconds.
    private(set) var slowestHeartbeat: Int64 = 0

    /// To whom an attempt was dispatched, under any run: what was done for one may be told the next.
    private var holders: [Attempt: Set<Int>] = [:]
    private var latest: [Task: (attempt: UInt32, moment: Int64)] = [:]
    /// The last attempt each worker was sent.
    private var visits: [Visit: UInt32] = [:]
    private var answeredByWorkers: Set<Attempt> = []
    private var answeredToTrainers: Set<Attempt> = []

    /// Looks at a message one process sends another.
    func observe(_ letter: SimulatedLetter, _ message: borrowing Message) {
        message.withFrame(0) { frame in
            let bytes = Span<UInt8>(_bytes: frame)
            var offset = 0
            repeat {
                guard let record = try? Record(decoding: bytes, at: offset) else {
                    return violate("\(letter.sender.name) sends what is no record")
                }
                offset = record.end
                judge(record, letter)
            } while offset < bytes.count
        }
    }

    private func judge(_ record: Record, _ letter: SimulatedLetter) {
        let header = record.header
        tell?(
            "\(letter.sender.name) → \(letter.receiver.name): \(header.command) \(header.job)#\(header.attempt)"
        )
        let attempt = Attempt(epoch: header.epoch, job: header.job, number: header.attempt)
        let isToBroker = letter.receiver.name == SimulatedFleet.brokerName
        switch header.command {
        case .heartbeat: slowestHeartbeat = max(slowestHeartbeat, letter.nanoseconds)
        case .dispatch: dispatch(attempt, to: letter.receiver)
        case .started, .progress:
            if isToBroker { expectHolder(of: attempt, header.command, letter.sender) }
        case .result, .failed:
            if isToBroker {
                expectHolder(of: attempt, header.command, letter.sender)
                guard answeredByWorkers.insert(attempt).inserted else {
                    return violate("\(letter.sender.name) answers attempt \(header.attempt) twice")
                }
            } else {
                answer(attempt, header.command, isWhole: record.attachments.isEmpty)
            }
        default: break
        }
    }

    private func dispatch(_ attempt: Attempt, to worker: SimulatedLoop) {
        let task = Task(epoch: attempt.epoch, job: attempt.job)
        // What waited on one worker's line may leave after the next attempt went to another, and its cancel behind it.
        let visit = Visit(task: task, worker: worker.number)
        if let last = visits[visit], last >= attempt.number {
            violate("attempt \(attempt.number) is dispatched after attempt \(last), to the same worker")
        }
        visits[visit] = attempt.number
        if attempt.number > latest[task]?.attempt ?? 0 { latest[task] = (attempt.number, now()) }
        holders[attempt.underAnyRun, default: []].insert(worker.number)
    }

    private func expectHolder(of attempt: Attempt, _ command: Command, _ worker: SimulatedLoop) {
        guard holders[attempt.underAnyRun]?.contains(worker.number) != true else { return }
        violate("\(worker.name) says \(command) of attempt \(attempt.number), which it was not sent")
    }

    /// - Parameter isWhole: whether nothing of it is still to be fetched; before it is, a job may yet fail.
    private func answer(_ attempt: Attempt, _ command: Command, isWhole: Bool) {
        let isNew =
            isWhole ? answeredToTrainers.insert(attempt).inserted : !answeredToTrainers.contains(attempt)
        guard isNew else {
            return violate("the broker tells attempt \(attempt.number) of a job twice how it ended")
        }
        guard command == .result else { return }
        if !answeredByWorkers.contains(attempt) {
            violate("the broker gives a result of attempt \(attempt.number) that no worker has given")
        }
        // What was decided in one turn leaves in any order.
        let last = latest[Task(epoch: attempt.epoch, job: attempt.job)]
        if let last, last.attempt > attempt.number, now() - last.moment > Referee.turnNanoseconds {
            violate(
                "the broker gives the result of attempt \(attempt.number) after it dispatched \(last.attempt)"
            )
        }
    }

    private func violate(_ what: String) {
        guard violations.count < 20, !violations.contains(what) else { return }
        violations.append(what)
    }
}
