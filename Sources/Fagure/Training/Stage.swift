/// What a run is at: first it learns where the features lie, then it trains.
enum Stage: Sendable, Hashable, CustomStringConvertible {
    /// One pass over all shards for the statistics of their features, from 1.
    case statistics(pass: Int)
    /// One exchange of the model between trainer and shards, from 1.
    case training(round: Int)

    /// The stage after this one; `nil` after the last.
    func next(passes: Int, rounds: Int) -> Stage? {
        switch self {
        case .statistics(let pass): pass < passes ? .statistics(pass: pass + 1) : .training(round: 1)
        case .training(let round): round < rounds ? .training(round: round + 1) : nil
        }
    }

    /// Such as `round 3`.
    var description: String {
        switch self {
        case .statistics(let pass): "pass \(pass) for statistics"
        case .training(let round): "round \(round)"
        }
    }

    /// The round of training; `nil` before it.
    var round: Int? { if case .training(let round) = self { round } else { nil } }
}
