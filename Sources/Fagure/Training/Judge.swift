import Federation
import Jobs
import Protocol

/// Judges a model by rows it has not learned from: at the trainer where it has some, else at the workers.
struct Judge: Sendable {
    /// What came of judging a model.
    struct Verdict: Sendable {
        /// The sums over all rows asked; `nil` where there are none.
        var metrics: Metrics?
        /// Shards whose workers would not, or could not, judge, and why.
        var refusals: [(shard: ShardReference, Failure)] = []
    }

    let lesson: Lesson
    let session: Session
    /// The trainer's own rows, where it has some.
    let local: LocalEvaluation?
    /// Shards with rows held out.
    let shards: [ShardDescription]
    /// Which of them are asked together.
    let grouping: Grouping
    /// The names of workers.
    let names: [SessionID: String]
    /// How long an answer may take.
    let timeout: Duration?
    /// How long a worker may say nothing of its job.
    let silence: Duration?
    /// Told the position of each shard that has answered.
    let answered: @Sendable (Int) -> Void

    /// Judges a model. Of the workers' rows, those of a shard whose worker is lost meanwhile are left out.
    func verdict(on model: ModelState, _ scaling: Scaling) async -> Result<Verdict, Failure> {
        if let local {
            do {
                return .success(Verdict(metrics: try await local.metrics(of: model, scaling)))
            } catch {
                return .failure(Failure(.executionFailed, "\(error)"))
            }
        }
        let answers = await self.answers(on: model, scaling)
        var verdict = Verdict()
        let hasNumbers = answers.contains { (try? $0.1.get())?.isFinite == true }
        for (index, answer) in answers {
            switch answer {
            case .success(let metrics) where hasNumbers && !metrics.isFinite:
                let reason = "its loss is NaN or infinite, those of others are not"
                verdict.refusals.append((shards[index].reference, Failure(.malformed, reason)))
            case .success(let metrics):
                verdict.metrics = verdict.metrics ?? Metrics()
                verdict.metrics? += metrics
            case .failure(let failure):
                // Who says nothing once would cost every round its patience.
                if !failure.isAbsence || failure.code == .deadlineExceeded || failure.code == .overloaded {
                    verdict.refusals.append((shards[index].reference, failure))
                }
            }
        }
        return .success(verdict)
    }

    /// What shards answered, and which of those asked together are to be asked by themselves.
    private struct Answers: Sendable {
        var answers: [(Int, Result<Metrics, Failure>)] = []
        var alone: [Int] = []
    }

    private func answers(
        on model: ModelState, _ scaling: Scaling
    ) async -> [(Int, Result<Metrics, Failure>)] {
        await withTaskGroup(of: Answers.self) { group in
            for members in grouping.groups {
                group.addTask { await self.answers(on: model, scaling, of: members) }
            }
            var alone = grouping.alone
            var answers: [(Int, Result<Metrics, Failure>)] = []
            while true {
                for index in alone {
                    group.addTask {
                        Answers(answers: [(index, await metrics(of: model, scaling, on: shards[index]))])
                    }
                }
                guard let some = await group.next() else { break }
                for answer in some.answers { answered(answer.0) }
                answers += some.answers
                alone = some.alone
            }
            return answers.sorted { $0.0 < $1.0 }
        }
    }

    /// Asks shards of one worker together.
    private func answers(
        on model: ModelState, _ scaling: Scaling, of members: Grouping.Group
    ) async -> Answers {
        let shards = members.shards.map { self.shards[$0] }
        guard let first = shards.first else { return Answers() }
        let job = lesson.evaluation.job(for: first.reference, of: model, scaling: scaling)
            .job(over: shards.map { Fold.Rows($0.reference, batchSize: EvaluationProgram.batchSize) })
        do throws(Failure) {
            let result = try await session.run(
                job, on: .worker(members.worker, name: names[members.worker] ?? "\(members.worker)"),
                timeout: timeout, silence: silence,
                batchesMaximum: shards.reduce(0) { $0 + $1.heldOutRows })
            var answers = Answers()
            for (number, part) in try result.parts(of: members.shards) {
                let metrics = try? lesson.evaluation.metrics(from: JobResult(parts: [part], seconds: 0))
                if part.failure == nil, let metrics, (try? check(metrics, shards[number])) != nil {
                    answers.answers.append((members.shards[number], .success(metrics)))
                } else {
                    answers.alone.append(members.shards[number])
                }
            }
            return answers
        } catch {
            return Answers(alone: members.shards)
        }
    }

    private func check(_ metrics: Metrics, _ shard: ShardDescription) throws(Failure) {
        try metrics.check(shard, examples: shard.heldOutRows, isLossNonnegative: lesson.isLossNonnegative)
    }

    private func metrics(
        of model: ModelState, _ scaling: Scaling, on shard: ShardDescription
    ) async -> Result<Metrics, Failure> {
        do throws(Failure) {
            let result = try await session.run(
                lesson.evaluation.job(for: shard.reference, of: model, scaling: scaling),
                timeout: timeout, silence: silence,
                batchesMaximum: shard.heldOutRows)
            let metrics = try lesson.evaluation.metrics(from: result)
            try check(metrics, shard)
            return .success(metrics)
        } catch {
            return .failure(error)
        }
    }
}

extension Metrics {
    /// Holds what a worker answered against what it announced.
    ///
    /// - Throws: `Failure` with code `malformed` for other numbers of examples or impossible counts.
    func check(
        _ shard: ShardDescription, examples expected: Int, isLossNonnegative: Bool = false
    ) throws(Failure) {
        guard examples == expected else {
            throw Failure(
                .malformed,
                "it answered for \(examples) examples, but \(shard.trainRows) rows to train and "
                    + "\(shard.heldOutRows) held out make \(expected)")
        }
        // Rounding may bring a loss of nothing below zero, by less than this.
        if isLossNonnegative, loss < -1e-3 * Double(examples) {
            throw Failure(.malformed, "it answered with a loss of \(loss), which cannot be below zero")
        }
        guard let correct else { return }
        guard correct >= 0, correct <= Double(examples), correct == correct.rounded() else {
            throw Failure(.malformed, "it answered with \(correct) right of \(examples) examples")
        }
    }
}

extension Failure {
    /// Whether nobody was there to do the job, in contrast to that it cannot be done.
    var isAbsence: Bool { code.isAbsence }
}
