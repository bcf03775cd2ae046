/// A world of simulated loops: a network, a clock that goes only when nothing is left to be done at a moment, and
/// chance from a seed. The same seed gives the same course of events.
///
/// DESIGN. Everything that will happen is a timer of one heap, in nanoseconds; running the world is taking the next
/// one. Loops take turns, each some microseconds after it was given something to do, so that what several do at one
/// time comes in an order the seed decides. All of it runs on the thread that runs the world.
package final class SimulatedWorld: @unchecked Sendable {
    // Proof: one thread makes a world, all that lives in it, and runs it; nothing of it is given to another.

    /// Nanoseconds since the world began.
    package private(set) var now: Int64 = 0
    /// A digest of all that has happened: equal for equal courses.
    package private(set) var trace: UInt64 = 0xCBF2_9CE4_8422_2325
    /// How a line between two loops is, where nothing else was said.
    package var usualLine = SimulatedLine()

    /// Told of every message when it is sent.
    package var observe: (@Sendable (SimulatedLetter, borrowing Message) -> Void)?

    private var events = Timers()
    private var randomness: SimulatedRandomness
    private var lines: [Pair: SimulatedLine] = [:]
    private(set) var loops: [SimulatedLoop] = []
    /// Who listens where.
    var listeners: [String: SimulatedSocket] = [:]
    /// The loop whose turn it is.
    var current: SimulatedLoop?
    private var lastPort = 0

    private struct Pair: Hashable {
        let from: Int
        let to: Int
    }

    /// Makes an empty world.
    package init(seed: UInt64) { randomness = SimulatedRandomness(seed: seed) }

    /// Puts a loop into the world.
    package func addLoop(_ name: String) -> SimulatedLoop {
        let loop = SimulatedLoop(name: name, number: loops.count, in: self)
        loops.append(loop)
        return loop
    }

    /// Lets the dead do what they had left undone, so that no task waits for ever: for the end of a world.
    package func buryAll() {
        for loop in loops { loop.bury() }
    }

    // MARK: Time

    /// Does something at a later moment.
    package func schedule(afterNanoseconds delay: Int64, _ body: @escaping @Sendable () -> Void) {
        _ = events.schedule(deadline: now + max(0, delay), body)
    }

    /// Lets the next thing happen; false when nothing will, ever.
    package func step() -> Bool {
        guard let deadline = events.nextDeadline() else { return false }
        now = max(now, deadline)
        note(UInt64(bitPattern: now))
        events.popDue(at: deadline, before: events.upcoming)?()
        return true
    }

    /// Lets time pass.
    package func run(nanoseconds: Int64) {
        let end = now + nanoseconds
        while let deadline = events.nextDeadline(), deadline <= end { _ = step() }
        now = max(now, end)
    }

    /// Lets time pass until something is so.
    ///
    /// - Returns: whether it came to be within so many nanoseconds.
    package func run(until isSo: () -> Bool, withinNanoseconds limit: Int64) -> Bool {
        let end = now + limit
        while !isSo() {
            guard let deadline = events.nextDeadline(), deadline <= end else { return isSo() }
            _ = step()
        }
        return true
    }

    /// Adds to the digest of what has happened (FNV-1a).
    package func note(_ word: UInt64) { trace = (trace ^ word) &* 0x0000_0100_0000_01B3 }

    // MARK: Chance

    /// The next number of the seed.
    package func random() -> UInt64 { randomness.next() }

    /// A number of a range.
    package func random(in range: Range<Int64>) -> Int64 { .random(in: range, using: &randomness) }

    // MARK: The network

    /// How messages get from one loop to another.
    package func line(from: SimulatedLoop, to: SimulatedLoop) -> SimulatedLine {
        lines[Pair(from: from.number, to: to.number)] ?? usualLine
    }

    /// Changes how messages get from one loop to another and back.
    package func setLine(_ line: SimulatedLine, between first: SimulatedLoop, and second: SimulatedLoop) {
        lines[Pair(from: first.number, to: second.number)] = line
        lines[Pair(from: second.number, to: first.number)] = line
        for loop in [first, second] {
            for socket in loop.openSockets {
                for connection in socket.connections { connection.lineChanged() }
            }
        }
    }

    /// A port nobody has.
    func freePort() -> Int {
        lastPort += 1
        return 49_151 + lastPort
    }
}

/// A message on its way between two loops.
package struct SimulatedLetter: Sendable {
    /// Whose it is.
    package let sender: SimulatedLoop
    /// Whom it is for.
    package let receiver: SimulatedLoop
    /// How long it takes if nothing happens to the line.
    package let nanoseconds: Int64
}

/// How a line between two loops is.
package struct SimulatedLine: Sendable, Hashable {
    /// How long a message takes at least, in nanoseconds.
    package var latency: Int64 = 50_000
    /// How much longer one may take, by chance.
    package var jitter: Int64 = 50_000
    /// Bytes a second.
    package var bytesPerSecond: Int64 = 1_000_000_000
    /// Whether nothing gets through.
    package var isCut = false

    /// A line of a local network.
    package init() {}
}

/// Numbers from a seed: SplitMix64 (G. Steele, D. Lea, C. Flood: Fast splittable pseudorandom number generators, 2014).
package struct SimulatedRandomness: RandomNumberGenerator {
    private var state: UInt64

    /// Begins anew.
    package init(seed: UInt64) { state = seed }

    /// The next number.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
