import Federation
import Jobs
import Protocol
import Tensor
import ZMQ

extension RunDriver {
    /// Begins a stage: a job for each shard.
    mutating func start(
        _ stage: Stage, _ shards: [ShardDescription], _ workers: Int, in group: inout DiscardingTaskGroup
    ) async throws(RunError) {
        guard let lesson else { return }
        round = Round(shards: shards, workers: workers, missing: lacking, began: clock.now)
        lacking = []
        if trainingBegan == nil {
            trainingBegan = round.began
            reportedBytes = await session.statistics
            let judge = ownJudge ?? JudgeDescription(shards)
            report(.started(lesson.start(configuration, shards: shards, workers: workers, judge: judge)))
        }
        if stage.round != nil {
            do throws(FederationError) {
                let examples = shards.map { lesson.exampleCount(of: $0) }
                round.fold = try strategy.makeFold(
                    of: Array(shards.indices), at: state, weightMaximum: Double(examples.reduce(0, +)))
            } catch {
                throw .federation(error)
            }
        } else if stage == .statistics(pass: 1) {
            moments = FeatureMoments(count: Scaling.sumCount(of: lesson.task))
        }
        try askAll(stage, lesson, in: &group)
    }

    /// Says what the next stage begins without.
    mutating func lack(_ shards: [ShardReference]) {
        lacking = shards.map { "\($0.name)" }
        let news = shards.filter { !saidLacking.contains($0) }
        if !news.isEmpty {
            report(
                .notice(
                    "\(machine.stage) goes on without \(machine.listed(news)), away for over "
                        + "\(configuration.patience.milliseconds / 1_000) s"))
        }
        saidLacking = Set(shards)
    }

    /// Asks a shard again: whoever did its job is gone, and somebody serves it now.
    mutating func resume(
        _ stage: Stage, _ index: Int, _ shard: ShardDescription, in group: inout DiscardingTaskGroup
    ) throws(RunError) {
        guard let lesson, round.shards.indices.contains(index) else { return }
        round.shards[index] = shard
        round.advance(index, to: 0)
        try ask(index, stage, lesson, in: &group)
    }

    /// Asks a shard by itself.
    func ask(
        _ index: Int, _ stage: Stage, _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) throws(RunError) {
        switch stage {
        case .statistics(let pass): try describe(pass, index, lesson, in: &group)
        case .training(let number): train(number, index, lesson, in: &group)
        }
    }

    /// Sends the model to a shard.
    private func train(
        _ number: Int, _ index: Int, _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) {
        guard let scaling else { return }
        let shard = round.shards[index]
        let (session, inbox, model, configuration) = (session, inbox, state.model, configuration)
        let rows = rows(of: shard, number, lesson)
        let job = lesson.training.job(
            for: shard.reference, from: model, scaling: scaling, shuffleSeed: rows.shuffleSeed,
            learningRate: rate(number), batchSize: rows.batchSize)
        group.addTask {
            do throws(Failure) {
                let examples = lesson.exampleCount(of: shard)
                let result = try await session.run(
                    job, timeout: configuration.jobTimeout, silence: configuration.silenceMaximum,
                    batchesMaximum: examples
                ) { progress in
                    inbox.yield(.progress(.training(round: number), shard: index, progress.fraction))
                }
                let update = try lesson.training.update(
                    from: result, shard: index, baseVersion: model.version)
                try update.metrics.check(
                    shard, examples: examples,
                    isLossNonnegative: lesson.isLossNonnegative)
                inbox.yield(.update(update, growth: Growth.of(update, from: model)))
            } catch {
                inbox.yield(.failure(shard: index, error))
            }
        }
    }

    /// How the rows of a shard become batches in a round.
    func rows(of shard: ShardDescription, _ number: Int, _ lesson: Lesson) -> Fold.Rows {
        Fold.Rows(
            shard.reference, batchSize: lesson.batchSize(of: shard),
            shuffleSeed: TrainingProgram.shuffleSeed(
                seed: configuration.seed, round: number, shard: shard.reference.name))
    }

