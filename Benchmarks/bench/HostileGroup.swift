import Fagure
import Jobs
import Protocol
import Tensor
import TestSupport
import ZMQ

/// What honest peers notice of one that sends nothing but noise.
struct HostileGroup {
    private static let messageCount = 100_000
    /// So many are sent at once, then there is a pause.
    private static let burstCount = 200
    private static let pause = Duration.milliseconds(10)

    let site: Site

    func run() async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        try fleet.addWorkers(site, [["--dataset", "toy", "--name", "echo"]])
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let worker = try await JobTarget.worker(unwrap(session.catalogue.workers.first))
        let job = try MessagesGroup.job()
        for _ in 0..<2_000 { _ = try await session.run(job, on: worker) }
        let quiet = try await MessagesGroup.times(20_000, session, job, worker)
        let before = try unwrap(fleet.broker.megabytes())
        let stranger = try Stranger(at: fleet.endpoint)
        let noise = Task { try await stranger.send(Self.messageCount, Self.burstCount, Self.pause) }
        var noisy: [Double] = []
        while await !stranger.isDone {
            noisy += try await MessagesGroup.times(100, session, job, worker)
        }
        _ = try await noise.value
        let after = try unwrap(fleet.broker.peakMegabytes())
        let dropped = await session.brokerStatus?.readings(of: "fagure_dropped_messages_total")
            .reduce(0) { $0 + $1.value }
        await session.close()
        try Row("bad messages that were sent", Double(Self.messageCount), "").report()
        try Row("messages the broker dropped", dropped ?? .nan, "").report()
        try Row("memory they add to the broker, peak", after - before, "MB").report()
        let (honest, alone) = (Self.percentile99(noisy), Self.percentile99(quiet))
        try Row.time(
            "job of 64 B meanwhile, one in flight, p99", honest * 1e6, "µs", against: "without them",
            alone * 1e6
        ).report()
    }

    private static func percentile99(_ times: [Double]) -> Double {
        times.isEmpty ? .nan : times.sorted()[times.count * 99 / 100]
    }
}

/// A connection that sends noise: bytes that are none of ours, headers that are damaged, records of peers nobody knows.
private actor Stranger: LoopActor {
    nonisolated let loop: any Reactor
    private static let noiseCount = 2_000
    private let own: Loop
    private let endpoint: String
    private var socket: SocketID?
    private var random = SplitMix64(seed: 1)
    private(set) var isDone = false

    init(at endpoint: String) throws {
        own = try Loop(name: "stranger")
        loop = own
        self.endpoint = endpoint
    }

    func send(_ count: Int, _ burstCount: Int, _ pause: Duration) async throws {
        let socket = try loop.open(
            .dealer, options: .dealer(SocketLimits()), for: self, receive: { _, _ in })
        self.socket = socket
        try loop.connect(socket, to: endpoint)
        // Made beforehand: what it takes to make them is not the broker's affair.
        let noises = (0..<Self.noiseCount).map { _ in noise() }
        var sent = 0
        while sent < count {
            for _ in 0..<min(burstCount, count - sent) {
                var message = Message(reservingFrames: 1)
                message.append(noises[sent % noises.count])
                // A full socket is tried again after the pause.
                guard loop.send(&message, on: socket) == .sent else { break }
                sent += 1
            }
            try await Task.sleep(for: pause)
        }
        isDone = true
        loop.close(socket, lingerMilliseconds: 1_000)
        await own.shutdown(lingerMilliseconds: 1_000)
    }

    private func noise() -> [UInt8] {
        let count = Int.random(in: 0...600, using: &random)
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        guard let command = Command.allCases.randomElement(using: &random), Bool.random(using: &random) else {
            return bytes
        }
        var header = Header(command, job: .random(using: &random), attempt: 1, epoch: random.next())
        header.target = .random(using: &random)
        var record: [UInt8] = []
        record.append(header, heard: 0, body: Array(bytes.prefix(200)))
        // Half of these are whole, and of a peer nobody knows.
        if Bool.random(using: &random), let place = record.indices.randomElement(using: &random) {
            record[place] = .random(in: 0...255, using: &random)
        }
        return record
    }
}
