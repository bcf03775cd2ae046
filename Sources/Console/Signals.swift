import Dispatch
import Foundation
import Ground

/// Turns SIGINT and SIGTERM into values; the second signal of any kind ends the process at once.
package final class Signals: Sendable {
    /// A request to end.
    package enum Request: Sendable {
        /// Ctrl-C.
        case interrupt
        /// A polite request from another process.
        case terminate

        /// The status a program ends with when it obeys.
        package var status: ExitStatus { self == .interrupt ? .interrupted : .terminated }
    }

    private let sources: Lock<[any DispatchSourceSignal]>

    /// Ignores, from now on, signals that would end the process because of what is around it: a closed pipe and
    /// a file as long as it may be are errors where they are written to, and a closed terminal ends what was
    /// shown there, not the work.
    package static func ignoreOthers() {
        for number in [SIGPIPE, SIGXFSZ, SIGHUP] { signal(number, SIG_IGN) }
    }

    /// Watches for signals from now on, for as long as the value is kept.
    ///
    /// - Parameter handle: called once, with the first request, on a thread of Dispatch's.
    package init(_ handle: @escaping @Sendable (Request) -> Void) {
        let seen = Lock(false)
        let answer: @Sendable (Request) -> Void = { request in
            let isFirst = seen.withLock { seen in
                defer { seen = true }
                return !seen
            }
            if isFirst { handle(request) } else { request.status.leave() }
        }
        sources = Lock(
            [(SIGINT, Request.interrupt), (SIGTERM, Request.terminate)].map { number, request in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number)
                source.setEventHandler { answer(request) }
                source.resume()
                return source
            })
    }
}
