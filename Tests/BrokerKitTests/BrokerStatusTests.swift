import Protocol
import Testing

@testable import BrokerKit

@Suite("Broker machine: status")
struct BrokerStatusTests {
    /// One worker has three jobs in every state, another is missing.
    private static func rig() -> Rig {
        let rig = Rig()
        rig.join(0, trainer("bob", session: 10))
        rig.join(1, worker("anna", session: 11, shards: [0]))
        rig.join(2, worker("eve", session: 12, shards: [1]))
        for job in [1, 2, 3, 4] as [JobID] { rig.say(0, .submit, job: job, target: shard(0).key) }
        rig.now += 20
        rig.say(1, .started, job: 2, attempt: 1)
        rig.now += 200
        rig.say(1, .result, job: 3, attempt: 1)
        rig.fail(1, job: 4, attempt: 1, .executionFailed)
        rig.handle(.disconnected(2))
        rig.say(0, .submit, job: 5, target: shard(1).key)
        return rig
    }

    @Test("sessions and jobs are counted by state")
    func states() {
        let statistics = Self.rig().machine.statistics
        #expect(statistics.workers == .init(ready: 1, missing: 1))
        #expect(statistics.trainers == .init(ready: 1))
        #expect(statistics.jobs == .init(waiting: 1, queued: 1, running: 1))
    }

    @Test("answers, reasons and times are counted")
    func counters() {
        let rig = Self.rig()
        rig.handle(.goodbye(1, Header(.goodbye), reason: "done"))
        let status = BrokerStatus(rig.machine.statistics.readings)
        #expect(status["fagure_jobs_finished_total"] == 1)
        #expect(status["fagure_jobs_failed_total", "execution-failed"] == 1)
        #expect(status["fagure_jobs_failed_total", "worker-lost"] == 2)
        // Four have ended, all after 220 ms, and one had waited for 20 ms when it began.
        #expect(status["fagure_job_seconds_count"] == 4)
        #expect(status["fagure_job_seconds_bucket", "0.1"] == 0)
        #expect(status["fagure_job_seconds_bucket", "0.5"] == 4)
        #expect(status["fagure_job_seconds_sum"] == 0.88)
        #expect(status["fagure_queue_seconds_bucket", "0.025"] == 1)
        #expect(status["fagure_queue_seconds_bucket", "+Inf"] == 1)
    }

    @Test("why jobs are asked for again is counted")
    func requeues() {
        let rig = Self.rig()
        rig.join(3, worker("otto", session: 13, shards: [0]))
        rig.say(3, .heartbeat)
        rig.handle(.goodbye(1, Header(.goodbye), reason: "done"))
        let counters = rig.machine.counters
        #expect(counters[.workerLost] == 2 && counters.resent == 2)
    }

    @Test("codes this version does not know are counted as one")
    func unknownCodes() {
        var counts = FailureCounts()
        for code in [0, 18, 19, .max] as [UInt32] { counts.count(FailureCode(rawValue: code)) }
        counts.count(.poisonous)
        #expect(counts.total == 5)
        #expect(counts.all.map(\.name) == ["poisonous", "other"] && counts.all.map(\.count) == [1, 4])
    }

    @Test("metrics are what Prometheus reads")
    func metrics() throws {
        let text = Self.rig().machine.statistics.metricsText
        let lines = text.split(separator: "\n")
        let sample = /[a-z_]+(\{[a-z]+="[^"\\]*"\})? [0-9.e+-]+/
        var typed: Set<Substring> = []
        for line in lines {
            if line.hasPrefix("# TYPE ") {
                #expect(typed.insert(line.split(separator: " ")[2]).inserted, "\(line)")
            } else if !line.hasPrefix("# HELP ") {
                #expect(line.wholeMatch(of: sample) != nil, "\(line)")
                #expect(typed.contains { line.hasPrefix($0) }, "\(line)")
            }
        }
        #expect(typed.count == Metric.allCases.count && text.hasSuffix("\n"))
        #expect(lines.contains("fagure_workers{state=\"missing\"} 1"))
        #expect(lines.contains("fagure_jobs{state=\"running\"} 1"))
    }

    @Test("readings fit a status, and travel")
    func travels() throws {
        let status = BrokerStatus(Self.rig().machine.statistics.readings)
        #expect(status.readings.count < 100)
        #expect(try BrokerStatus(decoding: status.encoded()) == status)
    }
}
