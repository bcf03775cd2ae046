import Federation

extension RunEvent {
    /// The event as a line for other programs; `nil` for events that only people read.
    public var json: JSONText? {
        switch self {
        case .epoch(let report): report.json
        case .done(let summary): summary.json
        default: nil
        }
    }
}

extension EpochReport {
    /// `{"event":"epoch","epoch":1,…}`: accuracies where classes are learned, else the test part's loss.
    var json: JSONText {
        .object(
            [Member("event", .string("epoch")), Member("epoch", .integer(Int64(epoch)))] + results + costs)
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

    private var costs: [Member] {
        [Member("seconds", .number(seconds.rounded(to: 1_000)))] + presence
            + [
                Member("bytesSent", .integer(Int64(clamping: bytesSent))),
                Member("bytesReceived", .integer(Int64(clamping: bytesReceived))),
            ]
    }

    /// Who took part.
    fileprivate var presence: [Member] {
        [Member("shards", .integer(Int64(shards))), Member("workers", .integer(Int64(workers)))]
    }
}

extension RunSummary {
    /// `{"event":"done",…}`: the last round's results, the run's totals and the model's file.
    var json: JSONText {
        var members: [JSONText.Member] = [
            .init("event", .string("done")), .init("epochs", .integer(Int64(epochs))),
            .init("end", .string(end)),
        ]
        members += last?.results ?? []
        members.append(.init("seconds", .number(seconds.rounded(to: 1_000))))
        members += last?.presence ?? []
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
