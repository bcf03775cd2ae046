import Jobs
import Protocol
import Tensor

/// Messages several targets are fed with.
enum SampleMessages {
    /// What is said of a job on its way and at its end.
    static func reports(_ job: JobID, attempt: UInt32) -> [Frames] {
        let progress = JobProgress(batchesDone: 3, batchesTotal: 9, examplesDone: 96)
        let result = JobResult(
            outputs: [(name: "sum", value: TensorValue(scalar: 3))], examples: 30, batches: 4, seconds: 0.25,
            objects: [HeldObject(id: ObjectID(1), type: ValueType(.float32, .scalar))])
        var part = JobResult.Part(outputs: [("w", TensorValue(scalar: 2))], examples: 30, batches: 2)
        part.largest = 2
        let fold = JobResult(
            parts: [part, JobResult.Part(Failure(.executionFailed, "no"))],
            sums: [("w", TensorValue.zeros(ValueType(.int64, .scalar)))], seconds: 0.5)
        let failures: [FailureCode] = [.malformed, .unknownGraph, .overloaded, .noWorker, .draining]
        return [
            Frames(RawBroker.header(.started, job: job, attempt: attempt)),
            Frames(RawBroker.header(.progress, job: job, attempt: attempt), body: progress.encoded()),
            Frames(RawBroker.header(.result, job: job, attempt: attempt), result.payload),
            Frames(RawBroker.header(.result, job: job, attempt: attempt), fold.payload),
        ]
            + failures.map { code in
                Frames(
                    RawBroker.header(.failed, job: job, attempt: attempt),
                    body: Failure(code, "it was \u{1B}[31mnot\u{1B}[0m done\n").encoded())
            }
    }

    /// What a broker says of the session itself; most of it ends what came before.
    static var session: [Frames] {
        [
            Frames(RawBroker.header(.welcome), body: Welcome().encoded()),
            Frames(RawBroker.header(.heartbeat)),
            Frames(
                RawBroker.header(.status),
                body: BrokerStatus([Reading("fagure_jobs", "state", "running", 2), Reading("fagure_up", 1)])
                    .encoded()),
            Frames(RawBroker.header(.reset)),
            Frames(RawBroker.header(.goodbye), body: Goodbye(reason: "done").encoded()),
            Frames(RawBroker.header(.refused), body: Failure(.notPermitted, "go away").encoded()),
        ]
    }

    /// A conversation: changed messages of the corpus, and near its end some that may end it.
    static func conversation(
        _ count: Int, _ corpus: [Frames], _ random: inout Randomness
    ) -> [Frames] {
        (0..<count).map { index in
            let isLate = index >= count - count / 8
            let frames = random.pick(isLate && random.once(in: 2) ? session : corpus)
            var changed = frames.changed(beside: random.pick(corpus), &random)
            // A session that is lost early hears nothing of the rest.
            while !isLate, let command = changed.command,
                [.welcome, .reset, .goodbye, .refused].contains(command)
            {
                changed = random.pick(corpus).changed(beside: random.pick(corpus), &random)
            }
            return changed
        }
    }
}
