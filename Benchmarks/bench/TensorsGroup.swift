import Fagure
import Jobs
import Protocol
import Tensor
import TestSupport

/// What is large: tensors there and back, a model to four workers, models over slow lines.
struct TensorsGroup {
    let site: Site

    func run() async throws {
        try await echoes()
        try await largeRound()
        try await slowLine(bytesPerSecond: 40_000, parameters: 112_500)
        try await slowLine(bytesPerSecond: 1_000_000, parameters: 4_150_000)
    }

    /// 8 MB to a worker and back, one job at a time.
    private func echoes() async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        try fleet.addWorkers(site, [["--dataset", "toy", "--name", "echo"]])
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let worker = try await JobTarget.worker(unwrap(session.catalogue.workers.first))
        let count = 2_000_000
        let input = Tensor.input("x", dimensions: [count])
        let graph = try SealedGraph(Graph(inputs: [input], outputs: [-input]))
        let value = try TensorValue((0..<count).map { Float($0) })
        var (times, bare) = ([Double](), [Double]())
        var before = 0.0
        for turn in 0..<43 {
            if turn == 3 { before = try unwrap(fleet.broker.megabytes()) }
            let job = TensorJob(graph: graph, bindings: [value])
            let time = try await elapsed { _ = try await session.run(job, on: worker) }
            if turn >= 3 { times.append(time) }
        }
        for _ in 0..<3 { bare.append(try site.limit("messages", ["round", "1", "\(count * 4)"])[0] * 1e-3) }
        let megabytes = Double(2 * count * 4) * 1e-6
        try Row.rate(
            "tensors of 8 MB, trainer → worker → trainer, one in flight", megabytes / median(times), "MB/s",
            against: "bare libzmq", megabytes / median(bare)
        ).report()
        try Row(
            "memory a flow of 8 MB tensors adds to the broker, peak",
            unwrap(fleet.broker.peakMegabytes()) - before, "MB"
        ).report()
        await session.close()
    }

    /// A model of 64 MB to four workers, and back from each.
    private func largeRound() async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        try fleet.addWorkers(
            site, (0..<4).map { ["--dataset", "digits", "--shard", "\($0)/4", "--name", "w\($0)"] })
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let shards = await session.catalogue.workers.flatMap { $0.shards.map(\.reference) }
        let round = try IdleRound(Array(repeating: [1_000, 1_000], count: 16))
        var times: [Double] = []
        for _ in 0..<6 { times.append(try await round.seconds(session, shards)) }
        let bare = try site.limit("messages", ["round", "4", "\(round.byteCount)"])[0] * 1e-3
        try Row.time(
            "a round of a 64 MB model, 4 workers", median(Array(times.dropFirst())), "s",
            against: "bare libzmq", bare
        ).report()
        try Row("broker's memory after it, peak", unwrap(fleet.broker.peakMegabytes()), "MB").report()
        await session.close()
    }

    /// A model over a line of a rate, there and back; bytes that come beside the model count against us.
    private func slowLine(bytesPerSecond: Int, parameters: Int) async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        let proxy = try await TCPProxy(to: fleet.endpoint)
        defer { proxy.stop() }
        proxy.become { $0.bytesPerSecond = bytesPerSecond }
        let worker = try Child(
            "\(site.programs)/worker", ["--broker", proxy.endpoint, "--dataset", "digits", "--name", "far"])
        _ = try worker.line(containing: "registered")
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let shards = await session.catalogue.workers.flatMap { $0.shards.map(\.reference) }
        let round = try IdleRound([[parameters]])
        let time = try await round.seconds(session, shards)
        let rate = Double(bytesPerSecond) * 1e-3
        try Row.rate(
            "a model of \(round.byteCount / 1_000) kB, there and back, line of \(bytesPerSecond / 1_000) kB/s",
            Double(2 * round.byteCount) / time * 1e-3, "kB/s", against: "the line", rate
        ).report()
        await session.close()
    }

    private func elapsed(_ work: () async throws -> Void) async rethrows -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try await work()
        return (clock.now - start) / .seconds(1)
    }
}
