package import ZMQ

/// Something that goes wrong in a simulated world, and comes right again.
package enum Fault: Sendable, Hashable {
    /// A worker's process is killed and started anew.
    case killWorker(Int, milliseconds: Int64)
    /// A worker's process does nothing for a while.
    case stopWorker(Int, milliseconds: Int64)
    /// The broker's process is killed and started anew.
    case killBroker(milliseconds: Int64)
    /// The broker's process does nothing for a while.
    case stopBroker(milliseconds: Int64)
    /// The trainer's process does nothing for a while.
    case stopTrainer(milliseconds: Int64)
    /// Nothing gets through between the broker and a worker.
    case cutWorker(Int, milliseconds: Int64)
    /// Nothing gets through between the broker and the trainer.
    case cutTrainer(milliseconds: Int64)
    /// A worker's connection breaks.
    case severWorker(Int)
    /// The trainer's connection breaks.
    case severTrainer
    /// A worker's line carries so many bytes a second for a while.
    case slowWorker(Int, bytesPerSecond: Int64, milliseconds: Int64)
    /// A trainer's process is killed, and another started later.
    case killGuest(milliseconds: Int64)
    /// A worker's clock jumps ahead.
    case skipWorker(Int, milliseconds: Int64)
    /// The broker's clock jumps ahead.
    case skipBroker(milliseconds: Int64)

    /// How long it lasts.
    package var milliseconds: Int64 {
        switch self {
        case .killWorker(_, let milliseconds), .stopWorker(_, let milliseconds),
            .killBroker(let milliseconds), .stopBroker(let milliseconds), .stopTrainer(let milliseconds),
            .cutWorker(_, let milliseconds),
            .cutTrainer(let milliseconds), .slowWorker(_, _, let milliseconds), .killGuest(let milliseconds):
            milliseconds
        case .severWorker, .severTrainer, .skipWorker, .skipBroker: 0
        }
    }

    /// Draws one.
    package static func random(workerCount: Int, using randomness: inout SimulatedRandomness) -> Fault {
        let worker = Int.random(in: 0..<workerCount, using: &randomness)
        // Most are over before anybody is given up, some long after.
        let isLong = Int.random(in: 0..<3, using: &randomness) == 0
        let milliseconds = Int64.random(in: isLong ? 1_000..<20_000 : 0..<1_500, using: &randomness)
        return switch Int.random(in: 0..<15, using: &randomness) {
        case 0...2: .killWorker(worker, milliseconds: milliseconds)
        case 3: .stopWorker(worker, milliseconds: milliseconds)
        case 4: .killBroker(milliseconds: milliseconds)
        case 5: .stopBroker(milliseconds: milliseconds)
        case 6: .stopTrainer(milliseconds: milliseconds)
        case 7: .cutWorker(worker, milliseconds: milliseconds)
        case 8: .cutTrainer(milliseconds: milliseconds)
        case 9: .severWorker(worker)
        case 10: .severTrainer
        case 11: .slowWorker(worker, bytesPerSecond: 40_000, milliseconds: milliseconds)
        case 12: .skipWorker(worker, milliseconds: milliseconds)
        case 13: .killGuest(milliseconds: milliseconds)
        default: .skipBroker(milliseconds: milliseconds)
        }
    }
}

extension SimulatedFleet {
    /// Lets something go wrong now, and come right again when its time is over.
    package func suffer(_ fault: Fault) {
        switch fault {
        case .killWorker(let number, let milliseconds):
            killWorker(number)
            later(milliseconds) { self.startWorker(number) }
        case .stopWorker(let number, let milliseconds):
            stop(workerLoops[number], milliseconds)
        case .killBroker(let milliseconds):
            killBroker()
            later(milliseconds) { self.startBroker() }
        case .stopBroker(let milliseconds):
            stop(brokerLoop, milliseconds)
        case .stopTrainer(let milliseconds):
            stop(trainerLoop, milliseconds)
        case .cutWorker(let number, let milliseconds):
            change(workerLoops[number], milliseconds) { $0.isCut = true }
        case .cutTrainer(let milliseconds):
            change(trainerLoop, milliseconds) { $0.isCut = true }
        case .severWorker(let number):
            workerLoops[number]?.sever()
        case .severTrainer:
            trainerLoop.sever()
        case .slowWorker(let number, let bytesPerSecond, let milliseconds):
            change(workerLoops[number], milliseconds) { $0.bytesPerSecond = bytesPerSecond }
        case .skipWorker(let number, let milliseconds):
            workerLoops[number]?.skip(milliseconds: milliseconds)
        case .killGuest(let milliseconds):
            guard hasGuest else { break }
            killGuest()
            later(milliseconds) { try? self.startGuest() }
        case .skipBroker(let milliseconds):
            brokerLoop?.skip(milliseconds: milliseconds)
        }
    }

    private func stop(_ loop: SimulatedLoop?, _ milliseconds: Int64) {
        loop?.stop()
        later(milliseconds) { loop?.go() }
    }

    /// Changes the line between the broker and somebody for a while.
    private func change(
        _ loop: SimulatedLoop?, _ milliseconds: Int64, _ body: (inout SimulatedLine) -> Void
    ) {
        guard let loop, let brokerLoop else { return }
        var line = world.usualLine
        body(&line)
        world.setLine(line, between: loop, and: brokerLoop)
        later(milliseconds) { self.world.setLine(self.world.usualLine, between: loop, and: brokerLoop) }
    }

    private func later(_ milliseconds: Int64, _ body: @escaping @Sendable () -> Void) {
        world.schedule(afterNanoseconds: milliseconds * 1_000_000, body)
    }
}
