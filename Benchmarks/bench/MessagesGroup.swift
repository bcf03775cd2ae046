import Fagure
import Jobs
import Protocol
import Tensor

/// Small jobs through broker and worker, each a process, over tcp on loopback.
struct MessagesGroup {
    let site: Site

    func run() async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        try fleet.addWorkers(site, [["--dataset", "toy", "--name", "echo"]])
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let worker = try await JobTarget.worker(unwrap(session.catalogue.workers.first))
        let job = try Self.job()

        for _ in 0..<2_000 { _ = try await session.run(job, on: worker) }
        let latency = try await Self.latency(session, job, worker)
        let bareLatency = try site.limit("messages", ["latency", "64"])[0]
        try Row.time(
            "job of 64 B over tcp, one in flight, p50", latency * 1e6, "µs", against: "bare libzmq", bareLatency
        ).report()

        var rates: [Double] = []
        for _ in 0..<3 { rates.append(try await Self.rate(session, job, worker)) }
        let bareRate = try site.limit("messages", ["rate", "64"])[0]
        try Row.rate(
            "jobs of 64 B over tcp, 512 in flight", median(rates), "jobs/s", against: "bare libzmq", bareRate
        ).report()
        await session.close()

        for peer in ["ipyparallel", "dask"] {
            guard let numbers = site.peer("tasks.py", [peer]), numbers.count == 2 else { continue }
            try Row.time(
                "job of 64 B over tcp, one in flight, p50", latency * 1e6, "µs", against: peer, numbers[0]
            ).report()
            try Row.rate("jobs of 64 B over tcp, 512 in flight", median(rates), "jobs/s", against: peer, numbers[1])
                .report()
        }
    }

    /// Sixteen floats in, sixteen out.
    private static func job() throws -> TensorJob {
        let input = Tensor.input("x", dimensions: [16])
        let graph = try SealedGraph(Graph(inputs: [input], outputs: [-input]))
        return TensorJob(graph: graph, bindings: [try TensorValue((0..<16).map(Float.init))])
    }

    private static func latency(_ session: Session, _ job: TensorJob, _ worker: JobTarget) async throws -> Double {
        let clock = ContinuousClock()
        var times: [Double] = []
        for _ in 0..<10_000 {
            let start = clock.now
            _ = try await session.run(job, on: worker)
            times.append((clock.now - start) / .seconds(1))
        }
        return median(times)
    }

    private static func rate(_ session: Session, _ job: TensorJob, _ worker: JobTarget) async throws -> Double {
        let (tasks, each) = (512, 400)
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask { for _ in 0..<each { _ = try await session.run(job, on: worker) } }
            }
            try await group.waitForAll()
        }
        return Double(tasks * each) / ((clock.now - start) / .seconds(1))
    }
}

/// The value, or an error that says it is missing.
func unwrap<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Child.Failed(description: "the catalogue is empty") }
    return value
}
