import BrokerKit
import Foundation
import HTTP
import Protocol

/// What a browser, a monitor or an orchestrator is shown of a broker.
struct StatusPages: Sendable {
    let shell: BrokerShell

    /// Answers a request.
    func answer(_ request: HTTPRequest, _ client: HTTPClient) async -> HTTPResponse {
        switch request.path {
        case "/healthz": await health()
        case "/readyz": await readiness()
        case "/metrics": await metrics()
        case "/v1/status": await status(request, client)
        default:
            HTTPResponse(
                "there is nothing here; there are /healthz, /readyz, /metrics and /v1/status\n", .notFound)
        }
    }

    private func health() async -> HTTPResponse {
        await shell.statisticsInTime() == nil ? Self.stuck : HTTPResponse("ok\n")
    }

    private func readiness() async -> HTTPResponse {
        guard let statistics = await shell.statisticsInTime() else { return Self.stuck }
        return statistics.isReady
            ? HTTPResponse("ready\n")
            : HTTPResponse(
                "not ready: the broker does not listen, or has not proven yet that it keeps strangers out\n",
                .unavailable)
    }

    private func metrics() async -> HTTPResponse {
        guard let statistics = await shell.statisticsInTime() else { return Self.stuck }
        return HTTPResponse(statistics.metricsText, type: "text/plain; version=0.0.4; charset=utf-8")
    }

    /// Names of workers and shards are for this machine alone, and not for pages of others that a browser here shows
    /// and that call themselves by a name of their own.
    private func status(_ request: HTTPRequest, _ client: HTTPClient) async -> HTTPResponse {
        guard client.isLocal, ["127.0.0.1", "localhost", "::1"].contains(request.host) else {
            return HTTPResponse(
                "names of workers and shards are shown to this machine alone, at localhost; /metrics has the numbers\n",
                .forbidden)
        }
        guard let (statistics, catalogue) = await shell.overviewInTime() else { return Self.stuck }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let document = StatusDocument(statistics, catalogue)
        guard let json = try? encoder.encode(document) else { return Self.stuck }
        return HTTPResponse(String(decoding: json, as: UTF8.self) + "\n", type: "application/json")
    }

    private static let stuck = HTTPResponse(
        "the broker did not answer within \(BrokerLimits.overviewMilliseconds) ms\n", .unavailable)
}

/// A broker as JSON: its numbers under their names, its workers, its data sets.
struct StatusDocument: Encodable {
    /// A worker and what it holds.
    struct Worker: Encodable {
        let name: String
        let state: String
        let software: String
        let processor: String
        let openJobs: Int
        let silentMilliseconds: Int64
        let shards: [Shard]
    }

    /// A shard, and why it gets no jobs, where it gets none.
    struct Shard: Encodable {
        let reference: String
        let trainRows: Int
        let heldOutRows: Int
        let leftOut: String?
    }

    let readings: [String: [String: Double]]
    let workers: [Worker]
    let datasets: [String]

    init(_ statistics: BrokerStatistics, _ catalogue: Catalogue) {
        var readings: [String: [String: Double]] = [:]
        for reading in statistics.readings {
            readings[reading.name, default: [:]][reading.kind.isEmpty ? "value" : reading.kind] =
                reading.value
        }
        self.readings = readings
        workers = catalogue.workers.map { worker in
            Worker(
                name: worker.name, state: worker.state.rawValue, software: worker.software,
                processor: worker.processor,
                openJobs: worker.openJobs, silentMilliseconds: worker.silentMilliseconds,
                shards: worker.shards.map { shard in
                    Shard(
                        reference: "\(shard.reference)", trainRows: shard.trainRows,
                        heldOutRows: shard.heldOutRows,
                        leftOut: shard.leftOut.isEmpty ? nil : shard.leftOut)
                })
        }
        datasets = catalogue.datasets.map(\.name)
    }
}
