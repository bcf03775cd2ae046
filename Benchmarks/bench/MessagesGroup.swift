import Fagure
import Jobs
import Protocol
import Tensor

/// Small jobs through broker and worker, each a process, over tcp on loopback.
struct MessagesGroup {
    private static let tasks = 512
    private static let jobsPerTask = 400

    let site: Site

    func run() async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        try fleet.addWorkers(site, [["--dataset", "toy", "--name", "echo"]])
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let worker = try await JobTarget.worker(unwrap(session.catalogue.workers.first))
        let job = try Self.job()

        for _ in 0..<2_000 { _ = try await session.run(job, on: worker) }
        let (latency, rate) = try await measure(session, job, worker, fleet, "")
        _ = try await withTaskExecutorPreference(session.executor) {
            try await measure(session, job, worker, fleet, ", tasks on the session's thread")
        }
        await session.close()

        for peer in ["ipyparallel", "dask"] {
            guard let numbers = site.peer("tasks.py", [peer]), numbers.count == 2 else { continue }
            try Row.time(
                "job of 64 B over tcp, one in flight, p50", latency * 1e6, "µs", against: peer, numbers[0]
            ).report()
            try Row.rate(
                "jobs of 64 B over tcp, 512 in flight", rate, "jobs/s", against: peer, numbers[1]
            )
            .report()
        }
    }

    /// Measures one job in flight and many, in this task and its children, and reports them.
    ///
    /// - Returns: the median time in seconds, and jobs a second.
    private func measure(
        _ session: Session, _ job: TensorJob, _ worker: JobTarget, _ fleet: Fleet, _ how: String
    ) async throws -> (latency: Double, rate: Double) {
        // Ours and theirs take turns, so that a noisy minute falls on both.
        var (latencies, bareLatencies, rates, bareRates) = ([Double](), [Double](), [Double](), [Double]())
        for _ in 0..<3 {
            latencies.append(try await Self.latency(session, job, worker))
            bareLatencies.append(try site.limit("messages", ["latency", "64"])[0])
        }
        let before = Self.processorTimes(fleet)
        for _ in 0..<3 {
            rates.append(try await Self.rate(session, job, worker))
            bareRates.append(try site.limit("messages", ["rate", "64"])[0])
        }
        let after = Self.processorTimes(fleet)
        let (latency, rate) = (median(latencies), median(rates))
        try Row.time(
            "job of 64 B over tcp, one in flight, p50\(how)", latency * 1e6, "µs", against: "bare libzmq",
            median(bareLatencies)
        ).report()
        try Row.rate(
            "jobs of 64 B over tcp, 512 in flight\(how)", rate, "jobs/s", against: "bare libzmq",
            median(bareRates)
        ).report()
        for (index, name) in ["trainer", "broker", "worker"].enumerated() {
            let time = (after[index] - before[index]) / Double(3 * Self.tasks * Self.jobsPerTask)
            try Row("processor time a job takes, \(name)\(how)", time * 1e6, "µs").report()
        }
        return (latency, rate)
    }

    /// Sixteen floats in, sixteen out.
    static func job() throws -> TensorJob {
        let input = Tensor.input("x", dimensions: [16])
        let graph = try SealedGraph(Graph(inputs: [input], outputs: [-input]))
        return TensorJob(graph: graph, bindings: [try TensorValue((0..<16).map(Float.init))])
    }

    private static func processorTimes(_ fleet: Fleet) -> [Double] {
        [
            Child.processorSeconds(of: "self"), fleet.broker.processorSeconds(),
            fleet.workers.first?.processorSeconds(),
        ].map { $0 ?? .nan }
    }

    private static func latency(_ session: Session, _ job: TensorJob, _ worker: JobTarget) async throws
        -> Double
    {
        median(try await times(10_000, session, job, worker))
    }

    /// How long jobs take, one after the other, in seconds.
    static func times(
        _ count: Int, _ session: Session, _ job: TensorJob, _ worker: JobTarget
    ) async throws -> [Double] {
        let clock = ContinuousClock()
        var times: [Double] = []
        for _ in 0..<count {
            let start = clock.now
            _ = try await session.run(job, on: worker)
            times.append((clock.now - start) / .seconds(1))
        }
        return times
    }

    private static func rate(_ session: Session, _ job: TensorJob, _ worker: JobTarget) async throws -> Double
    {
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.tasks {
                group.addTask { for _ in 0..<Self.jobsPerTask { _ = try await session.run(job, on: worker) } }
            }
            try await group.waitForAll()
        }
        return Double(tasks * jobsPerTask) / ((clock.now - start) / .seconds(1))
    }
}

/// The value, or an error that says it is missing.
func unwrap<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Child.Failed(description: "the catalogue is empty") }
    return value
}
