import DequeModule
import Protocol
import Tensor

/// Work that waits for a slot: of each owner in its order, owners in turn, so that nobody waits behind all that
/// somebody else has sent.
///
/// A pure value. Operations take O(owners that wait), of which there are few.
struct FairQueue: Sendable {
    private struct Line: Sendable {
        let owner: Identifier
        var works: Deque<Work>
    }

    private var lines: [Line] = []
    /// Whose turn it is.
    private var turn = 0
    /// How much work waits.
    private(set) var count = 0
    /// The bytes it came as.
    private(set) var byteCount = 0

    /// Nothing waits.
    init() {}

    /// Whether nothing waits.
    var isEmpty: Bool { count == 0 }

    /// Who waits.
    var owners: [Identifier] { lines.map(\.owner) }

    /// Adds work behind what its owner has sent before.
    mutating func append(_ work: Work) {
        count += 1
        byteCount = byteCount.addingSaturated(work.byteCount)
        if let index = lines.firstIndex(where: { $0.owner == work.owner }) {
            lines[index].works.append(work)
        } else {
            // The last in turn: whoever was here before comes first.
            lines.insert(Line(owner: work.owner, works: [work]), at: turn)
            turn = (turn + 1) % lines.count
        }
    }

    /// Takes the first work of an owner with the fewest runs, of equals the one whose turn it is.
    ///
    /// - Parameters:
    ///   - limit: owners with so many runs get nothing.
    ///   - runs: how many runs an owner has now.
    mutating func popFirst(fewerThan limit: Int = .max, runs: (Identifier) -> Int) -> Work? {
        guard let index = next(fewerThan: limit, runs), let work = lines[index].works.popFirst() else {
            return nil
        }
        count -= 1
        byteCount -= min(byteCount, work.byteCount)
        let isLast = lines[index].works.isEmpty
        if isLast { lines.remove(at: index) }
        turn = lines.isEmpty ? 0 : (isLast ? index : index + 1) % lines.count
        return work
    }

    private func next(fewerThan limit: Int, _ runs: (Identifier) -> Int) -> Int? {
        // One owner alone is the rule, and need not be compared with anybody.
        if lines.count == 1, limit == .max { return 0 }
        var best: (index: Int, runs: Int)?
        for offset in lines.indices {
            let index = (turn + offset) % lines.count
            let runs = runs(lines[index].owner)
            if runs < limit, runs < best?.runs ?? .max { best = (index, runs) }
        }
        return best?.index
    }

    /// Takes one run out.
    ///
    /// - Complexity: O(count).
    mutating func remove(_ run: WorkerMachine.RunID) {
        for index in lines.indices {
            guard let position = lines[index].works.firstIndex(where: { $0.run == run }) else { continue }
            byteCount -= min(byteCount, lines[index].works.remove(at: position).byteCount)
            count -= 1
            guard lines[index].works.isEmpty else { return }
            lines.remove(at: index)
            if index < turn { turn -= 1 }
            if turn == lines.count { turn = 0 }
            return
        }
    }

    /// Takes all of it, in the order in which it came.
    mutating func removeAll() -> [Work] {
        defer { self = FairQueue() }
        return lines.flatMap(\.works).sorted { $0.run < $1.run }
    }
}
