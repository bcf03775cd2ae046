import Ground
import Jobs
import Protocol
import Tensor
import TestSupport
import Testing

@Suite("Jobs on the wire")
struct JobCodingTests {
    @Test("a tensor job with its graph comes back as it was")
    func tensorJobRoundTrip() throws {
        let job = try Samples.tensorJob()
        let payload = job.job.payload(includesGraphs: true)
        let received = try Job(decoding: payload.body, frames: payload.received) { _ in nil }
        #expect(received == job.job)
        #expect(received.graphs.map(\.hash) == [job.graph.hash])
        let outputs = try received.graphs[0].graph.evaluate(received.values)
        #expect(try outputs[0].floats == [12, 202, 3_002, 42, 502, 6_002])
        #expect(try outputs[1].scalar() == 9_762)
    }

    @Test("a graph the worker has travels as 32 bytes")
    func hashAlone() throws {
        let job = try Samples.tensorJob()
        let payload = job.job.payload(includesGraphs: false)
        #expect(payload.body.count < job.job.payload(includesGraphs: true).body.count - 60)
        let known = [job.graph.hash: job.graph]
        let received = try Job(decoding: payload.body, frames: payload.received) { known[$0] }
        #expect(received.graphs.map(\.bytes) == [job.graph.bytes])
    }

    @Test("a program comes back as it was, with graphs or without")
    func programRoundTrip() throws {
        let job = try Samples.programJob()
        let known = [job.program.step.hash: job.program.step, job.program.finish.hash: job.program.finish]
        for includesGraphs in [true, false] {
            let payload = job.job.payload(includesGraphs: includesGraphs)
            let received = try Job(decoding: payload.body, frames: payload.received) {
                includesGraphs ? nil : known[$0]
            }
            #expect(received == job.job)
            #expect(received.graphs.map(\.bytes) == [job.program.step.bytes, job.program.finish.bytes])
        }
    }

    @Test(
        "a schedule without seed and limit comes back without them",
        arguments: [
            Program.Schedule(batchSize: 1),
            Program.Schedule(epochs: 2, batchSize: 32, shuffleSeed: 0),
            Program.Schedule(epochs: 2, batchSize: 32, shuffleSeed: .max, batchLimit: 1),
        ])
    func schedules(schedule: Program.Schedule) throws {
        var job = try Samples.programJob()
        job.program.schedule = schedule
        let payload = job.job.payload(includesGraphs: true)
        let received = try Job(decoding: payload.body, frames: payload.received) { _ in nil }
        guard case .fold(let fold) = received.compute else { return #expect(Bool(false), "not a fold") }
        #expect(fold.schedule(of: fold.shards[0]) == schedule)
    }

    @Test("every graph that is missing is named at once")
    func unknownGraphs() throws {
        let job = try Samples.programJob()
        let payload = job.job.payload(includesGraphs: false)
        let error = errorOf { () throws(JobError) in
            try Job(decoding: payload.body, frames: payload.received) { _ in nil }
        }
        #expect(error == .unknownGraph([job.program.step.hash, job.program.finish.hash]))
        let half = errorOf { () throws(JobError) in
            try Job(decoding: payload.body, frames: payload.received) {
                $0 == job.program.step.hash ? job.program.step : nil
            }
        }
        #expect(half == .unknownGraph([job.program.finish.hash]))
        #expect("\(try #require(half))" == "unknown graph \(job.program.finish.hash)")
    }

    @Test("graph bytes that do not hash to what the job says are refused")
    func hashMismatch() throws {
        let graph = try SealedGraph(Samples.graph()), other = try SealedGraph(Samples.graph(named: "y"))
        let error = errorOf { () throws(JobError) in
            try SealedGraph(decoding: graph.bytes, expecting: other.hash)
        }
        #expect(error == .malformed("graph bytes hash to \(graph.hash), the job says \(other.hash)"))
    }

    @Test("a body that ends early throws, wherever it ends")
    func truncations() throws {
        for payload in [
            try Samples.tensorJob().job.payload(includesGraphs: true),
            try Samples.programJob().job.payload(includesGraphs: true),
        ] {
            for count in 0..<payload.body.count {
                let body = Array(payload.body.prefix(count))
                #expect(
                    errorOf { () throws(JobError) in
                        try Job(decoding: body, frames: payload.received) { _ in nil }
                    } != nil, "\(count) of \(payload.body.count) bytes")
            }
        }
    }

