package import Protocol

extension BrokerStatistics {
    /// All of it as readings, those of a metric together, in the order of `Metric`.
    package var readings: [Reading] { Metric.allCases.flatMap(readings) }

    func readings(of metric: Metric) -> [Reading] {
        switch metric {
        case .uptime: one(metric, Double(uptimeMilliseconds) / 1_000)
        case .workers:
            peers(
                metric,
                [
                    ("ready", workers.ready), ("torpid", workers.torpid), ("draining", workers.draining),
                    ("missing", workers.missing),
                ])
        case .trainers: peers(metric, [("ready", trainers.ready), ("missing", trainers.missing)])
        case .connections: one(metric, Double(connections))
        case .jobs:
            peers(
                metric,
                [
                    ("waiting", jobs.waiting), ("queued", jobs.queued), ("running", jobs.running),
                    ("answered", jobs.answered),
                ])
        case .dispatched: one(metric, Double(counters.dispatched))
        case .transferred: one(metric, Double(counters.transferred))
        case .finished: one(metric, Double(counters.finished))
        case .failed:
            counters.failures.all.map { Reading(metric.name, "reason", $0.name, Double($0.count)) }
        case .requeued:
            RequeueReason.allCases.map { Reading(metric.name, "reason", $0.name, Double(counters[$0])) }
        case .dropped:
            peers(
                metric, label: "reason",
                [("late", counters.late), ("unexpected", counters.unexpected), ("garbage", counters.garbage)])
        case .refused: one(metric, Double(refused))
        case .received: one(metric, Double(receivedBytes))
        case .sent: one(metric, Double(sentBytes))
        case .flows: one(metric, Double(flows))
        case .waitingBytes: one(metric, Double(waitingBytes))
        case .keptBytes: one(metric, Double(keptBytes))
        case .jobTimes: times(metric, counters.jobTimes)
        case .queueTimes: times(metric, counters.queueTimes)
        }
    }

    private func one(_ metric: Metric, _ value: Double) -> [Reading] { [Reading(metric.name, value)] }

    private func peers(
        _ metric: Metric, label: String = "state", _ counts: [(name: String, count: some BinaryInteger)]
    ) -> [Reading] {
        counts.map { Reading(metric.name, label, $0.name, Double($0.count)) }
    }

    /// A Prometheus histogram: classes add up, the last is all.
    private func times(_ metric: Metric, _ times: TimeCounts) -> [Reading] {
        var total: UInt64 = 0
        var readings: [Reading] = []
        for (index, count) in times.counts.enumerated() {
            total += count
            let edge =
                index < TimeCounts.edges.count
                ? "\(MetricNumber(Double(TimeCounts.edges[index]) / 1_000))" : "+Inf"
            readings.append(Reading(metric.name + "_bucket", "le", edge, Double(total)))
        }
        readings.append(Reading(metric.name + "_sum", Double(times.totalMilliseconds) / 1_000))
        readings.append(Reading(metric.name + "_count", Double(total)))
        return readings
    }
}
