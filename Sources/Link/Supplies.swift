import Ground
import Protocol

/// What this side has offered with a record, and hands out in pieces when it is asked for.
///
/// A pure value. Everybody who asks gets a piece in turn, so that a large tensor does not hold back a small one.
struct Supplies: Sendable {
    private struct Supply: Sendable {
        let attempt: UInt32
        let parts: [TensorFrame]
    }

    /// Bytes that were asked for.
    private struct Order: Sendable {
        let job: JobID
        let attempt: UInt32
        var extent: Extent
    }

    private var supplies: [JobID: Supply] = [:]
    private var orders: [Order] = []
    private var turn = 0

    /// Whether nobody may still ask.
    var isEmpty: Bool { supplies.isEmpty }

    /// Whether pieces are owed.
    var isOwing: Bool { !orders.isEmpty }

    /// Offers what belongs to a job, in place of what did before.
    mutating func offer(_ parts: [TensorFrame], of job: JobID, attempt: UInt32) {
        withdraw(job)
        supplies[job] = Supply(attempt: attempt, parts: parts)
    }

    /// Offers nothing of a job any more.
    mutating func withdraw(_ job: JobID) {
        guard supplies.removeValue(forKey: job) != nil else { return }
        orders.removeAll { $0.job == job }
    }

    /// Offers nothing of an attempt at a job any more, nor of one before it.
    ///
    /// - Returns: whether something was offered.
    @discardableResult
    mutating func withdraw(_ job: JobID, attempt: UInt32) -> Bool {
        guard let supply = supplies[job], supply.attempt <= attempt else { return false }
        withdraw(job)
        return true
    }

    /// Offers nothing.
    mutating func removeAll() { self = Supplies() }

    /// Takes an order.
    ///
    /// - Returns: whether the bytes are there; else the other side should be told that they are gone.
    mutating func order(_ extent: Extent, of job: JobID, attempt: UInt32) -> Bool {
        guard let supply = supplies[job], supply.attempt == attempt,
            supply.parts.indices.contains(extent.attachment),
            extent.to <= supply.parts[extent.attachment].byteCount
        else { return false }
        guard extent.count > 0 else { return true }
        let index = orders.firstIndex { $0.job == job && $0.extent.attachment == extent.attachment }
        guard let index else {
            orders.append(Order(job: job, attempt: attempt, extent: extent))
            return true
        }
        // The next bytes, or a new beginning.
        if orders[index].extent.to == extent.from {
            orders[index].extent.to = extent.to
        } else {
            orders[index].extent = extent
        }
        return true
    }

    /// A piece of what was asked for.
    struct Piece {
        let job: JobID
        let attempt: UInt32
        let extent: Extent
        let part: TensorFrame
    }

    /// The next piece, of the one whose turn it is; `nil` where nothing is owed.
    mutating func nextPiece(byteCountMaximum: Int) -> Piece? {
        guard !orders.isEmpty else { return nil }
        turn = (turn + 1) % orders.count
        let order = orders[turn]
        guard let supply = supplies[order.job] else {
            orders.remove(at: turn)
            return nextPiece(byteCountMaximum: byteCountMaximum)
        }
        var extent = order.extent
        extent.to = min(extent.to, extent.from + byteCountMaximum)
        orders[turn].extent.from = extent.to
        if extent.to == order.extent.to { orders.remove(at: turn) }
        return Piece(
            job: order.job, attempt: order.attempt, extent: extent, part: supply.parts[extent.attachment])
    }

    /// Takes a piece back that could not be sent: it is owed again.
    mutating func putBack(_ piece: Piece) {
        let index = orders.firstIndex {
            $0.job == piece.job && $0.extent.attachment == piece.extent.attachment
        }
        guard let index else {
            return orders.append(Order(job: piece.job, attempt: piece.attempt, extent: piece.extent))
        }
        orders[index].extent.from = piece.extent.from
    }
}
