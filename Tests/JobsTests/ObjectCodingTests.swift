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

    private func storeJob() throws -> Job {
        Job(
            keeping: [
                (ObjectID(1), try Samples.value(byteCount: 100_000)), (ObjectID(2), TensorValue(scalar: 4)),
                (ObjectID(3), try TensorValue([] as [Int64], shape: [0, 2])),
            ], released: [ObjectID(9)])
    }

    private func received(_ payload: Payload, isTransferred: Bool = false) throws(JobError) -> Job {
        try Job(decoding: payload.body, frames: payload.received, isTransferred: isTransferred) { _ in
            nil
        }
    }

    private func refusal(of job: TensorJob) -> JobError? { refusal(of: job.job) }

    private func refusal(of job: Job) -> JobError? {
        errorOf { () throws(JobError) in try received(job.payload(includesGraphs: true)) }
    }

    // MARK: Round trips

    @Test("bindings of every kind, kept and released objects come back as they were")
    func tensorJob() throws {
        for job in [try mixedJob(), try transferJob()] {
            #expect(try received(job.job.payload(includesGraphs: true)) == job.job)
        }
        let fold = try Samples.foldJob()
        #expect(try received(fold.payload(includesGraphs: true)) == fold)
    }

    @Test("a store comes back as it was, an empty one too")
    func store() throws {
        for job in [try storeJob(), Job()] {
            for isTransferred in [false, true] {
                var job = job
                if isTransferred { job.released = [] }
                #expect(
                    try received(job.payload(includesGraphs: false), isTransferred: isTransferred) == job)
            }
        }
        #expect(try received(storeJob().payload(includesGraphs: false)).graphs.isEmpty)
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
                let payload = job.job.payload(includesGraphs: false)
                let fresh = try Job(decoding: payload.body, frames: payload.received) { _ in graph }
                let again = try Job(
                    decoding: payload.body, frames: payload.received, isTransferred: false, parsed: &parsed
                ) { _ in graph }
                #expect(fresh == job.job && again == job.job)
            }
        }
    }

    @Test("an inquiry and its answer come back as they were")
    func inquiry() throws {
        let job = Job(released: [ObjectID(3)], listsObjects: true)
        #expect(try received(job.payload(includesGraphs: false)) == job)
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
        #expect(try received(job.job.payload(includesGraphs: true)) == job.job)
    }

    @Test("a body kept for plain jobs is not sent for one that keeps, transfers, releases or binds objects")
    func bodiesDoNotMix() throws {
        let plain = try Samples.tensorJob()
        let body = plain.job.payload(includesGraphs: false).body
        #expect(plain.job.payload(includesGraphs: false).body == body)
        var others = Array(repeating: plain, count: 4)
        others[0].kept = [TensorJob.Kept(output: 0, object: ObjectID(1))]
        others[1].released = [ObjectID(1)]
        others[2].transfer = TensorJob.Transfer(worker: Self.worker, kept: [])
        others[3].bindings.append(.object(ObjectID(2)))
        for other in others {
            #expect(other.job.payload(includesGraphs: false).body != body)
            #expect(plain.job.payload(includesGraphs: false).body == body)
        }
    }

    // MARK: Refusals

    @Test("outputs that are not there, go two ways or would come back from a transfer are refused")
    func outputs() throws {
        var job = try mixedJob()
        job.kept = [TensorJob.Kept(output: 2, object: ObjectID(1))]
        #expect(refusal(of: job) == .malformed("3 destinations for 2 outputs"))
        job.kept = [.init(output: 0, object: ObjectID(1)), .init(output: 0, object: ObjectID(2))]
        #expect(refusal(of: job) == .malformed("3 destinations for 2 outputs"))
        job.kept = [.init(output: 0, object: ObjectID(1)), .init(output: 1, object: ObjectID(1))]
        #expect(refusal(of: job) == .malformed("object 1 is kept twice"))
        job = try transferJob()
        job.kept = [TensorJob.Kept(output: 1, object: ObjectID(1))]
        #expect(refusal(of: job) == .malformed("3 destinations for 2 outputs"))
        job.kept = []
        #expect(
            refusal(of: job) == .malformed("output 0 would come back: a transfer brings nothing back"))
        job.transfer = TensorJob.Transfer(
            worker: Self.worker,
            kept: [.init(output: 0, object: ObjectID(1)), .init(output: 1, object: ObjectID(1))])
        #expect(refusal(of: job) == .malformed("object 1 is kept twice"))
        var store = try storeJob()
        store.outputs[1].destination = .object(ObjectID(1))
        #expect(refusal(of: store) == .malformed("object 1 is kept twice"))
        store.outputs = [
            Job.Output(to: .transfer(Self.worker, ObjectID(1))),
            Job.Output(to: .transfer(SessionID(high: 1, low: 1), ObjectID(2))),
            Job.Output(to: .object(ObjectID(3))),
        ]
        #expect(refusal(of: store) == .malformed("a job transfers to one worker"))
    }

    @Test("sources, workers and columns that are none are refused")
    func references() throws {
        func refusal(_ job: Job, _ change: (inout JobJob) -> Void) throws -> JobError? {
            let payload = job.payload(includesGraphs: true)
            var wire = try parse(JobBody.self, payload.body)
            change(&wire.job)
            let body = serialise(wire)
            return errorOf { () throws(JobError) in
                try Job(decoding: body, frames: payload.received) { _ in nil }
            }
        }
        let job = try transferJob().job, fold = try Samples.foldJob()
        #expect(try refusal(job) { _ in } == nil)
        #expect(
            try refusal(job) { $0.sources[0].kind = nil } == .malformed("a source is of no kind known here"))
        let short = ProtocolError.malformed("an identifier has 16 bytes, got 15")
        #expect(
            try refusal(job) { $0.outputs[1].transfer.worker.removeLast() }
                == .malformed("the worker of a transfer: \(short)"))
        #expect(
            try refusal(job) { $0.sources[0].column = JobColumn() }
                == .malformed("shard 0/0 is out of range"))
        #expect(
            try refusal(job) { $0.sources[0].column.shard.count = 1 }
                == .malformed("a column is of neither the train nor the held-out part"))
        #expect(
            try refusal(fold) { $0.sources[6].state.run.removeLast() }
                == .malformed("the run of a state: \(short)"))
        #expect(
            try refusal(fold) { $0.sources[6].state.name = String(repeating: "s", count: 257) }
                == .limitExceeded(what: "bytes of a state's name", got: 257, limit: 256))
        #expect(
            try refusal(fold) { $0.sources[7].random.distribution = .unspecified }
                == .malformed("random numbers of no distribution known here"))
        #expect(
            try refusal(fold) { $0.ended.removeLast() }
                == .malformed("ended runs of 16 bytes each make 31"))
        for (code, name) in [(5, "float64"), (6, "bool"), (7, "float16"), (8, "bfloat16"), (9, "int8")] {
            #expect(
                try refusal(fold) { $0.sources[0].zeros.elementType = UInt32(code) }
                    == .malformed("element type \(code) (\(name)), which is reserved, not supported yet"))
        }
        #expect(
            try refusal(fold) { $0.sources[0].zeros.elementType = 10 }
                == .malformed("unknown element type 10"))
    }

    @Test("a part of a job that is not known here is not passed over")
    func unknownFields() throws {
        let payload = try Samples.foldJob().payload(includesGraphs: true)
        // Field 15, a varint.
        let unknown: [UInt8] = [0x78, 1]
        func refusal(_ name: String, _ change: (inout JobBody) throws -> Void) throws {
            var wire = try parse(JobBody.self, payload.body)
            try change(&wire)
            let body = serialise(wire)
            #expect(
                errorOf { () throws(JobError) in
                    try Job(decoding: body, frames: payload.received) { _ in nil }
                } == .malformed("fagure.job.\(name) has a field that is not known here"))
        }
        try refusal("Body") { $0 = try parse(JobBody.self, serialise($0) + unknown) }
        try refusal("Job") { $0.job = try parse(JobJob.self, serialise($0.job) + unknown) }
        try refusal("Output") { $0.job.outputs[0] = try parse(JobOutput.self, unknown) }
        try refusal("Fold") { $0.job.fold = try parse(JobFold.self, serialise($0.job.fold) + unknown) }
        try refusal("Schedule") { $0.job.fold.schedule = try parse(JobSchedule.self, unknown) }
        try refusal("FoldShard") { $0.job.fold.shards[1] = try parse(JobFoldShard.self, unknown) }
    }

    @Test("more kept, stored or released objects than allowed are refused")
    func counts() throws {
        var job = try transferJob()
        let many = (0...UInt64(JobLimits.tensorsMaximum)).map {
            TensorJob.Kept(output: 0, object: ObjectID($0))
        }
        job.kept = many
        #expect(refusal(of: job) == .limitExceeded(what: "outputs", got: 4_098, limit: 4_096))
        job = try mixedJob()
        job.released = Array(repeating: ObjectID(1), count: JobLimits.releasedObjectsMaximum + 1)
        #expect(refusal(of: job) == .limitExceeded(what: "released objects", got: 65_537, limit: 65_536))
        let store = Job(keeping: many.map { ($0.object, TensorValue(scalar: 0)) })
        #expect(refusal(of: store) == .limitExceeded(what: "sources", got: 4_097, limit: 4_096))
        var fold = try Samples.foldJob()
        fold.ended = Array(repeating: Self.worker, count: JobLimits.endedRunsMaximum + 1)
        #expect(refusal(of: fold) == .limitExceeded(what: "ended runs", got: 1_025, limit: 1_024))
        guard case .fold(var shards) = fold.compute else { return #expect(Bool(false), "not a fold") }
        shards.shards = Array(repeating: shards.shards[0], count: JobLimits.shardsMaximum + 1)
        fold.compute = .fold(shards)
        #expect(refusal(of: fold) == .limitExceeded(what: "shards", got: 16_385, limit: 16_384))
    }

    @Test("what another worker passes on may only bring tensors, whether or not its graph is known")
    func transferred() throws {
        let expected = JobError.malformed("a job from another worker may only bring tensors to be kept")
        for payload in [
            try mixedJob().job.payload(includesGraphs: false),
            try transferJob().job.payload(includesGraphs: true),
            try Samples.programJob().job.payload(includesGraphs: true),
            Job(listsObjects: true).payload(includesGraphs: false),
            Job(released: [ObjectID(1)]).payload(includesGraphs: false),
        ] {
            #expect(
                errorOf { () throws(JobError) in try received(payload, isTransferred: true) } == expected)
        }
    }

    // MARK: Hostile bytes

    private func payloads() throws -> [Payload] {
        [
            try mixedJob().job.payload(includesGraphs: true),
            try transferJob().job.payload(includesGraphs: true),
            try storeJob().payload(includesGraphs: false),
            try Samples.foldJob().payload(includesGraphs: true),
            Job(listsObjects: true).payload(includesGraphs: false),
        ]
    }

    @Test("a body that ends early throws, wherever it ends")
    func truncations() throws {
        for payload in try payloads() {
            for count in 0..<payload.body.count {
                let body = Array(payload.body.prefix(count))
                #expect(
                    errorOf { () throws(JobError) in
                        try Job(decoding: body, frames: payload.received) { _ in nil }
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
                let result = Result { try Job(decoding: body, frames: payload.received) { _ in nil } }
                guard case .success(let job) = result else { continue }
                #expect(job.outputs.isEmpty || job.outputs.count == job.outputCount)
                #expect(errorOf { () throws(JobError) in try job.check() } == nil)
            }
        }
    }
}
