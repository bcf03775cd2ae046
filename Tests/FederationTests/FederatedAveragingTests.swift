import Testing

@testable import Federation
@testable import Tensor

@Suite("Federated averaging")
struct FederatedAveragingTests {
    private func model(_ numbers: [Float], version: Int = 0) throws -> ModelState {
        ModelState(parameters: [NamedValue(name: "w", value: try TensorValue(numbers))], version: version)
    }

    private func update(
        _ shard: Int, weight: Double, _ numbers: [Float], baseVersion: Int = 0, metrics: Metrics = Metrics()
    ) throws -> Update {
        Update(
            shard: shard, baseVersion: baseVersion, weight: weight,
            values: [NamedValue(name: "w", value: try TensorValue(numbers))], metrics: metrics)
    }

    private func averaged(_ model: ModelState, _ updates: [Update], absent: [Int] = []) throws
        -> StrategyState
    {
        let strategy = FederatedAveraging()
        let state = strategy.initialState(model)
        var fold = try strategy.makeFold(
            of: updates.map(\.shard) + absent, at: state, weightMaximum: updates.reduce(0) { $0 + $1.weight })
        for shard in absent { try fold.leaveOut(shard: shard) }
        for update in updates { try fold.accumulate(update) }
        return try fold.apply(to: state)
    }

    @Test("the mean is weighted by examples, as McMahan et al. write it")
    func closedForm() throws {
        let state = try averaged(
            try model([0, 0]),
            [
                try update(0, weight: 100, [1, 2]), try update(1, weight: 300, [3, -2]),
                try update(2, weight: 600, [5, 1]),
            ])
        #expect(try state.model["w"]?.floats == [(100 + 900 + 3_000) / 1_000, (200 - 600 + 600) / 1_000])
        #expect(state.model.version == 1)
        #expect(state.memory.isEmpty)
    }

    @Test("every order of arrival gives the same bytes")
    func orderOfArrival() throws {
        var random = Philox(seed: 3, purpose: .samples)
        let base = try model([Float](repeating: 0, count: 257))
        let updates = try (0..<6).map { shard in
            try update(
                shard, weight: Double(1 + shard * 37), random.normal(257),
                metrics: Metrics(examples: 1, loss: 0.1))
        }
        let expected = try averaged(base, updates)
        for seed in 0..<40 {
            var order = Philox(seed: UInt64(seed), purpose: .samples)
            let shuffled = order.permutation(updates.count).map { updates[Int($0)] }
            #expect(try averaged(base, shuffled) == expected)
        }
    }

    @Test("whoever has summed some of the updates, the model has the same bits", arguments: 0..<30)
    func grouping(seed: UInt64) throws {
        var random = Philox(seed: seed, purpose: .samples)
        let base = try model(random.normal(67))
        let strategy = FederatedAveraging(), state = strategy.initialState(base)
        let updates = try (0..<12).map { shard in
            // Some are too large for the sums, and never come in one.
            let scale: Float = shard == 5 ? 1e6 : 1
            return try update(
                shard, weight: Double(1 + random.index(below: 5_000)), random.normal(67).map { $0 * scale },
                metrics: Metrics(examples: shard, loss: 0.1 * Double(shard)))
        }
        let weight = updates.reduce(0) { $0 + $1.weight }
        let one = try strategy.makeFold(of: Array(0..<12), at: state, weightMaximum: weight)
        let units = try #require(one.units)
        var alone = one, grouped = one
        for update in updates { try alone.accumulate(update) }
        var groups: [UInt32: [Update]] = [:]
        for update in updates {
            if update.shard == 5 {
                try grouped.accumulate(update)
            } else {
                groups[random.index(below: 4), default: []].append(update)
            }
        }
        for (_, group) in groups.shuffled() {
            var sum = try ExactSum(group[0].values[0].value.type, in: units)
            for update in group { try sum.add(update.values[0].value, weight: update.weight) }
            try grouped.accumulate(
                UpdateSum(
                    parts: group.map { .init(shard: $0.shard, weight: $0.weight, metrics: $0.metrics) },
                    baseVersion: 0,
                    values: [NamedValue(name: "w", value: sum.value)]))
        }
        #expect(try grouped.apply(to: state) == alone.apply(to: state))
        #expect(grouped.metrics == alone.metrics && grouped.shards == alone.shards)
    }

    @Test("a sum that does not belong is refused and leaves the fold as it was")
    func refusedSums() throws {
        let strategy = FederatedAveraging(), state = strategy.initialState(try model([0]))
        var fold = try strategy.makeFold(of: [0, 1, 2], at: state, weightMaximum: 3)
        try fold.accumulate(try update(2, weight: 1, [4]))
        func sum(_ shards: [Int], _ value: TensorValue, version: Int = 0, name: String = "w") -> UpdateSum {
            UpdateSum(
                parts: shards.map { .init(shard: $0, weight: 1, metrics: Metrics()) }, baseVersion: version,
                values: [NamedValue(name: name, value: value)])
        }
        let counts = try TensorValue([1] as [Int64])
        for bad in [
            sum([0, 2], counts), sum([0, 7], counts), sum([0], counts, version: 1),
            sum([0], counts, name: "v"),
            sum([0], try TensorValue([1] as [Float])), sum([0], try TensorValue([1, 2] as [Int64])),
            sum([0], try TensorValue([Int64.max])), UpdateSum(parts: [], baseVersion: 0, values: []),
        ] {
            #expect(throws: FederationError.self) { try fold.accumulate(bad) }
            #expect(fold.shards == [2])
        }
    }

