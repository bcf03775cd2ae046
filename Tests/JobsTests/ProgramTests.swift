import Jobs
import Tensor
import Testing

@Suite("Programs")
struct ProgramTests {
    @Test("a program whose parts fit passes")
    func fits() throws {
        let job = try Samples.programJob()
        #expect(refusal(of: job) == nil)
        #expect(job.program.metricCount == 1)
    }

    @Test("each rule is named when it is broken")
    func rules() throws {
        let job = try Samples.programJob()
        func broken(_ change: (inout ProgramJob) -> Void) -> JobError? {
            var job = job
            change(&job)
            return refusal(of: job)
        }
        #expect(broken { $0.program.stateCount = -1 } == .invalid("state and constant counts are negative"))
        #expect(
            broken { $0.program.columns = ["a", "b"] }
                == .invalid("the step graph has 3 inputs for 1 state, 1 constants and 2 columns"))
        #expect(
            broken {
                $0.program.stateCount = 3
                $0.program.constantCount = 0
                $0.program.columns = []
            } == .invalid("the step graph has 2 outputs for 3 state"))
        #expect(
            broken {
                $0.program.constantCount = 0
                $0.program.columns = ["a", "b"]
            } == .invalid("the finish graph has 5 inputs, expected 4"))
        #expect(
            broken { $0.program.outputs = [] } == .invalid("the finish graph has 3 outputs for 0 names"))
        #expect(
            broken { $0.bindings.removeLast() } == .invalid("1 bindings for 1 state and 1 constants"))
        #expect(broken { $0.program.schedule.epochs = 0 } == .invalid("epochs is 0, allowed is 1...1000000"))
        #expect(
            broken { $0.program.schedule.batchSize = 0 }
                == .invalid("batch size is 0, allowed is 1...16777216"))
        #expect(broken { $0.program.schedule.batchSize = 1 << 25 } != nil)
    }

    private func refusal(of job: ProgramJob) -> JobError? {
        errorOf { () throws(JobError) in try job.program.check(bindingCount: job.bindings.count) }
    }
}
