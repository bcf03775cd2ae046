import ZMQ

/// Something that is done to a real process.
enum Fault: CustomStringConvertible {
    /// It is killed, and started anew after a while.
    case kill(Target, milliseconds: Int)
    /// It does nothing for a while.
    case stop(Target, milliseconds: Int)

    /// Whose process.
    enum Target: Hashable {
        case broker
        case worker(Int)
        case trainer
    }

    /// Draws one; a trainer is stopped at most, for it does not come back.
    static func random(
        workerCount: Int, hasTrainer: Bool, using randomness: inout SimulatedRandomness
    ) -> Fault {
        let worker = Target.worker(Int.random(in: 0..<workerCount, using: &randomness))
        // Most are over before anybody is given up, some are not.
        let isLong = Int.random(in: 0..<8, using: &randomness) == 0
        let milliseconds = Int.random(in: isLong ? 4_500..<10_000 : 0..<1_200, using: &randomness)
        return switch Int.random(in: 0..<10, using: &randomness) {
        case 0..<6: .kill(worker, milliseconds: milliseconds)
        case 6: .stop(worker, milliseconds: milliseconds)
        case 7: .kill(.broker, milliseconds: milliseconds % 1_500)
        case 8: .stop(.broker, milliseconds: milliseconds)
        default: .stop(hasTrainer ? .trainer : worker, milliseconds: milliseconds)
        }
    }

    /// Whether it kills.
    var isKill: Bool { if case .kill = self { true } else { false } }

    var description: String {
        switch self {
        case .kill(let target, let milliseconds): "\(target) killed for \(milliseconds) ms"
        case .stop(let target, let milliseconds): "\(target) stopped for \(milliseconds) ms"
        }
    }
}
