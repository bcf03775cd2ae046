import Tensor

/// Federated averaging: the next model is the mean of the shards' models, weighted by their examples.
///
/// H. B. McMahan, E. Moore, D. Ramage, S. Hampson, B. Agüera y Arcas: Communication-Efficient Learning of
/// Deep Networks from Decentralized Data, AISTATS 2017, algorithm 1: `w ← Σ n_k · w_k / Σ n_k`. Sums are
/// exact but for one rounding of each term (`ExactSum`), so that no bit depends on the order of shards, nor on who
/// summed which of them.
public struct FederatedAveraging: Strategy {
    /// The name it is chosen by.
    public static let name = "fedavg"

    /// Makes the strategy; it has nothing to set.
    public init() {}

    /// The model and nothing else: averaging remembers nothing.
    public func initialState(_ model: ModelState) -> StrategyState { StrategyState(model: model) }

    /// Begins to average.
    public func makeFold(
        of shards: [Int], at state: StrategyState, weightMaximum: Double
    ) throws(FederationError) -> any StrategyFold {
        try AveragingFold(of: shards, model: state.model, weightMaximum: weightMaximum)
    }
}

/// A weighted sum that is the same whatever the order of arrival, and whoever has summed some of it before.
struct AveragingFold: StrategyFold {
    let units: SumUnits?
    private let base: ModelState
    private let asked: Set<Int>
    /// What each shard folded counted, and weighs.
    private var folded: [Int: (metrics: Metrics, weight: Double)] = [:]
    private var absent: Set<Int> = []
    private var sums: [ExactSum] = []
    /// Updates with numbers too large for the sums: they are added in the order of shards.
    private var large: [Int: Update] = [:]

    /// How much larger than the model's the numbers of an update may be to have a place in the sums.
    private static let growthMaximum = 16.0

    init(of shards: [Int], model: ModelState, weightMaximum: Double) throws(FederationError) {
        asked = Set(shards)
        base = model
        let largest = model.parameters.reduce(1) { max($0, $1.value.largestMagnitude) }
        let units = SumUnits(limit: AveragingFold.growthMaximum * largest, weight: weightMaximum)
        self.units = units
        for parameter in model.parameters {
            sums.append(
                try averaging(parameter.name) { () throws(TensorError) in
                    try ExactSum(parameter.value.type, in: units)
                })
        }
    }

    var shards: [Int] { folded.keys.sorted() }

    var metrics: Metrics { shards.reduce(into: Metrics()) { $0 += folded[$1]?.metrics ?? Metrics() } }

    mutating func accumulate(_ update: Update) throws(FederationError) {
        try check(update)
        folded[update.shard] = (update.metrics, update.weight)
        guard update.weight > 0 else { return }
        guard zip(sums, update.values).allSatisfy({ $0.takes($1.value, weight: update.weight) }) else {
            large[update.shard] = update
            return
        }
        for (index, named) in update.values.enumerated() {
            try averaging(named.name) { () throws(TensorError) in
                try sums[index].add(named.value, weight: update.weight)
            }
        }
    }

    mutating func accumulate(_ sum: UpdateSum) throws(FederationError) {
        for part in sum.parts {
            try check(part.shard, sum.baseVersion, part.weight)
        }
        var sums = self.sums
        guard sum.values.count == sums.count, let shard = sum.parts.first?.shard else {
            throw .valueMismatch(
                shard: sum.parts.first?.shard ?? -1, name: "the number of parameters",
                expected: "\(sums.count)",
                got: "\(sum.values.count)")
        }
        for (index, (parameter, named)) in zip(base.parameters, sum.values).enumerated() {
            guard named.name == parameter.name else {
                throw .valueMismatch(
                    shard: shard, name: parameter.name, expected: parameter.name, got: named.name)
            }
            try averaging(named.name) { () throws(TensorError) in
                try sums[index].add(ExactSum(counts: named.value, in: sums[index].units))
            }
        }
        self.sums = sums
        for part in sum.parts { folded[part.shard] = (part.metrics, part.weight) }
    }

    mutating func leaveOut(shard: Int) throws(FederationError) {
        if isAwaited(shard) { absent.insert(shard) }
    }

    func apply(to state: StrategyState) throws(FederationError) -> StrategyState {
        let missing = asked.filter(isAwaited).sorted()
        guard missing.isEmpty else { throw .incomplete(shards: missing) }
        let version = state.model.version + 1
        let weight = shards.reduce(0) { $0 + (folded[$1]?.weight ?? 0) }
        // Nothing weighs anything: there is nothing to learn from, so the model stays what it is.
        guard weight > 0 else {
            return StrategyState(model: ModelState(parameters: state.model.parameters, version: version))
        }
        let means = zip(state.model.parameters, sums).enumerated().map { index, pair in
            NamedValue(name: pair.0.name, value: pair.1.mean(weight: weight, with: sumOfLarge(index)))
        }
        return StrategyState(model: ModelState(parameters: means, version: version))
    }

    /// The sum of a parameter over the updates that have no place in the sums; empty where there are none.
    private func sumOfLarge(_ index: Int) -> [Double] {
        var sum: [Double] = []
        for (_, update) in large.sorted(by: { $0.key < $1.key }) {
            guard let floats = try? update.values[index].value.floats else { continue }
            if sum.isEmpty { sum = [Double](repeating: 0, count: floats.count) }
            for (element, number) in floats.enumerated() { sum[element] += update.weight * Double(number) }
        }
        return sum
    }

    private func isAwaited(_ shard: Int) -> Bool {
        asked.contains(shard) && folded[shard] == nil && !absent.contains(shard)
    }

    private func check(_ shard: Int, _ baseVersion: Int, _ weight: Double) throws(FederationError) {
        guard asked.contains(shard) else { throw .unexpectedShard(shard, expected: asked.sorted()) }
        guard isAwaited(shard) else { throw .repeatedShard(shard) }
        guard baseVersion == base.version else {
            throw .staleUpdate(shard: shard, baseVersion: baseVersion, expected: base.version)
        }
        guard weight >= 0, weight.isFinite else { throw .invalidWeight(shard: shard, weight: weight) }
    }

    private func check(_ update: Update) throws(FederationError) {
        try check(update.shard, update.baseVersion, update.weight)
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
