import Foundation

/// How the size of a step changes from round to round.
public enum LearningRateSchedule: Sendable, Hashable {
    /// It does not.
    case constant
    /// After every so many rounds it is multiplied with a factor.
    case step(every: Int, factor: Float)
    /// It falls along half a cosine, to 0 after the last round (Loshchilov and Hutter 2017, without restarts).
    case cosine

    /// The rate of a round, from 1.
    func rate(_ first: Float, round: Int, of rounds: Int) -> Float {
        switch self {
        case .constant:
            return first
        case .step(let every, let factor):
            return first * Float(pow(Double(factor), Double((round - 1) / max(1, every))))
        case .cosine:
            let progress = Double(round - 1) / Double(max(1, rounds))
            return Float(Double(first) * (1 + cos(.pi * progress)) / 2)
        }
    }
}
