import Ground
public import Protocol

extension BrokerStatus {
    /// The numbers for other programs, under their names and, where there are several of a name, their kinds.
    public var json: JSONText {
        var members: [JSONText.Member] = []
        for name in names {
            let readings = readings(of: name)
            let isSingle = readings.count == 1 && readings[0].kind.isEmpty
            let value =
                isSingle
                ? JSONText.number(readings[0].value)
                : .object(readings.map { .init($0.kind, .number($0.value)) })
            members.append(.init(name, value))
        }
        return .object(members)
    }

    /// The numbers as lines for people; a broker's words are made fit to be shown.
    public var text: String {
        let lines = [
            "sessions: \(counts("fagure_workers")) workers; \(counts("fagure_trainers")) trainers",
            "open jobs: \(counts("fagure_jobs"))",
            "answers: \(whole("fagure_jobs_finished_total")) results, failures: \(reasons("fagure_jobs_failed_total"))",
            "sent again: \(reasons("fagure_requeues_total"))",
            "messages dropped: \(reasons("fagure_dropped_messages_total")); refused for their keys: "
                + whole("fagure_refused_total"),
            "bytes: \(bytes("fagure_received_bytes_total")) in, \(bytes("fagure_sent_bytes_total")) out, "
                + "\(bytes("fagure_waiting_bytes")) waiting, \(bytes("fagure_kept_bytes")) kept",
            "jobs took: \(times("fagure_job_seconds")); waited at a worker: \(times("fagure_queue_seconds"))",
        ]
        return lines.map(VisibleText.line).joined(separator: "\n")
    }

    private var names: [String] {
        var names: [String] = []
        for reading in readings where names.last != reading.name { names.append(reading.name) }
        return names
    }

    private func whole(_ name: String) -> String { Self.whole(self[name]) }

    private static func whole(_ value: Double) -> String {
        Int64(exactly: value.rounded()).map { "\($0)" } ?? "\(value)"
    }

    /// Such as `2 ready, 1 torpid`.
    private func counts(_ name: String) -> String {
        let shown = readings(of: name).filter { $0.value > 0 }.map { "\(Self.whole($0.value)) \($0.kind)" }
        return shown.isEmpty ? "no" : shown.joined(separator: ", ")
    }

    /// Such as `3 (worker-lost 2, handed-back 1)`.
    private func reasons(_ name: String) -> String {
        let readings = readings(of: name).filter { $0.value > 0 }
        let total = Self.whole(readings.reduce(0) { $0 + $1.value })
        guard !readings.isEmpty else { return total }
        return total + " (\(readings.map { "\($0.kind) \(Self.whole($0.value))" }.joined(separator: ", ")))"
    }

    private func bytes(_ name: String) -> String {
        var (value, unit) = (self[name], "B")
        for next in ["kB", "MB", "GB", "TB"] where value >= 1_000 { (value, unit) = (value / 1_000, next) }
        return unit == "B" ? "\(Self.whole(value)) B" : "\(Optional(value).text(digits: 1)) \(unit)"
    }

    /// Such as `half within 0.005 s, 99 of 100 within 0.1 s`.
    private func times(_ name: String) -> String {
        let classes = readings(of: name + "_bucket")
        guard let total = classes.last?.value, total > 0 else { return "nothing yet" }
        return "half \(edge(classes, 0.5 * total)), 99 of 100 \(edge(classes, 0.99 * total))"
    }

    /// The first class that has so many.
    private func edge(_ classes: [Reading], _ count: Double) -> String {
        guard let index = classes.firstIndex(where: { $0.value >= count }) else { return "longer" }
        guard index < classes.count - 1 else {
            return "longer than \(index > 0 ? classes[index - 1].kind : "0") s"
        }
        return "within \(classes[index].kind) s"
    }
}