    @Test("weights that differ widely do not cost digits")
    func precision() throws {
        let updates = try (0..<1_000).map { try update($0, weight: 1e-3 + Double($0), [0.1]) }
        let mean = try #require(try averaged(try model([0]), updates).model["w"]).floats
        #expect(mean == [0.1])
    }

    @Test("a shard that is given up counts for nothing, whenever that is known")
    func missingShard() throws {
        let two = [try update(0, weight: 1, [2]), try update(2, weight: 3, [6])]
        let expected = try averaged(try model([0]), two)
        #expect(try expected.model["w"]?.floats == [5])
        #expect(try averaged(try model([0]), two, absent: [1]) == expected)

        let strategy = FederatedAveraging()
        let state = strategy.initialState(try model([0]))
        var fold = try strategy.makeFold(of: [2, 0, 1], at: state, weightMaximum: 4)
        try fold.accumulate(two[1])
        #expect(fold.shards == [2])
        try fold.accumulate(two[0])
        #expect(fold.shards == [0, 2])
        try fold.leaveOut(shard: 1)
        try fold.leaveOut(shard: 1)
        try fold.leaveOut(shard: 9)
        #expect(fold.shards == [0, 2])
        #expect(try fold.apply(to: state) == expected)
    }

    @Test("updates without weight leave the model as it was")
    func weightless() throws {
        let state = try averaged(
            try model([7]), [try update(0, weight: 0, [1]), try update(1, weight: 0, [.nan])])
        #expect(try state.model["w"]?.floats == [7])
        #expect(state.model.version == 1)
    }

    @Test("metrics are summed in the order of shards")
    func metrics() throws {
        let strategy = FederatedAveraging()
        var fold = try strategy.makeFold(
            of: [0, 1], at: strategy.initialState(try model([0])), weightMaximum: 2)
        try fold.accumulate(
            try update(1, weight: 1, [1], metrics: Metrics(examples: 3, loss: 6, correct: 1)))
        #expect(fold.metrics == Metrics(examples: 3, loss: 6, correct: 1))
        try fold.accumulate(
            try update(0, weight: 1, [1], metrics: Metrics(examples: 1, loss: 2, correct: 1)))
        #expect(fold.metrics == Metrics(examples: 4, loss: 8, correct: 2))
        #expect(fold.metrics.meanLoss == 2)
        #expect(fold.metrics.accuracy == 0.5)
        #expect(Metrics().meanLoss == nil)
        #expect(Metrics(examples: 2, loss: .nan).isFinite == false)
    }

    @Test("what does not belong is refused and leaves the fold as it was")
    func refusals() throws {
        let strategy = FederatedAveraging()
        let state = strategy.initialState(try model([0], version: 4))
        var fold = try strategy.makeFold(of: [0, 1], at: state, weightMaximum: 2)
        func refuses(_ update: Update, _ error: FederationError) {
            #expect(throws: error) { try fold.accumulate(update) }
        }
        refuses(try update(5, weight: 1, [1], baseVersion: 4), .unexpectedShard(5, expected: [0, 1]))
        refuses(
            try update(0, weight: 1, [1], baseVersion: 3), .staleUpdate(shard: 0, baseVersion: 3, expected: 4)
        )
        refuses(try update(0, weight: -1, [1], baseVersion: 4), .invalidWeight(shard: 0, weight: -1))
        refuses(
            try update(0, weight: 1, [1, 2], baseVersion: 4),
            .valueMismatch(shard: 0, name: "w", expected: "float32 [1]", got: "w float32 [2]"))
        refuses(
            Update(shard: 0, baseVersion: 4, weight: 1, values: []),
            .valueMismatch(shard: 0, name: "the number of parameters", expected: "1", got: "0"))
        #expect(throws: FederationError.incomplete(shards: [0, 1])) { try fold.apply(to: state) }
        try fold.accumulate(try update(0, weight: 1, [1], baseVersion: 4))
        refuses(try update(0, weight: 1, [1], baseVersion: 4), .repeatedShard(0))
        try fold.leaveOut(shard: 1)
        refuses(try update(1, weight: 1, [1], baseVersion: 4), .repeatedShard(1))
        #expect(try fold.apply(to: state).model["w"]?.floats == [1])
        let integers = ModelState(parameters: [NamedValue(name: "n", value: try TensorValue([Int32(1)]))])
        #expect(throws: FederationError.self) {
            _ = try strategy.makeFold(of: [0], at: StrategyState(model: integers), weightMaximum: 1)
        }
    }

    @Test("errors are sentences that name the shard")
    func sentences() {
        let error = FederationError.staleUpdate(shard: 2, baseVersion: 3, expected: 4)
        #expect("\(error)" == "the update of shard 2 is of version 3, expected 4")
        #expect("\(FederationError.incomplete(shards: [1, 3]))" == "updates of shards [1, 3] are missing")
    }
}
