import Protocol

/// What a broker tells of itself, in the order in which it is shown.
package enum Metric: String, Sendable, CaseIterable {
    case uptime = "fagure_uptime_seconds"
    case workers = "fagure_workers"
    case trainers = "fagure_trainers"
    case connections = "fagure_connections"
    case jobs = "fagure_jobs"
    case dispatched = "fagure_dispatches_total"
    case transferred = "fagure_transfers_total"
    case finished = "fagure_jobs_finished_total"
    case failed = "fagure_jobs_failed_total"
    case requeued = "fagure_requeues_total"
    case dropped = "fagure_dropped_messages_total"
    case refused = "fagure_refused_total"
    case received = "fagure_received_bytes_total"
    case sent = "fagure_sent_bytes_total"
    case flows = "fagure_flows"
    case waitingBytes = "fagure_waiting_bytes"
    case keptBytes = "fagure_kept_bytes"
    case jobTimes = "fagure_job_seconds"
    case queueTimes = "fagure_queue_seconds"

    /// As Prometheus names it: https://prometheus.io/docs/practices/naming.
    package var name: String { rawValue }

    /// What it counts, in one sentence.
    package var help: String {
        switch self {
        case .uptime: "How long the broker has been running."
        case .workers: "Workers with a session, by state."
        case .trainers: "Trainers with a session, by state."
        case .connections: "Connections of peers that have said something."
        case .jobs:
            "Open jobs: waiting for their trainer to send them, queued at a worker, running, or answered with bytes on "
                + "their way."
        case .dispatched: "Jobs sent to workers, every attempt counted."
        case .transferred: "Attempts among them that came from another worker."
        case .finished: "Results that reached the broker and were sent on."
        case .failed: "Failures told to trainers, by reason."
        case .requeued: "Jobs asked for again, by reason."
        case .dropped: "Messages dropped, by reason."
        case .refused: "Connections and messages refused for their keys."
        case .received: "Bytes of messages received from peers."
        case .sent: "Bytes of messages sent to peers."
        case .flows: "Tensors and models on their way in pieces."
        case .waitingBytes: "Bytes that wait until a peer takes them."
        case .keptBytes: "Bytes kept to be sent to several workers."
        case .jobTimes: "From a job's first submit to its end."
        case .queueTimes: "From a dispatch to the worker's word that the job runs."
        }
    }

    /// What Prometheus calls its kind.
    package var type: String {
        switch self {
        case .uptime, .workers, .trainers, .connections, .jobs, .flows, .waitingBytes, .keptBytes: "gauge"
        case .dispatched, .transferred, .finished, .failed, .requeued, .dropped, .refused, .received, .sent:
            "counter"
        case .jobTimes, .queueTimes: "histogram"
        }
    }
}

extension BrokerStatistics {
    /// All of it as Prometheus reads it: https://prometheus.io/docs/instrumenting/exposition_formats.
    package var metricsText: String {
        var text = ""
        for metric in Metric.allCases {
            text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.type)\n"
            for reading in readings(of: metric) {
                // Labels are the broker's own words: nothing in them needs an escape.
                let label = reading.label.isEmpty ? "" : "{\(reading.label)=\"\(reading.kind)\"}"
                text += "\(reading.name)\(label) \(MetricNumber(reading.value))\n"
            }
        }
        return text
    }
}

/// A number as a metric: a whole one without a point.
struct MetricNumber: CustomStringConvertible {
    let description: String

    init(_ value: Double) {
        description = Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
