import Federation
import Jobs
import Protocol
import Tensor

extension RunDriver {
    /// Begins a round: a job for each shard.
    mutating func start(
        _ number: Int, _ shards: [ShardReference], _ workers: Int, in group: inout DiscardingTaskGroup
    ) async throws(RunError) -> [TrainingMachine.Event] {
        guard let lesson else { return [] }
        round = Round(shards: shards, workers: workers, began: clock.now)
        if trainingBegan == nil {
            trainingBegan = round.began
            reportedBytes = await session.statistics
            report(.started(lesson.start(configuration, shards: shards, workers: workers, in: catalogue)))
        }
        if number == 0 {
            return try describe(shards, lesson, in: &group)
        }
        try train(number, shards, lesson, in: &group)
        return []
    }

    /// Sends the model to each shard.
    private mutating func train(
        _ number: Int, _ shards: [ShardReference], _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) throws(RunError) {
        guard let scaling else { return }
        do throws(FederationError) {
            round.fold = try strategy.makeFold(of: shards.map(\.index), at: state)
        } catch {
            throw .federation(error)
        }
        let (session, inbox, model) = (session, inbox, state.model)
        for shard in shards {
            let seed = TrainingProgram.shuffleSeed(
                seed: configuration.seed, round: number, shard: shard.index)
            let job = lesson.training.job(for: shard, from: model, scaling: scaling, shuffleSeed: seed)
            group.addTask {
                do throws(Failure) {
                    let result = try await session.run(job) { progress in
                        inbox.yield(.progress(round: number, shard: shard.index, progress.fraction))
                    }
                    let update = try lesson.training.update(
                        from: result, shard: shard.index, baseVersion: model.version)
                    inbox.yield(.update(update))
                } catch {
                    inbox.yield(.failure(shard: shard.index, error))
                }
            }
        }
    }

    /// Round 0: where the features lie and how far they spread.
    private mutating func describe(
        _ shards: [ShardReference], _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) throws(RunError) -> [TrainingMachine.Event] {
        guard configuration.standardizes else { return shards.map { .answered(shard: $0.index) } }
        let (session, inbox) = (session, inbox)
        for shard in shards {
            let job = lesson.statistics.job(for: shard)
            group.addTask {
                do throws(Failure) {
                    let result = try await session.run(job)
                    inbox.yield(
                        .statistics(shard: shard.index, try lesson.statistics.statistics(from: result)))
                } catch {
                    inbox.yield(.failure(shard: shard.index, error))
                }
            }
        }
        return []
    }

    /// Ends a round: its updates become the next model, which is judged while the next round trains.
    mutating func finish(
        _ number: Int, in group: inout DiscardingTaskGroup
    ) async throws(RunError) -> [TrainingMachine.Event] {
        guard let lesson else { return [] }
        guard number > 0 else { return try scale(lesson.task) }
        guard let fold = round.fold, let scaling else { return [] }
        let hasDiverged = !fold.metrics.isFinite && !configuration.allowsNaN
        if !hasDiverged {
            do throws(FederationError) { state = try fold.apply(to: state) } catch {
                throw .federation(error)
            }
        }
        drafts.append(await draft(number, fold))
        let shards = round.shards.filter { (catalogue.description(of: $0)?.heldOutRows ?? 0) > 0 }
        round = Round()
        guard !hasDiverged else {
            judge(number, .success(nil))
            return [.diverged]
        }
        let judge = Judge(lesson: lesson, session: session, shards: shards)
        let (inbox, model, testData) = (inbox, state.model, testData)
        group.addTask {
            let local = await lesson.localEvaluation(testData)
            inbox.yield(.judged(epoch: number, await judge.metrics(of: model, scaling, local)))
        }
        return [.finished]
    }

    /// Ends round 0: what the sums of the shards make of a feature.
    private mutating func scale(_ task: LearningTask) throws(RunError) -> [TrainingMachine.Event] {
        var sum = Statistics()
        for (_, statistics) in statistics.sorted(by: { $0.key < $1.key }) { sum += statistics }
        do throws(TensorError) {
            scaling = try configuration.standardizes ? .standard(sum, for: task) : .plain(for: task)
        } catch {
            throw .graph(error)
        }
        return [.finished]
    }
}

extension RunDriver {
    /// The report of a round whose model is not judged yet.
    mutating func draft(_ number: Int, _ fold: any StrategyFold) async -> EpochReport {
        let bytes = await session.statistics
        defer { reportedBytes = bytes }
        return EpochReport(
            epoch: number, epochs: configuration.epochs,
            isClassification: lesson?.task.isClassification ?? false,
            training: fold.metrics, test: nil, seconds: seconds(since: round.began),
            shards: fold.shards.count,
            workers: round.workers, bytesSent: bytes.bytesSent - reportedBytes.bytesSent,
            bytesReceived: bytes.bytesReceived - reportedBytes.bytesReceived)
    }

    /// Takes what the judges say and lets reports go whose turn it is.
    mutating func judge(_ epoch: Int, _ result: Result<Metrics?, Failure>) {
        switch result {
        case .success(let metrics):
            judged[epoch] = .some(metrics)
        case .failure(let failure):
            report(.notice("epoch \(epoch) could not be judged: \(failure)"))
            judged[epoch] = .some(nil)
        }
        while let draft = drafts.first, let test = judged.removeValue(forKey: draft.epoch) {
            drafts.removeFirst()
            emit(draft.judged(test))
        }
    }

    /// Lets a report go.
    mutating func emit(_ epoch: EpochReport) {
        last = epoch
        report(.epoch(epoch))
    }
}
