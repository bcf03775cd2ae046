import Testing

@testable import Tensor

@Suite("Processor")
struct ProcessorTests {
    @Test("what is computed with has a name and a version")
    func summary() {
        #expect(Processor.summary.contains(", oneDNN 2.") || Processor.summary.contains(", oneDNN 3."))
        #expect(!Processor.instructions.isEmpty)
    }

    @Test("errors say what was asked for and what there is")
    func sentences() {
        #expect("\(ProcessorError.tooLate(.avx2))".contains("avx2"))
        #expect("\(ProcessorError.lacks(.avx2, has: "sse41"))".contains("there is sse41"))
    }
}
