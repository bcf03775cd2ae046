import Datasets
import Ground
import Jobs
import Link
import Protocol
import Tensor
import TestSupport
import ZMQ

@testable import WorkerKit

/// A worker that computes what it is asked for and answers with something else.
final class DamagedWorker: Sendable {
    private let loop: Loop
    private let socket: SocketID
    private let work: Task<Void, Never>

    /// Registers with a broker and serves a shard until it is closed.
    ///
    /// - Parameters:
    ///   - isSilent: Whether a result is kept back.
    ///   - damage: Changes a result before it leaves.
    init(
        _ name: String, _ shard: Shard, _ loop: Loop, _ endpoint: String,
        isSilent: @escaping @Sendable (JobResult) -> Bool = { _ in false },
        damage: @escaping @Sendable (inout JobResult) -> Void
    ) async throws {
        let (messages, source) = AsyncStream.makeStream(of: [[UInt8]].self)
        let socket = try await loop.perform {
            let socket = try loop.open(
                .dealer, options: .dealer(LinkLimits.socketLimits),
                receive: { message in source.yield((0..<message.frameCount).map { message.bytes(at: $0) }) })
            try loop.connect(socket, to: endpoint)
            return socket
        }
        (self.loop, self.socket) = (loop, socket)
        let store = ShardStore([shard])
        var hello = Hello(name: name, role: .worker, session: .random())
        hello.datasets = store.datasets
        hello.shards = store.descriptions
        hello.capacity = 1
        let introduction = [Header(.hello).bytes, hello.encoded()]
        work = Task {
            try? await DamagedWorker.say(introduction, loop, socket)
            let graphs = GraphCache()
            for await frames in messages {
                guard let header = DamagedWorker.header(frames[0]), header.command == .dispatch,
                    frames.count > 1,
                    var result = try? DamagedWorker.run(frames, on: shard, graphs)
                else { continue }
                if isSilent(result) { continue }
                damage(&result)
                let payload = result.payload
                let answer = Header(
                    .result, job: header.job, attempt: header.attempt, epoch: header.epoch)
                let bytes = payload.frames.map { frame in
                    switch frame {
                    case .packed(let bytes): bytes
                    case .whole(let storage): storage.elements(as: UInt8.self)
                    }
                }
                try? await DamagedWorker.say([answer.bytes, payload.body] + bytes, loop, socket)
            }
        }
    }

    private static func header(_ bytes: [UInt8]) -> Header? { try? Header(decoding: bytes.span) }

    private static func run(
        _ frames: [[UInt8]], on shard: Shard, _ graphs: GraphCache
    ) throws -> JobResult? {
        let job = try Job(
            decoding: frames[1], frames: frames.dropFirst(2).map { Storage(elements: $0) }
        ) { graphs.find($0) }
        graphs.keep(job.graphs)
        return try Samples.run(job, on: shard)
    }

    private static func say(_ frames: [[UInt8]], _ loop: Loop, _ socket: SocketID) async throws {
        try await loop.perform {
            var message = Message()
            for frame in frames { message.append(frame) }
            _ = loop.send(&message, on: socket)
        }
    }

    /// Leaves without a word.
    func close() async {
        work.cancel()
        let (loop, socket) = (loop, socket)
        try? await loop.perform { loop.close(socket, lingerMilliseconds: 0) }
    }
}