    /// The size of a step in a round.
    func rate(_ number: Int) -> Float {
        configuration.training.schedule.rate(
            configuration.training.learningRate, round: number, of: configuration.rounds)
    }

    /// One pass over a shard for where the features lie and how far they spread.
    private func describe(
        _ pass: Int, _ index: Int, _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) throws(RunError) {
        guard let program = lesson.statistics(pass: pass) else { return }
        let shard = round.shards[index]
        let (session, inbox, configuration) = (session, inbox, configuration)
        let job: ProgramJob
        do throws(TensorError) {
            job = try program.job(for: shard.reference, moments: moments)
        } catch {
            throw .graph(error)
        }
        group.addTask {
            do throws(Failure) {
                let result = try await session.run(
                    job, timeout: configuration.jobTimeout, silence: configuration.silenceMaximum,
                    batchesMaximum: shard.trainRows
                ) { progress in
                    inbox.yield(.progress(.statistics(pass: pass), shard: index, progress.fraction))
                }
                let sums = try program.sums(from: result)
                try Metrics(examples: sums.rows).check(shard, examples: shard.trainRows)
                inbox.yield(.sums(shard: index, sums))
            } catch {
                inbox.yield(.failure(shard: index, error))
            }
        }
    }

    /// Ends a stage.
    mutating func finish(
        _ stage: Stage, in group: inout DiscardingTaskGroup
    ) async throws(RunError) -> [TrainingMachine.Event] {
        switch stage {
        case .statistics(let pass): try learn(pass)
        case .training(let number): try await average(number, in: &group)
        }
    }

    /// Ends a round: its updates become the next model, which is judged while the next round trains.
    private mutating func average(
        _ number: Int, in group: inout DiscardingTaskGroup
    ) async throws(RunError) -> [TrainingMachine.Event] {
        try settleHeld(number)
        guard let lesson, let fold = round.fold, let scaling else { return [] }
        let hasDiverged = !fold.metrics.isFinite && !configuration.allowsNaN
        if !hasDiverged {
            do throws(FederationError) { state = try fold.apply(to: state) } catch {
                throw .federation(error)
            }
        }
        drafts.append(await draft(number, fold))
        let shards = round.shards.filter { $0.canJudge && !unjudged.contains($0.reference) }
        round = Round()
        guard !hasDiverged else {
            judge(number, .success(Judge.Verdict()))
            return [.diverged]
        }
        let (inbox, model) = (inbox, state.model)
        let judge = Judge(
            lesson: lesson, session: session, local: local, shards: shards,
            grouping: Grouping(of: shards.map(\.reference), holders: machine.present?.holders ?? [:]),
            names: machine.present?.names ?? [:],
            timeout: configuration.jobTimeout, silence: configuration.silenceMaximum,
            answered: { inbox.yield(.judgeAnswered(round: number, shard: $0)) })
        if local == nil { judging[number] = Judging(awaited: shards.map(\.reference), since: clock.now) }
        group.addTask {
            inbox.yield(.judged(round: number, await judge.verdict(on: model, scaling)))
        }
        return [.finished]
    }

    /// Leaves updates out that grew beyond those of others; where all did, they are what the round gave.
    private mutating func settleHeld(_ number: Int) throws(RunError) {
        do throws(FederationError) {
            for (update, isLeftOut) in round.takeHeld() {
                guard isLeftOut else {
                    try round.fold?.accumulate(update)
                    continue
                }
                try round.fold?.leaveOut(shard: update.shard)
                report(
                    .shardLeftOut(
                        epoch: number * configuration.training.localEpochs,
                        shard: "\(round.shards[update.shard].reference)", reason: update.strangeness))
            }
        } catch {
            throw .federation(error)
        }
    }

