package import Protocol

extension BrokerMachine {
    /// What the shell must do, in order.
    package enum Action: Sendable {
        /// Send the current record on under another header; the rest of it is not touched.
        case forward(to: PeerID, Header)
        /// Send the current record on as it came.
        case relay(to: PeerID)
        /// Send a record that has no body.
        case send(to: PeerID, Header)
        /// Send bytes that somebody asked for.
        case open(Flow)
        /// Nobody needs bytes of a job any more.
        case drop(JobID)
        /// Forget what an owner has given names to.
        case forgetContents(of: Identifier)
        /// Send a `failed` or `refused`.
        case fail(to: PeerID, Header, Failure)
        /// Send a `welcome`.
        case welcome(to: PeerID, Header, Welcome)
        /// Send an `owner`.
        case owner(to: PeerID, Header, OwnerDescription)
        /// Send a `goodbye`.
        case goodbye(to: PeerID, Header, Goodbye)
        /// Send one `catalogue`, in its parts, to all of these.
        case catalogue(to: [PeerID], Header, [CatalogueUpdate])
        /// Send a `status`.
        case status(to: PeerID, Header)
        /// The connection means nothing any more: let go of it, and of what waits for it.
        case forget(PeerID)
        /// Tell the operator.
        case log(LogLevel, String)
    }

    /// How much a log line matters.
    package enum LogLevel: Sendable, Hashable {
        case debug
        case info
        case warning
    }
}
