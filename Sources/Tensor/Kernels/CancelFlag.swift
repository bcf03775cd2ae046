import Synchronization

/// Tells whoever computes that nobody waits for it any more.
///
/// It is asked between the nodes of a graph that is compiled, before each kernel of a plan, and inside
/// kernels that run long. Once it says stop it says so for ever.
package final class CancelFlag: Sendable {
    /// A flag nobody sets.
    package static let never = CancelFlag()

    private let flag = Atomic(false)
    private let ask: (@Sendable () -> Bool)?

    /// A flag for `set`.
    package init() { ask = nil }

    /// A flag that is set as soon as a question is answered with true, too.
    package init(asking: @escaping @Sendable () -> Bool) { ask = asking }

    /// Whether to stop.
    package var isSet: Bool {
        if flag.load(ordering: .relaxed) { return true }
        guard let ask, ask() else { return false }
        set()
        return true
    }

    /// Asks to stop.
    package func set() { flag.store(true, ordering: .relaxed) }

    /// Throws where it is set.
    ///
    /// - Throws: `TensorError.cancelled`.
    package func check() throws(TensorError) {
        if isSet { throw .cancelled }
    }

    /// Goes through a long run piece by piece, for as long as nobody says stop.
    ///
    /// Pieces are whole blocks of every kernel's sums, so that a sum is the same however it was cut.
    @inline(__always)
    func forEachPiece(of count: Int, _ body: (_ start: Int, _ end: Int) -> Void) {
        var start = 0
        while start < count {
            let end = Swift.min(start &+ Pace.elementCount, count)
            body(start, end)
            start = end
            if start < count, isSet { return }
        }
    }
}

/// Says when a loop over rows should look whether it is to stop: after as many elements as take about a
/// millisecond, so that the question costs nothing.
struct Pace {
    /// The elements between two questions.
    static let elementCount = 1 << 18

    private let flag: CancelFlag
    private var left = Pace.elementCount

    init(_ flag: CancelFlag) { self.flag = flag }

    /// Whether to stop, asked now and then.
    ///
    /// - Parameter count: the elements done since the last call.
    @inline(__always)
    mutating func isOver(after count: Int) -> Bool {
        left &-= count
        guard left <= 0 else { return false }
        left = Pace.elementCount
        return flag.isSet
    }
}
