import Ground
import Jobs
import Tensor

@testable import Protocol

/// Frames of every command, of several records, and damaged ones.
enum RecordSamples {
    private static let job = Identifier(high: 0x2122_2324_2526_2728, low: 0x3132_3334_3536_3738)
    private static let session = Identifier(high: 0x4142_4344_4546_4748, low: 0x5152_5354_5556_5758)
    private static let epoch: UInt64 = 0x11_1213_1415_1617
    private static let shard = ShardReference(dataset: "ward", site: "north")

    static func all() throws -> [RecordedFrame] {
        control + (try jobs()) + bytes + damaged(try submit())
    }

    /// A record with a job.
    private static func header(_ command: Command, attempt: UInt32 = 1) -> Header {
        Header(command, job: job, attempt: attempt, epoch: epoch)
    }

    private static func frame(
        _ header: Header, heard: UInt32 = 160, attachments: [Protocol.Attachment] = [], body: [UInt8] = [],
        inline: [UInt8] = []
    ) -> [UInt8] {
        var frame: [UInt8] = []
        frame.append(header, heard: heard, attachments: attachments, body: body, inline: inline)
        return frame
    }

    private static func said(_ command: Command, _ body: [UInt8] = []) -> [UInt8] {
        frame(Header(command, job: .none, attempt: 0, epoch: command == .hello ? 0 : epoch), body: body)
    }

    static var hello: Hello {
        let dataset = DatasetDescription(
            name: "ward", tags: [],
            columns: [
                ColumnDescription(
                    name: "features", role: .feature, elementType: 1, dimensions: [3], classes: []),
                ColumnDescription(
                    name: "label", role: .label, elementType: 2, dimensions: [], classes: ["sick", "well"]),
            ])
        var hello = Hello(name: "north", role: .worker, session: session, versions: 2...2, software: "kit 1")
        hello.datasets = [dataset]
        hello.shards = [
            ShardDescription(
                reference: shard, trainRows: 80, heldOutRows: 20, schema: dataset.schemaHash,
                releaseRowsMinimum: 32)
        ]
        hello.capacity = 16
        hello.openJobs = [job]
        hello.openAttempts = [3]
        hello.processor = "avx2, oneDNN 2.6.3"
        return hello
    }

    private static var control: [RecordedFrame] {
        var catalogue = Catalogue()
        catalogue.datasets = hello.datasets
        catalogue.workers = [
            WorkerDescription(
                name: "north", session: session, software: "kit 1", state: .ready, shards: hello.shards,
                openJobs: 1, silentMilliseconds: 20)
        ]
        var update = CatalogueUpdate(catalogue, revision: 7)
        update.gone = [Identifier(high: 1, low: 2)]
        return [
            RecordedFrame("a worker's hello", said(.hello, hello.encoded())),
            RecordedFrame("welcome", said(.welcome, Welcome(remarks: ["another serves it"]).encoded())),
            RecordedFrame("refused", said(.refused, Failure(.notPermitted, "not you").encoded())),
            RecordedFrame("goodbye", said(.goodbye, Goodbye(reason: "it drains").encoded())),
            RecordedFrame("heartbeat", said(.heartbeat)),
            RecordedFrame("reset", said(.reset)),
            RecordedFrame("heard", said(.heard)),
            RecordedFrame(
                "a question for the catalogue", said(.catalogueQuery, CatalogueQuery(following: 7).encoded())),
            RecordedFrame("the catalogue", said(.catalogue, update.encoded())),
            RecordedFrame(
                "who is behind an owner",
                said(
                    .owner,
                    OwnerDescription(owner: session, key: [UInt8](repeating: 9, count: 32), name: "lab")
                        .encoded())),
            RecordedFrame("how is the broker", said(.statusQuery)),
            RecordedFrame(
                "it is so",
                said(
                    .status,
                    BrokerStatus([
                        Reading("fagure_jobs", "state", "running", 3), Reading("fagure_uptime_seconds", 12.5),
                    ]).encoded())),
        ]
    }

    private static func submit() throws -> [UInt8] {
        var builder = GraphBuilder()
        let x = builder.input(Graph.Input(name: "x", elementType: .float32, dimensions: [nil]))
        let negated = builder.append(.negate, [x])
        let graph = try SealedGraph(builder.finish(outputs: [negated]))
        let job = TensorJob(graph: graph, bindings: [try TensorValue([1, 2, 3] as [Float])])
        let payload = job.job.payload(includesGraphs: true)
        var header = header(.submit)
        header.flags = .targetsSession
        header.target = session
        header.deadlineMilliseconds = 60_000
        return frame(header, body: payload.body, inline: payload.packed)
    }

