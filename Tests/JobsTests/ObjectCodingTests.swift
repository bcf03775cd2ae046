import Protocol
import Tensor
import TestSupport
import Testing

@testable import Jobs

@Suite("Objects on the wire")
struct ObjectCodingTests {
    private static let worker = SessionID(high: 11, low: 12)
    private static let column = ColumnReference(
        shard: ShardReference(dataset: "toy", partition: "iid:0", index: 1, count: 4), part: .heldOut,
        name: "features")

    /// A column, an object and a value; the sum stays, the rest comes back.
    private func mixedJob() throws -> TensorJob {
        TensorJob(
            graph: try SealedGraph(Samples.graph()),
            bindings: [.column(Self.column), .value(try TensorValue([10, 100, 1_000] as [Float]))],
            kept: [TensorJob.Kept(output: 1, object: ObjectID(.max))],
            released: [ObjectID(0), ObjectID(7), ObjectID(7)])
    }

    private func transferJob() throws -> TensorJob {
        TensorJob(
            graph: try SealedGraph(Samples.graph()), bindings: [.object(ObjectID(3)), .object(ObjectID(4))],
            kept: [TensorJob.Kept(output: 0, object: ObjectID(5))],
            transfer: TensorJob.Transfer(
                worker: Self.worker, kept: [TensorJob.Kept(output: 1, object: ObjectID(5))]))
    }

    private func storeJob() throws -> StoreJob {
        StoreJob(
            tensors: [
                (ObjectID(1), try Samples.value(byteCount: 100_000)), (ObjectID(2), TensorValue(scalar: 4)),
                (ObjectID(3), try TensorValue([] as [Int64], shape: [0, 2])),
            ], released: [ObjectID(9)])
    }

    private func received(_ payload: Payload, isTransferred: Bool = false) throws(JobError) -> ReceivedJob {
        try ReceivedJob(decoding: payload.body, frames: payload.received, isTransferred: isTransferred) { _ in
            nil
        }
    }

    private func refusal(of job: TensorJob) -> JobError? {
        errorOf { () throws(JobError) in try received(job.payload(includesGraph: true)) }
    }

    // MARK: Round trips

    @Test("bindings of every kind, kept and released objects come back as they were")
    func tensorJob() throws {
        for job in [try mixedJob(), try transferJob()] {
            guard case .tensor(let back) = try received(job.payload(includesGraph: true)) else {
                return #expect(Bool(false), "not a tensor job")
            }
            #expect(back.bindings == job.bindings)
            #expect(back.kept == job.kept)
            #expect(back.transfer == job.transfer)
            #expect(back.released == job.released)
            #expect(back.graph.hash == job.graph.hash)
        }
    }

