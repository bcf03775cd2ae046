import TestSupport
import ZMQ

/// Something that is done to a real process.
enum Fault: CustomStringConvertible {
    /// It is killed, and started anew after a while.
    case kill(Target, milliseconds: Int)
    /// It does nothing for a while.
    case stop(Target, milliseconds: Int)
    /// A worker's line is not what it was, for a while; one that is cut is whole again at once.
    case line(worker: Int, Trouble, milliseconds: Int)

    /// What becomes of a line.
    enum Trouble: CaseIterable {
        case cut, stalled, halfOpen, slow, delayed
    }

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
        if Int.random(in: 0..<3, using: &randomness) == 0 {
            let trouble = Trouble.allCases[Int.random(in: 0..<Trouble.allCases.count, using: &randomness)]
            return .line(
                worker: Int.random(in: 0..<workerCount, using: &randomness), trouble,
                milliseconds: milliseconds)
        }
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
        case .line(let worker, let trouble, let milliseconds):
            "line of worker \(worker) \(trouble) for \(milliseconds) ms"
        }
    }
}

extension Fault.Trouble {
    /// The line while it lasts.
    var line: TCPProxy.Line {
        var line = TCPProxy.Line()
        switch self {
        case .cut: break
        case .stalled: line.isStalled = true
        case .halfOpen: line.isHalfOpen = true
        case .slow: line.bytesPerSecond = 200_000
        case .delayed: line.delayMilliseconds = 80
        }
        return line
    }
}
