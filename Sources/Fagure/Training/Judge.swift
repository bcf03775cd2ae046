import Federation
import Protocol

/// Judges a model by rows it has not learned from: at the trainer where it has some, else at the workers.
struct Judge: Sendable {
    let lesson: Lesson
    let session: Session
    /// Shards with rows held out.
    let shards: [ShardReference]

    /// The sums over all such rows; `nil` where there are none.
    ///
    /// Of the workers' rows, those of a shard whose worker is lost meanwhile are left out.
    func metrics(
        of model: ModelState, _ scaling: Scaling, _ local: LocalEvaluation?
    ) async -> Result<Metrics?, Failure> {
        if let local {
            do {
                return .success(try await local.metrics(of: model, scaling))
            } catch {
                return .failure(Failure(.executionFailed, "\(error)"))
            }
        }
        let answers = await withTaskGroup(of: (Int, Result<Metrics, Failure>).self) { group in
            for shard in shards {
                group.addTask { (shard.index, await metrics(of: model, scaling, on: shard)) }
            }
            var answers: [Int: Result<Metrics, Failure>] = [:]
            for await (shard, answer) in group { answers[shard] = answer }
            return answers
        }
        var sum: Metrics?
        for (_, answer) in answers.sorted(by: { $0.key < $1.key }) {
            switch answer {
            case .success(let metrics):
                sum = sum ?? Metrics()
                sum? += metrics
            case .failure(let failure):
                guard failure.isAbsence else { return .failure(failure) }
            }
        }
        return .success(sum)
    }

    private func metrics(
        of model: ModelState, _ scaling: Scaling, on shard: ShardReference
    ) async -> Result<Metrics, Failure> {
        do throws(Failure) {
            let result = try await session.run(lesson.evaluation.job(for: shard, of: model, scaling: scaling))
            return .success(try lesson.evaluation.metrics(from: result))
        } catch {
            return .failure(error)
        }
    }
}

extension Failure {
    /// Whether nobody was there to do the job, in contrast to that it cannot be done.
    var isAbsence: Bool { code.isAbsence }
}