    @Test("a store comes back as it was, an empty one too")
    func store() throws {
        for job in [try storeJob(), StoreJob()] {
            for isTransferred in [false, true] {
                var job = job
                if isTransferred { job.released = [] }
                guard
                    case .store(let back) = try received(job.payload, isTransferred: isTransferred)
                else { return #expect(Bool(false), "not a store") }
                #expect(back.tensors.map(\.object) == job.tensors.map(\.object))
                #expect(back.tensors.map(\.value) == job.tensors.map(\.value))
                #expect(back.released == job.released)
            }
        }
        #expect(try received(storeJob().payload).graphs.isEmpty)
    }

    @Test("bodies made and read before are used again, and only for the same job")
    func memory() throws {
        let x = Tensor.input("x", dimensions: [2]), y = Tensor.input("y", dimensions: [2])
        let graph = try SealedGraph(Graph(inputs: [x, y], outputs: [x + y]))
        var parsed = ParsedBodies()
        for round in 0..<3 {
            for object in 0..<12 {
                let value = try TensorValue([Float(round), Float(object)])
                let job = TensorJob(
                    graph: graph, bindings: [.object(ObjectID(UInt64(object))), .value(value)])
                let payload = job.payload(includesGraph: false)
                let fresh = try ReceivedJob(decoding: payload.body, frames: payload.received) { _ in graph }
                let again = try ReceivedJob(
                    decoding: payload.body, frames: payload.received, isTransferred: false, parsed: &parsed
                ) { _ in graph }
                for case .tensor(let back) in [fresh, again] { #expect(back.bindings == job.bindings) }
            }
        }
    }

    @Test("an inquiry and its answer come back as they were")
    func inquiry() throws {
        guard case .inquiry(let job) = try received(InquiryJob(released: [ObjectID(3)]).payload),
            job.released == [ObjectID(3)]
        else {
            return #expect(Bool(false), "not an inquiry")
        }
        var result = Samples.result([TensorValue(scalar: 1)])
        result.objects = [
            HeldObject(id: ObjectID(1), type: ValueType(.uint8, try Shape([3, 0, 2]))),
            HeldObject(id: ObjectID(.max), type: ValueType(.float32, .scalar)),
        ]
        let payload = result.payload
        let back = try JobResult(decoding: payload.body, frames: payload.received)
        #expect(back.objects == result.objects)
        #expect(back.outputs.map(\.value) == result.outputs.map(\.value))
    }

    @Test("a job without inputs needs no type to be told how it is bound")
    func noBindings() throws {
        var builder = GraphBuilder()
        let two = builder.constant(2)
        let job = TensorJob(graph: try SealedGraph(builder.finish(outputs: [two])), bindings: [])
        guard case .tensor(let back) = try received(job.payload(includesGraph: true)) else {
            return #expect(Bool(false), "not a tensor job")
        }
        #expect(back.bindings.isEmpty && back.kept.isEmpty && back.transfer == nil)
    }

    @Test("a body kept for plain jobs is not sent for one that keeps, transfers, releases or binds objects")
    func bodiesDoNotMix() throws {
        let plain = try Samples.tensorJob()
        let body = plain.payload(includesGraph: false).body
        #expect(plain.payload(includesGraph: false).body == body)
        var others = Array(repeating: plain, count: 4)
        others[0].kept = [TensorJob.Kept(output: 0, object: ObjectID(1))]
        others[1].released = [ObjectID(1)]
        others[2].transfer = TensorJob.Transfer(worker: Self.worker, kept: [])
        others[3].bindings.append(.object(ObjectID(2)))
        for other in others {
            #expect(other.payload(includesGraph: false).body != body)
            #expect(plain.payload(includesGraph: false).body == body)
        }
    }

    // MARK: Refusals

    @Test("outputs that are not there, go two ways or would come back from a transfer are refused")
    func outputs() throws {
        var job = try mixedJob()
        job.kept = [TensorJob.Kept(output: 2, object: ObjectID(1))]
        #expect(refusal(of: job) == .malformed("output 2 is kept, the graph has 2"))
        job.kept = [.init(output: 0, object: ObjectID(1)), .init(output: 0, object: ObjectID(2))]
        #expect(refusal(of: job) == .malformed("output 0 is kept or transferred twice"))
        job.kept = [.init(output: 0, object: ObjectID(1)), .init(output: 1, object: ObjectID(1))]
        #expect(refusal(of: job) == .malformed("object 1 is kept twice"))
        job = try transferJob()
        job.kept = [TensorJob.Kept(output: 1, object: ObjectID(1))]
        #expect(refusal(of: job) == .malformed("output 1 is kept or transferred twice"))
        job.kept = []
        #expect(
            refusal(of: job)
                == .malformed(
                    "output 0 is neither kept nor transferred: a transfer brings nothing back"))
        job.transfer = TensorJob.Transfer(
            worker: Self.worker,
            kept: [.init(output: 0, object: ObjectID(1)), .init(output: 1, object: ObjectID(1))])
        #expect(refusal(of: job) == .malformed("object 1 is kept twice"))
        var store = try storeJob()
        store.tensors[1].object = ObjectID(1)
        #expect(
            errorOf { () throws(JobError) in try received(store.payload) }
                == .malformed("object 1 is kept twice"))
    }

