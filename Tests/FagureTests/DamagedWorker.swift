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
        let (messages, source) = AsyncStream.makeStream(of: [UInt8].self)
        let socket = try await loop.perform {
            let socket = try loop.open(
                .dealer, options: .dealer(LinkLimits.socketLimits),
                receive: { message in source.yield(message.bytes(at: 0)) })
            try loop.connect(socket, to: endpoint)
            DamagedWorker.pulse(loop, source)
            return socket
        }
        (self.loop, self.socket) = (loop, socket)
        let store = ShardStore([shard])
        var hello = Hello(name: name, role: .worker, session: .random())
        hello.datasets = store.datasets
        hello.shards = store.descriptions
        hello.capacity = 1
        let introduction = hello.encoded()
        work = Task {
            var correspondence = Correspondence()
            try? await DamagedWorker.say(
                correspondence.frame(Header(.hello), body: introduction), loop, socket)
            let graphs = GraphCache()
            var epoch: UInt64 = 0
            for await frame in messages {
                guard !frame.isEmpty else {
                    try? await DamagedWorker.say(
                        correspondence.frame(Header(.heartbeat, job: .none, attempt: 0, epoch: epoch)), loop,
                        socket)
                    continue
                }
                let (heard, replies) = correspondence.take(frame)
                for reply in replies { try? await DamagedWorker.say(reply, loop, socket) }
                for message in heard where message.command == .welcome { epoch = message.header.epoch }
                for message in heard where message.command == .dispatch {
                    guard var result = try? DamagedWorker.run(message, on: shard, graphs) else { continue }
                    if isSilent(result) { continue }
                    damage(&result)
                    let payload = result.payload
                    let header = message.header
                    let answer = Header(
                        .result, job: header.job, attempt: header.attempt, epoch: header.epoch)
                    let tensors = payload.frames.map { frame in
                        switch frame {
                        case .packed(let bytes): bytes
                        case .whole(let storage): storage.elements(as: UInt8.self)
                        }
                    }
                    try? await DamagedWorker.say(
                        correspondence.frame(answer, body: payload.body, tensors: tensors), loop, socket)
                }
            }
        }
    }

    private static func run(
        _ message: Correspondence.Heard, on shard: Shard, _ graphs: GraphCache
    ) throws -> JobResult? {
        let job = try Job(
            decoding: message.body, frames: message.tensors.map { Storage(elements: $0) }
        ) { graphs.find($0) }
        graphs.keep(job.graphs)
        return try Samples.run(job, on: shard)
    }

    /// Has it shown, now and then, that it is there.
    private static func pulse(_ loop: Loop, _ source: AsyncStream<[UInt8]>.Continuation) {
        loop.schedule(afterMilliseconds: ProtocolLimits.heartbeatMilliseconds) {
            if case .terminated = source.yield([]) { return }
            pulse(loop, source)
        }
    }

    private static func say(_ frame: [UInt8], _ loop: Loop, _ socket: SocketID) async throws {
        try await loop.perform {
            var message = Message()
            message.append(frame)
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
