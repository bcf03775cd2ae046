import Federation
import Ground

extension RunEvent {
    /// The event as a line for people, with names and reasons made fit to be shown; `nil` for progress, which is
    /// no line.
    public var text: String? { words.map(VisibleText.line) }

    private var words: String? {
        switch self {
        case .waiting(let text): text
        case .started(let start): start.text
        case .progress: nil
        case .epoch(let report): report.text
        case .workerJoined(let name, let shards):
            "worker \(name) joined"
                + (shards.isEmpty ? "" : " with \(shards.listed(atMost: SessionLimits.remarksMaximum))")
        case .workerLeft(let name): "worker \(name) left"
        case .shardLeftOut(let epoch, let shard, let reason):
            (epoch == 0 ? "the statistics of features go" : "epoch \(epoch) goes")
                + " on without \(shard): \(reason)"
        case .brokerLost(let reason): "the broker is out of reach: \(reason)"
        case .brokerReturned: "the broker is back"
        case .notice(let text): text
        case .done(let summary): summary.text
        }
    }

    /// Whether the event is a result, for standard output, not news, for the log.
    public var isResult: Bool {
        switch self {
        case .epoch, .done: true
        default: false
        }
    }

    /// Whether something did not go as it should, which is said even where nothing else is.
    public var isWarning: Bool {
        switch self {
        case .shardLeftOut, .brokerLost, .notice: true
        default: false
        }
    }
}

extension RunStart {
    fileprivate var text: String {
        "training \(model), \(parameterCount) parameters, on \(dataset): \(examples) rows "
            + "in \(shards.counted("shard")) at \(workers.counted("worker")), \(epochs.counted("epoch")); \(judge)"
    }
}

extension EpochReport {
    fileprivate var text: String {
        let width = "\(epochs)".count
        let number = "\(epoch)".padded(to: width)
        var parts = ["epoch \(number)/\(epochs)", "loss \(training.meanLoss.text(digits: 4))"]
        if isClassification { parts.append("accuracy \(training.accuracy.text(digits: 4))") }
        if let test {
            parts.append(
                isClassification
                    ? "test accuracy \(test.accuracy.text(digits: 4))"
                    : "test loss \(test.meanLoss.text(digits: 4))")
        }
        let measured = test ?? training
        for (name, sum) in measured.others.sorted(by: { $0.key < $1.key }) where measured.examples > 0 {
            parts.append("\(name) \(Optional(sum / Double(measured.examples)).text(digits: 4))")
        }
        parts.append("\(Optional(seconds).text(digits: 2)) s")
        parts.append(shards.counted("shard") + without)
        return parts.joined(separator: "  ")
    }
}

extension EpochReport {
    /// Such as ` without north, south and 3 more`.
    private var without: String {
        guard !missing.isEmpty else { return "" }
        return " without \(missing.listed(atMost: SessionLimits.remarksMaximum))"
    }
}

extension RunSummary {
    fileprivate var text: String {
        let time = Optional(seconds).text(digits: 1)
        let verb = end == "finished" ? "done" : end
        let traffic = "\(bytesSent.asBytes) sent, \(bytesReceived.asBytes) received"
        let result = last.map { report in
            guard let test = report.test else { return "" }
            return report.isClassification
                ? ", test accuracy \(test.accuracy.text(digits: 4))"
                : ", test loss \(test.meanLoss.text(digits: 4))"
        }
        let gaps = incompleteRounds > 0 ? ", \(incompleteRounds.counted("round")) without all shards" : ""
        return "\(verb) after \(epochs.counted("epoch")) in \(time) s\(result ?? "")\(gaps), \(traffic)"
            + (modelPath.map { ", model in \($0)" } ?? "")
    }
}

extension Double? {
    /// With so many digits after the point; `-` for nothing.
    func text(digits: Int) -> String {
        guard let self else { return "-" }
        // The sign of a NaN says nothing.
        guard !self.isNaN else { return "nan" }
        guard self.isFinite, self.magnitude < 1e12 else { return "\(self)" }
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        let scaled = Int64((self.magnitude * factor).rounded())
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int64(factor))
        let sign = self < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = "\(rest)"
        return "\(sign)\(whole).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}

extension String {
    /// With spaces before it, up to a width.
    func padded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension Int {
    /// The number and what is counted, in the plural where it is one.
    fileprivate func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

extension UInt64 {
    /// A number of bytes in kB or MB, with one digit after the point.
    fileprivate var asBytes: String {
        self < 1_000_000
            ? "\(Optional(Double(self) / 1e3).text(digits: 1)) kB"
            : "\(Optional(Double(self) / 1e6).text(digits: 1)) MB"
    }
}
