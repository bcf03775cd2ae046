import Fagure
import Foundation
import Jobs
import Protocol
import Tensor

/// Whole rounds: an idle one, which is all overhead, and the main job.
struct RoundsGroup {
    let site: Site

    func run() async throws {
        try await idleRound()
        try mainJob()
    }

    /// Ten workers get a model of 0.8 MB and give it back untouched.
    private func idleRound() async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        try fleet.addWorkers(
            site, (0..<10).map { ["--dataset", "digits", "--shard", "\($0)/10", "--name", "w\($0)"] })
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let shards = await session.catalogue.workers.flatMap { $0.shards.map(\.reference) }
        let round = try IdleRound()
        var times: [Double] = []
        for _ in 0..<65 { times.append(try await round.seconds(session, shards)) }
        await session.close()

        let idle = median(Array(times.dropFirst(5))) * 1e3
        let bare = try site.limit("messages", ["round", "10", "\(round.byteCount)"])[0]
        let name = "idle round, 10 workers, 0.8 MB model"
        try Row.time(name, idle, "ms", against: "bare libzmq", bare).report()
        if let peer = site.peer("flower_idle.py", ["10", "\(round.byteCount / 4)", "6"])?.last {
            try Row.time(name, idle, "ms", against: "Flower's simulation", peer).report()
        }
        try Row("broker's memory with ten workers, peak", unwrap(fleet.broker.peakMegabytes()), "MB").report()
    }

    /// Ten epochs on Fashion-MNIST, four workers, as a user runs it.
    private func mainJob() throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        try fleet.addWorkers(
            site, (0..<4).map { ["--dataset", "fashion-mnist", "--shard", "\($0)/4", "--name", "w\($0)"] })
        var output = ""
        let time = try seconds {
            output = try Child(
                "\(site.programs)/trainer",
                ["--broker", fleet.endpoint, "--epochs", "10", "--workers-min", "4", "--json"]
            ).rest()
        }
        let epochs = output.split(separator: "\n").filter { $0.contains("\"event\":\"epoch\"") }
        let last = try JSONDecoder().decode(Epoch.self, from: Data(unwrap(epochs.last).utf8))
        try Row("ten epochs of Fashion-MNIST, 4 workers, start to end", time, "s").report()
        try Row("test accuracy after them", last.testAccuracy, "").report()
        let memory = try fleet.workers.map { try unwrap($0.peakMegabytes()) }.max() ?? .nan
        try Row("a worker's memory, peak (its shard is 13.7 MB)", memory, "MB").report()
    }

    private struct Epoch: Decodable {
        let testAccuracy: Double
    }
}