    @Test("sources, workers and columns that are none are refused")
    func references() throws {
        func refusal(_ change: (inout JobTensor) -> Void) throws -> JobError? {
            let payload = try transferJob().payload(includesGraph: true)
            var job = try parse(JobJob.self, payload.body)
            change(&job.tensor)
            let body = serialise(job)
            return errorOf { () throws(JobError) in
                try ReceivedJob(decoding: body, frames: payload.received) { _ in nil }
            }
        }
        #expect(try refusal { _ in } == nil)
        #expect(try refusal { $0.bindings[0].source = nil } == .malformed("a binding has no source"))
        let short = ProtocolError.malformed("an identifier has 16 bytes, got 15")
        #expect(
            try refusal { $0.transfer.worker.removeLast() }
                == .malformed("the worker of a transfer: \(short)"))
        #expect(
            try refusal { $0.bindings[0].column = JobColumn() } == .malformed("shard 0/0 is out of range"))
        #expect(
            try refusal { $0.bindings[0].column.shard.count = 1 }
                == .malformed("a column is of neither the train nor the held-out part"))
    }

    @Test("more kept, stored or released objects than allowed are refused")
    func counts() throws {
        var job = try transferJob()
        let many = (0...UInt64(JobLimits.tensorsMaximum)).map {
            TensorJob.Kept(output: 0, object: ObjectID($0))
        }
        job.kept = many
        #expect(refusal(of: job) == .limitExceeded(what: "kept outputs", got: 4_098, limit: 4_096))
        job = try mixedJob()
        job.released = Array(repeating: ObjectID(1), count: JobLimits.releasedObjectsMaximum + 1)
        #expect(refusal(of: job) == .limitExceeded(what: "released objects", got: 65_537, limit: 65_536))
        let store = StoreJob(
            tensors: many.map { ($0.object, TensorValue(scalar: 0)) })
        #expect(
            errorOf { () throws(JobError) in try received(store.payload) }
                == .limitExceeded(what: "stored tensors", got: 4_097, limit: 4_096))
        let release = StoreJob(released: job.released)
        #expect(
            errorOf { () throws(JobError) in try received(release.payload) }
                == .limitExceeded(what: "released objects", got: 65_537, limit: 65_536))
    }

    @Test("what another worker passes on may only bring tensors, whether or not its graph is known")
    func transferred() throws {
        let expected = JobError.malformed("a job from another worker may only bring tensors to be kept")
        for payload in [
            try mixedJob().payload(includesGraph: false), try transferJob().payload(includesGraph: true),
            try Samples.programJob().payload(includesGraphs: true), InquiryJob().payload,
            StoreJob(released: [ObjectID(1)]).payload, Payload(body: [], frames: []),
        ] {
            #expect(
                errorOf { () throws(JobError) in try received(payload, isTransferred: true) } == expected)
        }
    }

    // MARK: Hostile bytes

    private func payloads() throws -> [Payload] {
        [
            try mixedJob().payload(includesGraph: true), try transferJob().payload(includesGraph: true),
            try storeJob().payload, InquiryJob().payload,
        ]
    }

    @Test("a body that ends early throws, wherever it ends")
    func truncations() throws {
        for payload in try payloads() {
            for count in 0..<payload.body.count {
                let body = Array(payload.body.prefix(count))
                #expect(
                    errorOf { () throws(JobError) in
                        try ReceivedJob(decoding: body, frames: payload.received) { _ in nil }
                    } != nil, "\(count) of \(payload.body.count) bytes")
            }
        }
    }

    @Test("bodies with random bytes changed only throw, or are jobs whose parts fit", arguments: 0..<8)
    func mutations(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        for payload in try payloads() {
            for _ in 0..<400 {
                var body = payload.body
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    body[Int.random(in: body.indices, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
                let result = Result { try ReceivedJob(decoding: body, frames: payload.received) { _ in nil } }
                guard case .success(.tensor(let job)) = result else { continue }
                let outputs = (job.kept + (job.transfer?.kept ?? [])).map(\.output)
                #expect(Set(outputs).count == outputs.count)
                #expect(outputs.allSatisfy(job.graph.graph.outputs.indices.contains))
            }
        }
    }
}
