import Tensor

/// Federated averaging: the next model is the mean of the shards' models, weighted by their examples.
///
/// H. B. McMahan, E. Moore, D. Ramage, S. Hampson, B. Agüera y Arcas: Communication-Efficient Learning of
/// Deep Networks from Decentralized Data, AISTATS 2017, algorithm 1: `w ← Σ n_k · w_k / Σ n_k`. Sums are
/// taken in double precision.
public struct FederatedAveraging: Strategy {
    /// The name it is chosen by.
    public static let name = "fedavg"

    /// Makes the strategy; it has nothing to set.
    public init() {}

    /// The model and nothing else: averaging remembers nothing.
    public func initialState(_ model: ModelState) -> StrategyState { StrategyState(model: model) }

    /// Begins to average.
    public func makeFold(
        of shards: [Int], at state: StrategyState
    ) throws(FederationError) -> any StrategyFold {
        try AveragingFold(of: shards, model: state.model)
    }
}

/// A weighted sum that is taken in the order of shards, whatever the order of arrival.
///
/// An update whose turn has not come waits; one whose turn it is, is added at once, so that few wait where
/// answers come nearly in order and the last answer leaves little to do.
struct AveragingFold: StrategyFold {
    private(set) var metrics = Metrics()
    private(set) var shards: [Int] = []
    private let base: ModelState
    /// The shards asked, in order.
    private let asked: [Int]
    /// How many of them are settled: folded or given up.
    private var settledCount = 0
    private var waiting: [Int: Update] = [:]
    private var absent: Set<Int> = []
    private var sums: [Accumulator] = []
    private var weight = 0.0

    init(of shards: [Int], model: ModelState) throws(FederationError) {
        asked = Set(shards).sorted()
        base = model
        for parameter in model.parameters {
            sums.append(
                try averaging(parameter.name) { () throws(TensorError) in
                    try Accumulator(parameter.value.type)
                })
        }
    }

    mutating func accumulate(_ update: Update) throws(FederationError) {
        try check(update)
        waiting[update.shard] = update
        try settle()
    }

    mutating func leaveOut(shard: Int) throws(FederationError) {
        guard isAwaited(shard) else { return }
        absent.insert(shard)
        try settle()
    }

    func apply(to state: StrategyState) throws(FederationError) -> StrategyState {
        let missing = asked.filter(isAwaited)
        guard missing.isEmpty else { throw .incomplete(shards: missing) }
        let version = state.model.version + 1
        // Nothing weighs anything: there is nothing to learn from, so the model stays what it is.
        guard weight > 0 else {
            return StrategyState(model: ModelState(parameters: state.model.parameters, version: version))
        }
        var means: [NamedValue] = []
        for (parameter, sum) in zip(state.model.parameters, sums) {
            let mean = try averaging(parameter.name) { () throws(TensorError) in try sum.mean() }
            means.append(NamedValue(name: parameter.name, value: mean))
        }
        return StrategyState(model: ModelState(parameters: means, version: version))
    }

    private func isAwaited(_ shard: Int) -> Bool {
        asked[settledCount...].contains(shard) && waiting[shard] == nil && !absent.contains(shard)
    }

    /// Adds what can be added in order.
    private mutating func settle() throws(FederationError) {
        while settledCount < asked.count {
            let shard = asked[settledCount]
            if let update = waiting.removeValue(forKey: shard) {
                try add(update)
            } else if absent.remove(shard) == nil {
                return
            }
            settledCount += 1
        }
    }

    private mutating func add(_ update: Update) throws(FederationError) {
        metrics += update.metrics
        shards.append(update.shard)
        guard update.weight > 0 else { return }
        weight += update.weight
        for (index, named) in update.values.enumerated() {
            try averaging(named.name) { () throws(TensorError) in
                try sums[index].add(named.value, weight: update.weight)
            }
        }
    }

    private func check(_ update: Update) throws(FederationError) {
        guard asked.contains(update.shard) else { throw .unexpectedShard(update.shard, expected: asked) }
        guard isAwaited(update.shard) else { throw .repeatedShard(update.shard) }
        guard update.baseVersion == base.version else {
            throw .staleUpdate(shard: update.shard, baseVersion: update.baseVersion, expected: base.version)
        }
        guard update.weight >= 0, update.weight.isFinite else {
            throw .invalidWeight(shard: update.shard, weight: update.weight)
        }
        guard update.values.count == base.parameters.count else {
            throw .valueMismatch(
                shard: update.shard, name: "the number of parameters", expected: "\(base.parameters.count)",
                got: "\(update.values.count)")
        }
        for (parameter, named) in zip(base.parameters, update.values) {
            guard named.name == parameter.name, named.value.type == parameter.value.type else {
                throw .valueMismatch(
                    shard: update.shard, name: parameter.name, expected: "\(parameter.value.type)",
                    got: "\(named.name) \(named.value.type)")
            }
        }
    }
}

/// Does something with a parameter's sum; what is wrong with it becomes an error that names the parameter.
private func averaging<Result>(
    _ name: String, _ body: () throws(TensorError) -> Result
) throws(FederationError) -> Result {
    do throws(TensorError) {
        return try body()
    } catch {
        throw .notAveraged(name: name, error)
    }
}
