import Protocol
import Tensor
import Testing

@testable import Jobs

@Suite("Folds")
struct FoldTests {
    @Test("a program whose parts fit passes, and names what its finish graph reads")
    func fits() throws {
        let job = try Samples.programJob()
        #expect(refusal(of: job) == nil)
        guard case .fold(let fold) = job.job.compute else { return #expect(Bool(false), "not a fold") }
        #expect(fold.metricCount == 1)
        #expect(fold.finishInputs == [0, 2, 1, 3, 4])
        #expect(Array(job.job.sources[2...]) == [.lastState(0), .metric(0), .examples])
    }

    @Test("each rule is named when it is broken")
    func rules() throws {
        let job = try Samples.programJob()
        func broken(_ change: (inout ProgramJob) -> Void) -> JobError? {
            refusal(of: made(job, change))
        }
        #expect(
            broken { $0.program.columns = ["a", "b"] }
                == .invalid("the step graph has 3 inputs for 1 states, 1 constants and 2 columns"))
        #expect(
            broken {
                $0.program.stateCount = 3
                $0.bindings.append(.value(TensorValue(scalar: 1)))
                $0.program.columns = []
            } == .invalid("the step graph has 2 outputs for 3 states"))
        #expect(
            broken { $0.program.outputs = ["one"] }
                == .invalid("the finish graph has 3 outputs for 1 outputs"))
        #expect(
            broken { $0.bindings.removeLast() }
                == .invalid("the step graph has 3 inputs for 1 states, 0 constants and 1 columns"))
        #expect(broken { $0.program.schedule.epochs = 0 } == .invalid("epochs is 0, allowed is 1...1000000"))
        #expect(
            broken { $0.program.schedule.batchSize = 0 }
                == .invalid("batch size is 0, allowed is 1...16777216"))
        #expect(broken { $0.program.schedule.batchSize = 1 << 25 } != nil)
    }

    @Test("sources stand where they mean something, or the job is refused by what is wrong")
    func sources() throws {
        let job = try Samples.foldJob()
        func broken(_ change: (inout Job, inout Fold) -> Void) -> JobError? {
            var job = job
            guard case .fold(var fold) = job.compute else { return nil }
            change(&job, &fold)
            job.compute = .fold(fold)
            return refusal(of: job)
        }
        #expect(broken { _, _ in } == nil)
        #expect(broken { $1.states = [99] } == .malformed("source 99 of 10"))
        #expect(broken { $1.finishInputs[0] = -1 } == .malformed("source -1 of 10"))
        #expect(
            broken { $1.constants = [5] }
                == .malformed("source 5 is what a fold ends with, and is needed where it begins"))
        #expect(broken { job, _ in job.sources[3] = .lastState(1) } == .invalid("state 1 of 1"))
        #expect(broken { job, _ in job.sources[4] = .metric(1) } == .invalid("metric 1 of 1"))
        let column = ColumnReference(
            shard: ShardReference(dataset: "toy", site: "north"), part: .train, name: "features")
        #expect(
            broken { job, _ in job.sources[1] = .column(column) }
                == .invalid("source 1 is a whole column, of which a fold reads batches"))
        #expect(
            broken { $1.finishInputs.removeLast() }
                == .invalid("the finish graph has 5 inputs for 4 sources"))
        #expect(broken { $1.shards = [] } == .invalid("a fold has at least one shard"))
        #expect(
            broken { $1.shards[1] = $1.shards[0] } == .invalid("shard toy 0/4 (iid:0) stands there twice"))
        #expect(
            broken { job, _ in job.outputs[0].destination = .object(ObjectID(1)) }
                == .invalid("what several shards gave becomes no object: it is released, or kept as a state"))
        #expect(
            broken { job, _ in job.outputs[0].destination = job.outputs[1].destination }
                == .malformed("state next is kept twice"))
        let huge = ValueType(.float32, try Shape([1 << 15, 1 << 15]))
        #expect(
            broken { job, _ in job.sources += [.zeros(huge), .zeros(huge)] }
                == .limitExceeded(
                    what: "bytes of zeros and random numbers", got: 2 * huge.byteCount + 24,
                    limit: JobLimits.planByteCountMaximum))
        let whole = ValueType(.int64, .scalar)
        #expect(
            broken { job, _ in job.sources.append(.random(Job.Draw(seed: 1, .normal, whole))) }
                == .invalid("random numbers are float32, not int64"))
    }

    @Test(
        "a sum comes back as it was; in units nobody counts in, without a fold or beside a transfer it is refused"
    )
    func sums() throws {
        let units = try #require(SumUnits(exponent: -37, limit: 16))
        var job = try Samples.foldJob()
        job.outputs[0].destination = .sum(units, byExamples: true)
        let payload = job.payload(includesGraphs: true)
        let back = try Job(decoding: payload.body, frames: payload.received) { _ in nil }
        #expect(back.outputs == job.outputs && back.summedOutputs.map(\.output) == [0])
        #expect(back.partOutputs == [2] && back.leavingOutputs == [0, 2])
        for (exponent, limit) in [(513, 16), (-513, 16), (0, 0), (0, -1), (0, Float.nan), (0, .infinity)] {
            var wire = JobBody()
            wire.job.outputs = [JobOutput()]
            wire.job.outputs[0].sum.exponent = Int32(exponent)
            wire.job.outputs[0].sum.limit = limit
            let body = serialise(wire)
            let error = errorOf { () throws(JobError) in try Job(decoding: body, frames: []) { _ in nil } }
            guard case .malformed(let reason)? = error else {
                return #expect(Bool(false), "\(limit) was taken")
            }
            #expect(reason.contains("2^\(exponent)"))
        }
        let value = Job.Source.value(TensorValue(scalar: 1))
        #expect(
            refusal(of: Job(sources: [value], outputs: [Job.Output(to: .sum(units, byExamples: false))]))
                == .malformed("a sum is over the shards of a fold"))
    }

    @Test("without a fold there are no states, and nothing it ends with")
    func withoutFold() throws {
        let state = Job.State(run: Identifier(high: 1, low: 2), name: "s")
        for source in [.state(state), .firstState(0), .lastState(0), .metric(0), .examples] as [Job.Source] {
            #expect(refusal(of: Job(sources: [source])) != nil)
            let job = try Samples.tensorJob().job
            #expect(refusal(of: made(job) { $0.sources[0] = source }) != nil)
        }
        let value = Job.Source.value(TensorValue(scalar: 1))
        #expect(
            refusal(of: Job(sources: [value], outputs: [Job.Output(to: .state(state))]))
                == .malformed("a state is kept of a fold alone"))
        #expect(
            refusal(of: Job(sources: [value], outputs: Array(repeating: Job.Output(to: .release), count: 2)))
                == .malformed("2 destinations for 1 outputs"))
    }

    @Test("a value that is there twice travels once, and zeros not at all")
    func travelsOnce() throws {
        let big = try Samples.value(byteCount: 40_000)
        let zeros = Job.Source.zeros(big.type)
        var job = try Samples.programJob()
        job.program.stateCount = 2
        job.bindings = [.value(big), zeros, .value(big), zeros]
        let payload = job.job.payload(includesGraphs: false)
        #expect(payload.frames.count == 1 && payload.byteCount < 40_000 + 400)
        guard case .fold(let fold) = job.job.compute else { return #expect(Bool(false), "not a fold") }
        #expect(fold.states == [0, 1] && fold.constants == [0, 1])
    }

    private func refusal(of job: ProgramJob) -> JobError? { refusal(of: job.job) }

    private func refusal(of job: Job) -> JobError? { errorOf { () throws(JobError) in try job.check() } }
}
