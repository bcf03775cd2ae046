package import Protocol

extension BrokerMachine {
    /// What the shell must do, in order.
    package enum Action: Sendable {
        /// Send the current message on with another header; its other frames are not touched.
        case forward(to: PeerID, Header)
        /// Send the current message on as it came.
        case relay(to: PeerID)
        /// Send a message that has no body.
        case send(to: PeerID, Header)
        /// Send a `failed` or `refused`.
        case fail(to: PeerID, Header, Failure)
        /// Send a `welcome`.
        case welcome(to: PeerID, Header, Welcome)
        /// Send an `owner`.
        case owner(to: PeerID, Header, OwnerDescription)
        /// Send a `goodbye`.
        case goodbye(to: PeerID, Header, Goodbye)
        /// Send one `catalogue` to all of these.
        case catalogue(to: [PeerID], Header, Catalogue)
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
