import Fagure
import Jobs
import Protocol
import ZMQ

/// A trainer's session, as its program runs it, and a broker that answers its jobs with everything that could be
/// answered.
struct TrainerTarget: Target {
    private static let messageCount = 64

    private let loop: Loop
    private let jobs: SampleJobs
    private var answers: [Frames]?
    private var number = 0

    init() throws {
        loop = try Loop(name: "fuzz-trainer")
        jobs = try SampleJobs()
    }

    mutating func feed(_ random: inout Randomness) async throws -> Tally {
        if answers == nil {
            var worker = try WorkerTarget()
            answers = try await worker.answers()
        }
        number += 1
        let endpoint = "inproc://trainer-\(number)"
        let broker = RawBroker(loop: loop, catalogue: catalogue)
        try await broker.start(at: endpoint)
        let session = try await Session.connect(endpoint, timeout: .seconds(5), on: loop)
        let reports = await read(from: session, broker, &random)
        await broker.stop()
        return reports
    }

    /// Submits a job of every kind, answers them, and reads what the answers give.
    private func read(from session: Session, _ broker: RawBroker, _ random: inout Randomness) async -> Tally {
        let jobs = jobs
        let target = JobTarget.worker(catalogue.workers[0])
        return await withTaskGroup(of: Bool.self) { group in
            for (job, reader) in zip(jobs.programs, jobs.readers) {
                group.addTask {
                    guard let result = try? await session.run(job, progress: { _ in }) else { return false }
                    return (try? reader(result)) != nil
                }
            }
            for job in jobs.graphs {
                group.addTask { (try? await session.run(job, on: target)) != nil }
            }
            let ids = await broker.submitted(jobs.programs.count + jobs.graphs.count)
            let messages = SampleMessages.conversation(
                TrainerTarget.messageCount, corpus(ids), &random)
            await broker.send(messages)
            await loop.settle()
            _ = await session.statistics
            await session.close()
            var tally = Tally(tried: messages.count)
            for await isRead in group where isRead { tally.accepted += 1 }
            return tally
        }
    }

    private var catalogue: Catalogue {
        var catalogue = Catalogue()
        let shard = ShardDescription(
            reference: jobs.reference, trainRows: 200, heldOutRows: 50, schema: jobs.dataset.schemaHash,
            releaseRowsMinimum: 32)
        catalogue.workers = [
            WorkerDescription(
                name: "east", session: SessionID(high: 1, low: 1), software: "fuzz", state: .ready,
                shards: [shard], openJobs: 0, silentMilliseconds: 10)
        ]
        catalogue.datasets = [jobs.dataset]
        return catalogue
    }

    /// What a worker really answered, for each of these jobs, and all else that is said of them.
    private func corpus(_ ids: [JobID]) -> [Frames] {
        var corpus = [Frames(RawBroker.header(.catalogue), body: CatalogueUpdate(catalogue).encoded())]
        for job in ids {
            for answer in answers ?? [] where answer.command == .result {
                corpus.append(answer.about(job, attempt: 1))
            }
            corpus += SampleMessages.reports(job, attempt: 1)
            corpus.append(Frames(RawBroker.header(.resend, job: job, attempt: 2)))
        }
        return corpus
    }
}
