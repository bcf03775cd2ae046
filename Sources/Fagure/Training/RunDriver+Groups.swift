import Federation
import Jobs
import Protocol
import Tensor

// Shards asked together.
extension RunDriver {
    /// What a group's job came to.
    struct GroupAnswer: Sendable {
        /// The sum of updates, and how much each grew; `nil` where the job was not for training, or came to nothing.
        var sum: UpdateSum?
        var growths: [Double] = []
        /// What a pass for statistics gave, by shard.
        var sums: [Int: FeatureSums] = [:]
        /// Shards that are to be asked by themselves.
        var alone: [Int] = []
    }

    /// Asks all shards of a stage, together where one worker has many.
    mutating func askAll(
        _ stage: Stage, _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) throws(RunError) {
        var grouping = Grouping(of: round.shards.map(\.reference), holders: machine.present?.holders ?? [:])
        if stage.round != nil, round.fold?.units == nil { grouping = Grouping(of: [], holders: [:]) }
        for members in grouping.groups { try ask(members, stage, lesson, in: &group) }
        let together = Set(grouping.groups.flatMap(\.shards))
        for index in round.shards.indices where !together.contains(index) {
            try ask(index, stage, lesson, in: &group)
        }
    }

    private func ask(
        _ members: Grouping.Group, _ stage: Stage, _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) throws(RunError) {
        switch stage {
        case .training(let number): train(number, members, lesson, in: &group)
        case .statistics(let pass): try describe(pass, members, lesson, in: &group)
        }
    }

    private func train(
        _ number: Int, _ members: Grouping.Group, _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) {
        guard let scaling, let units = round.fold?.units else { return }
        let shards = members.shards.map { round.shards[$0] }
        let rows = shards.map { self.rows(of: $0, number, lesson) }
        let job = lesson.training.job(
            for: rows, from: state.model, scaling: scaling, learningRate: rate(number), units: units)
        let examples = zip(shards, rows).map {
            lesson.training.exampleCount(rows: $0.trainRows, batchSize: $1.batchSize)
        }
        let model = state.model
        run(job, members, .training(round: number), batchesMaximum: examples.reduce(0, +), in: &group) {
            (result) throws(Failure) in
            try lesson.training.answer(
                result, members.shards, shards, examples: examples, from: model,
                isLossNonnegative: lesson.isLossNonnegative)
        }
    }

    private func describe(
        _ pass: Int, _ members: Grouping.Group, _ lesson: Lesson, in group: inout DiscardingTaskGroup
    ) throws(RunError) {
        guard let program = lesson.statistics(pass: pass), let first = members.shards.first else { return }
        let shards = members.shards.map { round.shards[$0] }
        let job: Job
        do throws(TensorError) {
            job = try program.job(for: round.shards[first].reference, moments: moments)
                .job(over: shards.map { Fold.Rows($0.reference, batchSize: StatisticsProgram.batchSize) })
        } catch {
            throw .graph(error)
        }
        let rowCount = shards.reduce(0) { $0 + $1.trainRows }
        run(job, members, .statistics(pass: pass), batchesMaximum: rowCount, in: &group) {
            (result) throws(Failure) in
            var answer = GroupAnswer()
            for (number, part) in try result.parts(of: members.shards) {
                guard part.failure == nil else {
                    answer.alone.append(members.shards[number])
                    continue
                }
                let sums = try program.sums(from: JobResult(parts: [part], seconds: 0))
                try Metrics(examples: sums.rows).check(shards[number], examples: shards[number].trainRows)
                answer.sums[members.shards[number]] = sums
            }
            return answer
        }
    }

    /// Runs a group's job; where it comes to nothing, or is not believed, each of its shards is asked by itself.
    private func run(
        _ job: Job, _ members: Grouping.Group, _ stage: Stage, batchesMaximum: Int,
        in group: inout DiscardingTaskGroup,
        _ read: @escaping @Sendable (JobResult) throws(Failure) -> GroupAnswer
    ) {
        let (session, inbox, configuration) = (session, inbox, configuration)
        let name = machine.present?.names[members.worker] ?? "\(members.worker)"
        group.addTask {
            var answer = GroupAnswer()
            do throws(Failure) {
                let result = try await session.run(
                    job, on: .worker(members.worker, name: name), timeout: configuration.jobTimeout,
                    silence: configuration.silenceMaximum, batchesMaximum: batchesMaximum
                ) { progress in
                    inbox.yield(.groupProgress(stage, shards: members.shards, progress.fraction))
                }
                answer = try read(result)
            } catch {
                answer.alone = members.shards
            }
            inbox.yield(.group(stage, answer))
        }
    }

    /// Takes what a group's job came to.
    mutating func take(
        _ answer: GroupAnswer, _ stage: Stage, in group: inout DiscardingTaskGroup
    ) async {
        guard stage == machine.stage, round.isOpen else { return }
        var alone = answer.alone
        for (shard, sums) in answer.sums.sorted(by: { $0.key < $1.key }) {
            round.sums[shard] = sums
            await handle(.answered(shard: shard), in: &group)
        }
        if let sum = answer.sum {
            do throws(FederationError) {
                try round.fold?.accumulate(sum)
                for growth in answer.growths { round.note(growth) }
                for part in sum.parts { round.advance(part.shard, to: 1) }
                reportProgress()
                for part in sum.parts { await handle(.answered(shard: part.shard), in: &group) }
            } catch {
                alone += sum.parts.map(\.shard)
            }
        }
        guard let lesson else { return }
        for shard in alone {
            do throws(RunError) { try ask(shard, stage, lesson, in: &group) } catch { fail(error) }
        }
    }
}

extension TrainingProgram {
    /// Reads what a group's training gave.
    ///
    /// - Throws: `Failure` for an answer that is not what was asked for: whatever is wrong with a part, the sum is not
    ///   believed.
    func answer(
        _ result: JobResult, _ positions: [Int], _ shards: [ShardDescription], examples: [Int],
        from model: ModelState, isLossNonnegative: Bool
    ) throws(Failure) -> RunDriver.GroupAnswer {
        var answer = RunDriver.GroupAnswer()
        var parts: [UpdateSum.Part] = []
        for (number, part) in try result.parts(of: positions) {
            guard part.failure == nil else {
                answer.alone.append(positions[number])
                continue
            }
            let metrics = try metrics(of: part)
            try metrics.check(
                shards[number], examples: examples[number], isLossNonnegative: isLossNonnegative)
            guard metrics.isFinite, part.largest.isFinite else {
                throw Failure(.malformed, "its loss or its numbers are NaN or infinite")
            }
            parts.append(
                UpdateSum.Part(shard: positions[number], weight: Double(part.examples), metrics: metrics))
            answer.growths.append(Growth.of(Double(part.largest), from: model))
        }
        if !parts.isEmpty {
            answer.sum = UpdateSum(parts: parts, baseVersion: model.version, values: try sums(of: result))
        }
        return answer
    }
}

extension JobResult {
    /// The parts, with their numbers.
    ///
    /// - Throws: `Failure` for others than one for each shard asked.
    func parts(of shards: [Int]) throws(Failure) -> [(offset: Int, element: Part)] {
        guard parts.count == shards.count else {
            throw Failure(.malformed, "it answered for \(parts.count) shards, asked were \(shards.count)")
        }
        return Array(parts.enumerated())
    }
}
