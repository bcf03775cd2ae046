import Federation

extension RunEvent {
    /// The event as a line for other programs; `nil` for events that only people read.
    public var json: JSONText? {
        switch self {
        case .started(let start): start.json
        case .epoch(let report): report.json
        case .done(let summary): summary.json
        default: nil
        }
    }
}

extension RunStart {
    /// `{"event":"started",…}`: what is to be learned from, by what, and who judges.
    var json: JSONText {
        .object([
            .init("event", .string("started")), .init("dataset", .string(dataset)),
            .init("model", .string(model)), .init("parameters", .integer(Int64(parameterCount))),
            .init("rounds", .integer(Int64(rounds))), .init("epochs", .integer(Int64(epochs))),
            .init("shards", .integer(Int64(shards))), .init("workers", .integer(Int64(workers))),
            .init("examples", .integer(Int64(examples))), .init("judge", .string(judge.name)),
            .init("testRows", .integer(Int64(judge.rows))), .init("testFile", .string(judge.path)),
            .init("withoutTest", .array(judge.without.map { .string($0) })),
        ])
    }
}

extension EpochReport {
    /// `{"event":"epoch","epoch":1,…}`: accuracies where classes are learned, else the test part's loss.
    var json: JSONText {
        .object(
            [
                Member("event", .string("epoch")), Member("round", .integer(Int64(round))),
                Member("epoch", .integer(Int64(epoch))),
            ] + results + judging + costs)
    }

    fileprivate typealias Member = JSONText.Member

    /// How good the model is.
    fileprivate var results: [Member] {
        let loss = Member("loss", .number(optional: training.meanLoss))
        guard isClassification else { return [loss, Member("testLoss", .number(optional: test?.meanLoss))] }
        return [
            loss, Member("accuracy", .number(optional: training.accuracy)),
            Member("testAccuracy", .number(optional: test?.accuracy)),
        ]
    }

    /// How many rows judged it, and the means of what else was measured on them.
    private var judging: [Member] {
        let rows = Member("testRows", .integer(Int64(test?.examples ?? 0)))
        let metrics = test ?? training
        guard !metrics.others.isEmpty, metrics.examples > 0 else {
            return [rows]
        }
        let means = metrics.others.sorted { $0.key < $1.key }.map { name, sum in
            Member(name, .number(sum / Double(metrics.examples)))
        }
        return [rows, Member("metrics", .object(means))]
    }

    private var costs: [Member] {
        [Member("seconds", .number(seconds.rounded(to: 1_000)))] + presence
            + [
                Member("bytesSent", .integer(Int64(clamping: bytesSent))),
                Member("bytesReceived", .integer(Int64(clamping: bytesReceived))),
            ]
    }

    /// Who took part.
    fileprivate var presence: [Member] {
        [
            Member("shards", .integer(Int64(shards))), Member("missing", .array(missing.map { .string($0) })),
            Member("workers", .integer(Int64(workers))),
        ]
    }
}

extension RunSummary {
    /// `{"event":"done",…}`: the last round's results, the run's totals and the model's file.
    var json: JSONText {
        var members: [JSONText.Member] = [
            .init("event", .string("done")), .init("rounds", .integer(Int64(rounds))),
            .init("epochs", .integer(Int64(epochs))),
            .init("end", .string(end)),
        ]
        if let reason { members.append(.init("reason", .string(reason))) }
        members += last?.results ?? []
        members.append(.init("seconds", .number(seconds.rounded(to: 1_000))))
        members += last?.presence ?? []
        members.append(.init("incompleteRounds", .integer(Int64(incompleteRounds))))
        members += [
            .init("bytesSent", .integer(Int64(clamping: bytesSent))),
            .init("bytesReceived", .integer(Int64(clamping: bytesReceived))),
            .init("model", modelPath.map { .string($0) } ?? .null),
        ]
        return .object(members)
    }
}

extension JSONText {
    fileprivate static func number(optional value: Double?) -> JSONText { value.map { .number($0) } ?? .null }
}

extension Double {
    /// The nearest multiple of a fraction.
    fileprivate func rounded(to fraction: Double) -> Double { (self * fraction).rounded() / fraction }
}
