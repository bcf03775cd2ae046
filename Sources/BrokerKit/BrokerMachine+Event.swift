package import Keys
package import Protocol
package import ZMQ

extension BrokerMachine {
    /// What can happen to the broker. Records come with a decoded header, and with a decoded body where the
    /// broker reads it; their other parts were looked at by the shell.
    package enum Event: Sendable {
        /// A peer introduces itself; the number of bytes of its body.
        case hello(PeerID, Hello, byteCount: Int)
        /// A peer introduces itself under a key.
        case introduction(PeerID, Hello, byteCount: Int, Credential)
        /// Keys are let in no more.
        case revoked(Set<CurvePublicKey>)
        /// A peer leaves.
        case goodbye(PeerID, Header, reason: String)
        /// A worker did not do a job, or will not.
        case failed(PeerID, Header, FailureCode)
        /// Any other record; its body, if it has one, is not the broker's business.
        case message(PeerID, Header)
        /// The same, with bytes that its receiver will ask for.
        case attached(PeerID, Header, [Attachment])
        /// A trainer asks what there is.
        case query(PeerID, Header, CatalogueQuery)
        /// A trainer was not told what has changed since a revision, for it has yet to take what it was told before.
        case untold(PeerID, since: UInt64)
        /// A peer asks for bytes of an attachment.
        case want(PeerID, Header, Extent)
        /// A peer has given a sign of life.
        case heard(PeerID)
        /// The connection of somebody who had bytes that are being waited for has ended.
        case orphaned(JobID)
        /// A message whose header makes sense and whose other frames or fields do not.
        case damaged(PeerID, Header, ProtocolError)
        /// Bytes that are no message.
        case garbage(ProtocolError)
        /// The transport says that a connection is no more.
        case disconnected(PeerID)
        /// A message could not be sent because the connection is no more.
        case unreachable(PeerID)
        /// So many bytes of records wait for a peer that it is to get no new jobs, or so few that it may again.
        case crowded(PeerID, Bool)
        /// More messages wait for a peer than may.
        case overwhelmed(PeerID)
        /// All messages that had come were handled.
        case turnEnded
        /// Time passed: `BrokerLimits.tickMilliseconds`, more or less.
        case tick
        /// The broker shall end.
        case stop(reason: String)
    }
}
