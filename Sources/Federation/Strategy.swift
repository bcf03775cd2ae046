public import Tensor

/// How updates of shards become the next model: a pure function on values.
///
/// DESIGN. A strategy speaks of shards, never of workers, sockets or time. What it must remember from model
/// to model is `StrategyState`, a value that can be written down. What it is summing at the moment is a fold:
/// one for each set of shards that was sent a model. Nothing here waits for a round to end: `apply` may be
/// asked for when all shards have answered (federated averaging), after so many (buffered), or after each
/// (asynchronous).
public protocol Strategy: Sendable {
    /// The name it is chosen by, such as `fedavg`.
    static var name: String { get }

    /// What is remembered before the first update.
    func initialState(_ model: ModelState) -> StrategyState

    /// Begins to sum the updates of shards that were sent the state's model.
    ///
    /// - Parameter weightMaximum: What all their updates together may weigh.
    /// - Throws: `FederationError` for a model the strategy cannot sum.
    func makeFold(
        of shards: [Int], at state: StrategyState, weightMaximum: Double
    ) throws(FederationError) -> any StrategyFold
}

/// Updates being summed.
public protocol StrategyFold: Sendable {
    /// What the updates folded so far counted.
    var metrics: Metrics { get }

    /// The shards folded so far, in order.
    var shards: [Int] { get }

    /// In what workers may count sums of updates; `nil` where the strategy needs every update by itself.
    var units: SumUnits? { get }

    /// Takes the update of a shard; the order in which updates come changes no bit of the sum.
    ///
    /// - Throws: `FederationError` for a shard that was not asked or has answered, another base version, and
    ///   values that are not the model's; the fold is then as it was.
    mutating func accumulate(_ update: Update) throws(FederationError)

    /// Takes a sum of updates, which changes no bit of what its updates would have given one by one.
    ///
    /// - Throws: `FederationError` as for an update; the fold is then as it was.
    mutating func accumulate(_ sum: UpdateSum) throws(FederationError)

    /// Stops waiting for a shard: it will not answer. One that has answered, or was not asked, is ignored.
    mutating func leaveOut(shard: Int) throws(FederationError)

    /// The next state, from the state the fold was made at and the updates folded.
    ///
    /// - Throws: `FederationError.incomplete` where the strategy needs updates that are still to come.
    func apply(to state: StrategyState) throws(FederationError) -> StrategyState
}

/// The model and what a strategy remembers beside it: all that must be written down to go on later.
public struct StrategyState: Sendable, Hashable {
    /// The model now.
    public let model: ModelState
    /// Further values, such as the moments of a server optimizer; empty for federated averaging.
    public let memory: [NamedValue]

    /// Puts a state together.
    public init(model: ModelState, memory: [NamedValue] = []) {
        self.model = model
        self.memory = memory
    }
}