    @Test("frames that are missing, short or swapped throw")
    func frames() throws {
        let job = TensorJob(
            graph: try SealedGraph(Samples.graph()),
            bindings: [
                try TensorValue([Float](repeating: 1, count: 6_000), shape: [2_000, 3]),
                try TensorValue([1, 2, 3] as [Float]),
            ])
        let payload = job.job.payload(includesGraphs: true)
        let frames = payload.received
        #expect(frames.count == 2)
        for wrong in [
            [], [frames[0]], [frames[1], frames[0]], [frames[0], frames[0]],
            [Storage(byteCount: 0), frames[1]],
        ] {
            #expect(
                errorOf { () throws(JobError) in
                    try Job(decoding: payload.body, frames: wrong) { _ in nil }
                } != nil)
        }
    }

    @Test("bodies with random bytes changed only throw, or are jobs that can be read", arguments: 0..<8)
    func mutations(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        for payload in [
            try Samples.tensorJob().job.payload(includesGraphs: true),
            try Samples.programJob().job.payload(includesGraphs: true),
            try Samples.programJob().job.payload(includesGraphs: false),
        ] {
            for _ in 0..<400 {
                var body = payload.body
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    body[Int.random(in: body.indices, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
                let result = Result { try Job(decoding: body, frames: payload.received) { _ in nil } }
                if case .success(let job) = result { #expect(job.graphs.count <= 2) }
            }
        }
    }

    @Test("noise throws", arguments: 0..<64)
    func noise(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed) &+ 1_000)
        let body = (0..<Int.random(in: 1...200, using: &random)).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        #expect(
            errorOf { () throws(JobError) in
                try Job(decoding: body, frames: []) { _ in nil }
            } != nil)
    }

    @Test("a body over the limit is not even parsed")
    func bodyLimit() {
        let body = [UInt8](repeating: 0, count: JobLimits.bodyByteCountMaximum + 1)
        #expect(
            errorOf { () throws(JobError) in
                try Job(decoding: body, frames: []) { _ in nil }
            }
                == .limitExceeded(
                    what: "bytes of a body", got: body.count, limit: JobLimits.bodyByteCountMaximum))
    }

    @Test("more bindings, columns or outputs than allowed are refused")
    func counts() throws {
        var job = try Samples.tensorJob()
        job.bindings = Array(repeating: .value(TensorValue(scalar: 1)), count: JobLimits.tensorsMaximum + 1)
        let payload = job.job.payload(includesGraphs: true)
        #expect(
            errorOf { () throws(JobError) in
                try Job(decoding: payload.body, frames: payload.received) { _ in nil }
            } == .limitExceeded(what: "sources", got: 4_097, limit: 4_096))

        var program = try Samples.programJob()
        program.program.columns = Array(repeating: "c", count: JobLimits.columnsMaximum + 1)
        #expect(refusal(of: program) == .limitExceeded(what: "columns", got: 1_025, limit: 1_024))
        program = try Samples.programJob()
        program.program.outputs = Array(repeating: "o", count: JobLimits.tensorsMaximum + 1)
        #expect(refusal(of: program) == .limitExceeded(what: "outputs", got: 4_097, limit: 4_096))
        program = try Samples.programJob()
        program.program.shard = ShardReference(dataset: "toy", partition: "iid:0", index: 4, count: 4)
        #expect(refusal(of: program) == .malformed("shard 4/4 is out of range"))
    }

    private func refusal(of job: ProgramJob) -> JobError? {
        let payload = job.job.payload(includesGraphs: true)
        return errorOf { () throws(JobError) in
            try Job(decoding: payload.body, frames: payload.received) { _ in nil }
        }
    }
}
