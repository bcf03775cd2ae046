import Fagure
import Foundation
import Protocol
import Tensor
import ZMQ

/// Many workers that have nothing to do, as raw connections, at the broker and at a bare ROUTER.
struct FleetGroup {
    private static let peerCount = 10_000
    private static let restSeconds = 10
    private static let joinCount = 5_000

    let site: Site

    /// What a fleet was to whoever took it in.
    private struct Figures {
        var seconds: Double
        var kibibytesEach: Double
        var cores: Double
    }

    func run() async throws {
        let hello = FileManager.default.temporaryDirectory.appending(path: "fagure-hello-\(getpid())")
        defer { try? FileManager.default.removeItem(at: hello) }
        try Data(Self.hello()).write(to: hello)
        let fleet = try Fleet(site)
        let ours = try measure(fleet.broker, fleet.endpoint, hello)
        fleet.stop()
        let router = try Child("\(site.limits)/fleet", ["bare"])
        let line = try router.line(containing: "listening on ")
        let theirs = try measure(router, String(line.split(separator: " ").last ?? ""), hello)
        router.stop()
        let count = Self.peerCount
        try Row.time(
            "\(count) workers register", ours.seconds, "s", against: "bare ROUTER", theirs.seconds
        ).report()
        try Row.time(
            "memory of an idle worker at the broker", ours.kibibytesEach, "KiB", against: "bare ROUTER",
            theirs.kibibytesEach
        ).report()
        try Row.time(
            "cores \(count) idle workers take", ours.cores, "cores", against: "bare ROUTER", theirs.cores
        ).report()
        try await watch(hello)
    }

    private func measure(_ server: Child, _ endpoint: String, _ hello: URL) throws -> Figures {
        let before = server.megabytes() ?? .nan
        let peers = try start(at: endpoint, Self.peerCount, hello, seconds: Self.restSeconds)
        let seconds = Double(try peers.line(containing: ".")) ?? .nan
        let clock = ContinuousClock()
        let (start, used) = (clock.now, server.processorSeconds() ?? .nan)
        Thread.sleep(forTimeInterval: Double(Self.restSeconds) * 0.9)
        let cores = ((server.processorSeconds() ?? .nan) - used) / ((clock.now - start) / .seconds(1))
        let after = server.megabytes() ?? .nan
        _ = try peers.rest()
        return Figures(
            seconds: seconds, kibibytesEach: (after - before) * 1_024 / Double(Self.peerCount), cores: cores)
    }

    private func start(at endpoint: String, _ count: Int, _ hello: URL, seconds: Int) throws -> Child {
        let port = String(endpoint.split(separator: ":").last ?? "")
        return try Child(
            "\(site.limits)/fleet", ["peers", "127.0.0.1", port, "\(count)", hello.path, "\(seconds)"],
            isSilent: false)
    }

    /// What a trainer that watches is told while workers join.
    private func watch(_ hello: URL) async throws {
        let fleet = try Fleet(site)
        defer { fleet.stop() }
        let session = try await Session.connect(fleet.endpoint, name: "bench")
        let before = await session.statistics.bytesReceived
        let peers = try start(at: fleet.endpoint, Self.joinCount, hello, seconds: 3)
        for await event in await session.events {
            if case .catalogue(let catalogue) = event, catalogue.workers.count == Self.joinCount { break }
        }
        let bytes = await session.statistics.bytesReceived - before
        _ = try peers.rest()
        await session.close()
        try Row("bytes a watching trainer is sent for \(Self.joinCount) joins", Double(bytes) / 1e6, "MB")
            .report()
    }

    /// The frame of a worker's hello, in which `fleet` finds session and name.
    private static func hello() -> [UInt8] {
        let mark: UInt64 = 0xEEEE_EEEE_EEEE_EEEE
        var hello = Hello(name: "w00000", role: .worker, session: Identifier(high: mark, low: mark))
        let column = ColumnDescription(
            name: "label", role: .label, elementType: 2, dimensions: [], classes: [])
        hello.datasets = [DatasetDescription(name: "digits", tags: [], columns: [column])]
        let shard = ShardReference(dataset: "digits", partition: "iid:0", index: 0, count: 4)
        hello.shards = [ShardDescription(reference: shard, trainRows: 100, heldOutRows: 10)]
        var frame: [UInt8] = []
        frame.append(Header(.hello), body: hello.encoded())
        return frame
    }
}
