package import Ground

/// Standard output or standard error: writes what it can, and never ends the program when it cannot.
///
/// A reader may leave, a disk may be full, a terminal may be closed: the first such fault is remembered, for
/// whoever has to say that results were lost. Lines of several threads do not mix.
package final class StandardStream: Sendable {
    /// Results.
    package static let output = StandardStream(1)
    /// News and failures.
    package static let errors = StandardStream(2)

    private struct State {
        var fault: SystemError?
        var isGone = false
    }

    private let descriptor: Int32
    private let state = Lock(State())

    /// Stands for a descriptor, which stays open.
    package init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Writes a line, with text from outside made fit to be shown.
    package func line(_ text: String) { write(VisibleText.line(text) + "\n") }

    /// Writes text as it is: for JSON, which escapes, and for what holds no text from outside or has been made fit.
    package func write(_ text: String) {
        guard !text.isEmpty else { return }
        state.withLock { state in
            guard !state.isGone else { return }
            do throws(SystemError) {
                try Descriptor.write(Array(text.utf8), to: descriptor)
            } catch {
                state.fault = state.fault ?? error
                state.isGone = error.isFinal
            }
        }
    }

    /// The first thing that went wrong; what was written then, or since, may be lost.
    package var fault: SystemError? { state.withLock { $0.fault } }

    /// Whether something was lost that somebody wanted: a reader that left had read enough.
    package var hasLost: Bool { fault.map { $0 != .closedPipe } ?? false }

    /// Whether nobody takes what is written any more.
    package var hasEnded: Bool { state.withLock { $0.isGone } }

    /// Whether a person looks at it.
    package var isTerminal: Bool { Descriptor.isTerminal(descriptor) }

    /// Whether a person looks at it, with a terminal that can draw a line over itself.
    package var canRedraw: Bool { isTerminal && Flag.terminal != "dumb" }

    /// How many characters fit a line of the terminal, as it is now.
    package var columns: Int? { Descriptor.columns(descriptor) }

    /// Takes a stream for closed, which it was when the program began.
    func close() {
        state.withLock { state in
            state.fault = .noDescriptor
            state.isGone = true
        }
    }
}
