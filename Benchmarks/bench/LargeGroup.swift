import Fagure
import Protocol

/// A model of 2 GB to a worker and back: the time it takes, and the most memory of each process, in models.
struct LargeGroup {
    let site: Site

    func run() async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        try fleet.addWorkers(site, [["--dataset", "digits", "--name", "w"]])
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let shards = await session.catalogue.workers.flatMap { $0.shards.map(\.reference) }
        let round = try IdleRound(Array(repeating: [8_000, 8_000], count: 8))
        let time = try await round.seconds(session, shards)
        let megabytes = Double(round.byteCount) / Double(1 << 20)
        try Row("a round of a \(round.byteCount / 1_000_000) MB model, one worker", time, "s").report()
        let peaks = [
            "trainer": try unwrap(Child.peakMegabytes(of: "self")),
            "broker": try unwrap(fleet.broker.peakMegabytes()),
            "worker": try unwrap(fleet.workers.first?.peakMegabytes()),
        ]
        for (name, peak) in peaks.sorted(by: { $0.key < $1.key }) {
            try Row("memory of the \(name) in it, peak", peak / megabytes, "models").report()
        }
        await session.close()
    }
}
