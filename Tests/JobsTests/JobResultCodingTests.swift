import Jobs
import Protocol
import Tensor
import TestSupport
import Testing

@Suite("Results on the wire")
struct JobResultCodingTests {
    @Test("a result comes back as it was, names and counts included")
    func roundTrip() throws {
        let values = [
            try TensorValue([1.5, -2, .infinity] as [Float]),
            try TensorValue([1, 2] as [Int64], shape: [2, 1]),
            try Samples.value(byteCount: 100_000),
        ]
        let result = Samples.result(values)
        let payload = result.payload
        let back = try JobResult(decoding: payload.body, frames: payload.received)
        #expect(back.outputs.map(\.value) == values)
        #expect(back.outputs.map(\.name) == ["output 0", "output 1", "output 2"])
        #expect(back["output 1"] == values[1])
        #expect(back["other"] == nil)
        #expect(back.examples == 30)
        #expect(back.batches == 4)
        #expect(back.seconds == 0.25)
    }

    @Test("sums over shards come back beside the parts")
    func sums() throws {
        var part = JobResult.Part(outputs: [("loss", TensorValue(scalar: 2))], examples: 7, batches: 2)
        part.largest = 1.5
        let sum = try TensorValue([Int64.max, -1, 0])
        let payload = JobResult(
            parts: [part, JobResult.Part(Failure(.executionFailed, "no"))], sums: [("w", sum)], seconds: 0.5
        ).payload
        let back = try JobResult(decoding: payload.body, frames: payload.received)
        #expect(back.sums.map(\.name) == ["w"] && back.sums.map(\.value) == [sum])
        #expect(back.parts.map(\.largest) == [1.5, 0] && back.parts[1].failure?.code == .executionFailed)
    }

    @Test("a body that ends early or is noise only throws, or is another result")
    func hostile() throws {
        let payload = Samples.result([TensorValue(scalar: 1), TensorValue(scalar: 2)]).payload
        var random = SplitMix64(seed: 5)
        for count in 0..<payload.body.count {
            _ = errorOf { () throws(JobError) in
                try JobResult(decoding: Array(payload.body.prefix(count)), frames: payload.received)
            }
            var body = payload.body
            body[count] = UInt8.random(in: 0...255, using: &random)
            _ = errorOf { () throws(JobError) in try JobResult(decoding: body, frames: payload.received) }
        }
        // Cut within its last field, whatever that is.
        #expect(
            errorOf { () throws(JobError) in
                try JobResult(decoding: Array(payload.body.dropLast()), frames: payload.received)
            } != nil)
    }

    @Test("a result with more outputs than allowed is refused")
    func limit() {
        let values = Array(repeating: TensorValue(scalar: 1), count: JobLimits.tensorsMaximum + 1)
        let payload = Samples.result(values).payload
        #expect(
            errorOf { () throws(JobError) in
                try JobResult(decoding: payload.body, frames: payload.received)
            } == .limitExceeded(what: "outputs", got: 4_097, limit: 4_096))
    }
}