    /// Ends a pass: what the sums of the shards make of a feature.
    private mutating func learn(_ pass: Int) throws(RunError) -> [TrainingMachine.Event] {
        guard let lesson, let program = lesson.statistics(pass: pass) else { return [] }
        var sum = FeatureSums()
        for (_, sums) in round.sums.sorted(by: { $0.key < $1.key }) { sum += sums }
        let task = lesson.task
        moments.take(sum, of: program.pass, numbersPerSum: task.featureCount / Scaling.sumCount(of: task))
        do throws(TensorError) {
            scaling =
                try configuration.standardizes
                ? .standard(moments, for: task) : .plain(for: task, moments: moments)
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
            round: number, epoch: number * configuration.training.localEpochs, epochs: configuration.epochs,
            isClassification: lesson?.task.isClassification ?? false,
            training: fold.metrics, test: nil, seconds: round.began.map { seconds(since: $0) } ?? 0,
            shards: fold.shards.count, missing: round.missing,
            workers: round.workers, bytesSent: bytes.bytesSent - reportedBytes.bytesSent,
            bytesReceived: bytes.bytesReceived - reportedBytes.bytesReceived)
    }

    /// Names judges that have not answered for long, now and then; training goes on meanwhile, its lines wait.
    mutating func sayJudging() {
        let now = clock.now
        let pause = Duration.milliseconds(SessionLimits.silenceNoticeMilliseconds)
        for (number, held) in judging.sorted(by: { $0.key < $1.key })
        where held.saidAt.duration(to: now) >= pause {
            let awaited = held.awaited.sorted { $0.key < $1.key }.map(\.value)
            guard !awaited.isEmpty else { continue }
            judging[number]?.saidAt = now
            report(
                .waiting(
                    "round \(number) waits to be judged by \(machine.listed(awaited)), "
                        + "\(Int(seconds(since: held.since))) s without an answer"))
        }
    }

    /// Takes what the judges say and lets reports go whose turn it is.
    mutating func judge(_ number: Int, _ result: Result<Judge.Verdict, Failure>) {
        judging[number] = nil
        switch result {
        case .success(let verdict):
            judged[number] = .some(verdict.metrics)
            for (shard, failure) in verdict.refusals where unjudged.insert(shard).inserted {
                report(.notice("\(shard) does not judge: \(failure)"))
            }
        case .failure(let failure):
            report(.notice("round \(number) could not be judged: \(failure)"))
            judged[number] = .some(nil)
        }
        while let draft = drafts.first, let test = judged.removeValue(forKey: draft.round) {
            drafts.removeFirst()
            emit(draft.judged(test))
        }
    }

    /// Lets a report go.
    mutating func emit(_ epoch: EpochReport) {
        last = epoch
        if !epoch.missing.isEmpty { incompleteRounds += 1 }
        report(.epoch(epoch))
    }
}

extension Update {
    /// What is wrong with an update that is left out.
    fileprivate var strangeness: String {
        let largest = values.max { $0.value.largestMagnitude < $1.value.largestMagnitude }
        guard metrics.isFinite, let largest, largest.value.largestMagnitude.isFinite else {
            return "its loss or model is NaN or infinite, those of others are not"
        }
        return "\(largest.name) has grown to \(Float(largest.value.largestMagnitude)), "
            + "over \(Int(Growth.maximum)) times as much as the models of others"
    }
}

extension ShardDescription {
    /// Whether it holds out as many rows as its worker's owner lets anything out about.
    fileprivate var canJudge: Bool { heldOutRows > 0 && heldOutRows >= releaseRowsMinimum }
}

extension JudgeDescription {
    /// The judges that shards are.
    fileprivate init(_ shards: [ShardDescription]) {
        let judges = shards.filter(\.canJudge)
        let without = shards.filter { $0.heldOutRows > 0 && !$0.canJudge }.map {
            TooFew(
                shard: "\($0.reference.name)", rows: $0.heldOutRows, minimum: $0.releaseRowsMinimum)
        }
        let rows = judges.reduce(0) { $0 + $1.heldOutRows }
        self =
            judges.isEmpty && without.isEmpty
            ? .nobody : .heldOut(rows: rows, shards: judges.count, without: without)
    }
}
