import Foundation
import Ground

/// One target's turn: feeds it inputs, keeps the number of the present one where it outlives a crash, and ends the
/// process when one takes too long.
struct Run {
    /// When to stop.
    enum Limit {
        case seconds(Double)
        case tried(Int)
    }

    private let name: String
    private let seed: UInt64
    private let folder: String
    private let watch = Watch()

    init(_ name: String, seed: UInt64, folder: String) {
        self.name = name
        self.seed = seed
        self.folder = folder
    }

    /// Feeds inputs until the limit and prints a line about them.
    func run(until limit: Limit) async throws {
        watch.begin("\(name) \(seed):0")
        var target = try await Targets.make(name, folder: folder)
        var total = Tally(), number: UInt64 = 0
        let start = Date()
        while !isReached(limit, total, start) {
            total += try await feed(&target, number)
            number += 1
        }
        watch.end()
        let seconds = String(format: "%.1f", Date().timeIntervalSince(start))
        Fuzz.report(
            "\(name): \(total.tried) inputs, \(total.accepted) accepted, \(total.refused) refused, "
                + "\(seconds) s, seed \(seed)")
    }

    /// Feeds one input of a run again.
    func replay(_ number: UInt64) async throws {
        watch.begin("\(name) \(seed):\(number)")
        var target = try await Targets.make(name, folder: folder)
        let tally = try await feed(&target, number)
        watch.end()
        Fuzz.report("\(name): \(seed):\(number) did no harm; \(tally.accepted) of \(tally.tried) accepted")
    }

    private func isReached(_ limit: Limit, _ total: Tally, _ start: Date) -> Bool {
        switch limit {
        case .seconds(let seconds): Date().timeIntervalSince(start) >= seconds
        case .tried(let count): total.tried >= count
        }
    }

    private func feed(_ target: inout any Target, _ number: UInt64) async throws -> Tally {
        var random = Randomness(seed: seed, input: number)
        watch.note("\(name) \(seed):\(number)")
        do {
            return try await target.feed(&random)
        } catch {
            throw Fault("\(name) \(seed):\(number) is a fault: \(error)")
        }
    }
}

/// Remembers which input is being fed: in a file, for whoever looks after a crash, and with the time.
final class Watch: Sendable {
    private static let secondsMaximum = 10.0

    private let present = Lock<(name: String, since: Date)?>(nil)
    private let record: FileHandle?

    /// A watch over the file the script names.
    init() {
        let path = ProcessInfo.processInfo.environment["FAGURE_FUZZ_RECORD"]
        if let path { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        record = path.flatMap { FileHandle(forWritingAtPath: $0) }
    }

    /// Looks from now on, on a thread of its own, whether the present input takes too long.
    func begin(_ name: String) {
        note(name)
        Foundation.Thread.detachNewThread { [self] in
            while let (name, since) = present.withLock({ $0 }) {
                if Date().timeIntervalSince(since) > Watch.secondsMaximum {
                    Fuzz.end("\(name) takes more than \(Int(Watch.secondsMaximum)) s")
                }
                Foundation.Thread.sleep(forTimeInterval: 0.25)
            }
        }
    }

    /// The next input.
    func note(_ name: String) {
        present.withLock { $0 = (name, Date()) }
        // A line of one length, so that the last one is never mixed with one before.
        let line = (name + "\n").padding(toLength: 64, withPad: " ", startingAt: 0)
        try? record?.seek(toOffset: 0)
        try? record?.write(contentsOf: Data(line.utf8))
    }

    /// Looks no more.
    func end() { present.withLock { $0 = nil } }
}
