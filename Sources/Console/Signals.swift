import Dispatch
import Foundation
import Synchronization

/// Turns SIGINT and SIGTERM into values; the second signal of any kind ends the process at once.
///
/// Also ignores SIGPIPE: a closed pipe is an error where it is written to, not the end of the process.
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

    private let sources: Mutex<[any DispatchSourceSignal]>

    /// Watches for signals from now on, for as long as the value is kept.
    ///
    /// - Parameter handle: called once, with the first request, on a thread of Dispatch's.
    package init(_ handle: @escaping @Sendable (Request) -> Void) {
        let seen = Mutex(false)
        let answer: @Sendable (Request) -> Void = { request in
            let isFirst = seen.withLock { seen in
                defer { seen = true }
                return !seen
            }
            if isFirst { handle(request) } else { request.status.leave() }
        }
        signal(SIGPIPE, SIG_IGN)
        sources = Mutex(
            [(SIGINT, Request.interrupt), (SIGTERM, Request.terminate)].map { number, request in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number)
                source.setEventHandler { answer(request) }
                source.resume()
                return source
            })
    }
}