    private static func jobs() throws -> [RecordedFrame] {
        let submit = try submit()
        let record = try Record(decoding: submit.span, at: 0)
        var dispatch = header(.dispatch)
        dispatch.target = Identifier(high: 5, low: 6)
        dispatch.deadlineMilliseconds = 59_990
        var failed = header(.failed)
        failed.waitMilliseconds = 250
        var large = header(.submit, attempt: 2)
        large.flags = [.targetsSession, .bodyIsAttached]
        large.target = session
        let outcome = JobResult(
            outputs: [(name: "y", value: try TensorValue([-1, -2, -3] as [Float]))], examples: 0, batches: 0,
            seconds: 0.25
        ).payload
        let moved = Job(
            sources: [.value(try TensorValue([4, 5] as [Float]))],
            outputs: [Job.Output(to: .object(ObjectID(7)))]
        ).payload(includesGraphs: false)
        var transfer = header(.transfer)
        transfer.target = Identifier(high: 8, low: 9)
        let named = Protocol.Attachment(byteCount: 1 << 33, name: ContentName(1, 2, 3, 4))
        return [
            RecordedFrame("a job: a graph, and a tensor inline", submit),
            RecordedFrame(
                "the same, as its worker gets it",
                frame(dispatch, body: Array(submit[record.body]), inline: Array(submit[record.inline]))),
            RecordedFrame(
                "a job whose body and tensor are attached, one with a name",
                frame(large, attachments: [Protocol.Attachment(byteCount: 20_000), named])),
            RecordedFrame("started", frame(header(.started))),
            RecordedFrame(
                "progress",
                frame(
                    header(.progress),
                    body: JobProgress(batchesDone: 3, batchesTotal: 9, examplesDone: 96).encoded())),
            RecordedFrame("failed", frame(failed, body: Failure(.overloaded, "later").encoded())),
            RecordedFrame(
                "a result whose tensor is inline",
                frame(header(.result), body: outcome.body, inline: outcome.packed)),
            RecordedFrame(
                "a tensor on its way to another worker",
                frame(transfer, body: moved.body, inline: moved.packed)),
            RecordedFrame("cancel", frame(header(.cancel))),
            RecordedFrame("resend", frame(header(.resend, attempt: 4))),
            RecordedFrame("received", frame(header(.received))),
        ]
    }

    private static var bytes: [RecordedFrame] {
        let extent = Extent(attachment: 1, from: 4_096, to: 4_100)
        let (want, heartbeat) = (frame(header(.want), body: extent.bytes), said(.heartbeat))
        var three = want
        three.append(header(.started), heard: 160)
        three.append(Header(.heard, job: .none, attempt: 0, epoch: epoch), heard: 161)
        return [
            RecordedFrame("want", want),
            RecordedFrame("a piece", frame(header(.piece), body: extent.bytes, inline: [1, 2, 3, 4])),
            RecordedFrame("gone", frame(header(.gone), body: extent.bytes)),
            RecordedFrame("three records in a frame", three),
            RecordedFrame(
                "a record, and one that is none", heartbeat + [0, 0, 0, 0] + heartbeat.dropLast(4)),
        ]
    }

    /// A good record with one thing wrong.
    private static func damaged(_ good: [UInt8]) -> [RecordedFrame] {
        func changed(_ what: String, _ changes: [Int: UInt8], count: Int? = nil) -> RecordedFrame {
            var frame = Array(good.prefix(count ?? good.count))
            for (offset, byte) in changes { frame[offset] = byte }
            return RecordedFrame(what, frame)
        }
        return [
            changed("another magic", [0: 0x46 ^ 1]), changed("version 1", [4: 1]),
            changed("an unknown command", [6: 99]), changed("an unknown flag", [7: 0x10]),
            changed("a flag of another command", [7: 2]), changed("reserved bytes", [14: 1]),
            changed("a body beyond the frame", [11: 1]), changed("inline bytes beyond the frame", [19: 1]),
            changed("attachments beyond the frame", [12: 200]), changed("attempt 0", [64: 0]),
            changed("79 bytes", [:], count: 79), changed("a record cut off", [:], count: good.count - 1),
            changed("tensors in a heartbeat", [6: 5]),
        ]
    }
}

extension Payload {
    /// The bytes of small tensors.
    fileprivate var packed: [UInt8] {
        frames.flatMap { if case .packed(let bytes) = $0 { bytes } else { [UInt8]() } }
    }
}
