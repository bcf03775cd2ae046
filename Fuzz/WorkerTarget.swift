import Foundation
import Jobs
import Logging
import Protocol
import WorkerKit
import ZMQ

/// A worker, as its program runs it, and a broker that sends it everything that could be sent.
struct WorkerTarget: Target {
    private static let messageCount = 256
    private static let batchCount = 32
    private static let name = "fuzz-worker"

    private let loop: Loop
    private let jobs: SampleJobs
    private let corpus: [Frames]
    private var number = 0

    init() throws {
        loop = try Loop(name: WorkerTarget.name)
        jobs = try SampleJobs()
        corpus = WorkerTarget.corpus(jobs)
    }

    mutating func feed(_ random: inout Randomness) async throws -> Tally {
        let messages = SampleMessages.conversation(WorkerTarget.messageCount, corpus, &random)
        let answerCount = try await converse { broker in
            for start in stride(from: 0, to: messages.count, by: WorkerTarget.batchCount) {
                await WorkerTarget.say(
                    Array(messages[start...].prefix(WorkerTarget.batchCount)), start, broker)
            }
            return await broker.answerCount
        }
        return Tally(tried: messages.count, accepted: min(messages.count, answerCount))
    }

    /// Sends messages, waits a while until all that could be answered was, and has the rest left off.
    private static func say(_ messages: [Frames], _ number: Int, _ broker: RawBroker) async {
        await broker.send(messages)
        // It is the last in the queue, behind jobs that may take long, and a session that was ended answers nothing:
        // no answer is no fault.
        let question = RawBroker.header(.dispatch, job: JobID(high: 99, low: UInt64(number)), attempt: 1)
        let answer = await broker.ask(
            Frames(question, Job(listsObjects: true).payload(includesGraphs: false)), withinMilliseconds: 50)
        guard answer == nil else { return }
        await broker.send(
            messages.compactMap(\.job).map { Frames(RawBroker.header(.cancel, job: $0, attempt: 1)) })
    }

    /// What a real worker answers to the sample's jobs.
    mutating func answers() async throws -> [Frames] {
        let payloads = jobs.payloads
        return try await converse { broker in
            var answers: [Frames] = []
            for (number, payload) in payloads.enumerated() {
                var header = RawBroker.header(.dispatch, job: JobID(high: 8, low: UInt64(number)), attempt: 1)
                header.target = WorkerTarget.owner
                if let answer = await broker.ask(Frames(header, payload), withinMilliseconds: 5_000) {
                    answers.append(answer)
                }
            }
            return answers
        }
    }

    /// Starts a worker and ends it after what is said to it.
    private mutating func converse<T: Sendable>(_ body: (RawBroker) async throws -> T) async throws -> T {
        number += 1
        let endpoint = "inproc://worker-\(number)"
        let broker = RawBroker(loop: loop)
        try await broker.start(at: endpoint)
        let worker = WorkerShell(
            configuration: WorkerConfiguration(
                name: "east", endpoint: endpoint, shards: [jobs.shard], objectByteCountMaximum: 8 << 20,
                memoryByteCountMaximum: 64 << 20),
            loop: loop, logger: .silent)
        try await worker.start()
        await broker.greeted()
        let result = try await body(broker)
        await worker.stop(reason: "done")
        await broker.stop()
        try await WorkerTarget.awaitIdleness()
        return result
    }

    /// A worker that was stopped computes no more soon after, whatever it was computing.
    private static func awaitIdleness() async throws {
        let start = Date()
        var calmCount = 0
        while calmCount < 3 {
            calmCount = isComputing ? 0 : calmCount + 1
            if Date().timeIntervalSince(start) > 5 {
                // Where it is shows in the threads' stacks alone.
                Fuzz.end("a job goes on 5 s after its worker was stopped")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Whether a thread runs that was started on the loop: those carry its name, also threads of Swift's own, which
    /// sleep by now.
    private static var isComputing: Bool {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.contains { task in
            let status = try? String(contentsOfFile: "/proc/self/task/\(task)/stat", encoding: .utf8)
            return status?.contains("(\(name)) R") ?? false
        }
    }

    private static let owner = Identifier(high: 4, low: 4)

    /// Jobs of two trainers, with numbers of their own and each other's.
    private static func corpus(_ jobs: SampleJobs) -> [Frames] {
        var corpus: [Frames] = []
        for (number, payload) in jobs.payloads.enumerated() {
            for copy in 0..<3 {
                let job = JobID(high: 9, low: UInt64(4 * number + copy))
                var dispatch = RawBroker.header(.dispatch, job: job, attempt: 1)
                dispatch.target = copy == 0 ? Identifier(high: 5, low: 5) : owner
                dispatch.deadlineMilliseconds = copy == 1 ? 30 : 0
                corpus.append(Frames(dispatch, payload))
                if copy == 2 {
                    dispatch.flags = .transferred
                    corpus.append(Frames(dispatch, payload))
                    corpus.append(Frames(RawBroker.header(.cancel, job: job, attempt: 1)))
                }
            }
        }
        return corpus + [Frames(RawBroker.header(.heartbeat))]
    }
}
