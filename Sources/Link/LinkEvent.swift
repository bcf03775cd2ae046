package import Protocol
package import ZMQ

/// What a link tells its owner.
package enum LinkEvent: Sendable {
    /// A message about jobs or the catalogue.
    case received(Incoming)
    /// Bytes of a job came or went, and more are to: it has not come to rest.
    case moved(JobID)
    /// The broker has all of an answer that was offered: nobody will ask for it again.
    case settled(JobID)
    /// A message about a job that cannot be used; why. Somebody waits for it, so it must be answered for.
    case damaged(Header, Failure)
    /// The broker knows us: resubmit what is open.
    case ready(Welcome, epoch: UInt64)
    /// The broker is gone for now; why.
    case lost(reason: String)
    /// The session is over and the socket closed; why.
    case failed(Failure)
    /// Something for the log, at a bounded rate: garbage that was dropped, a socket that could not be opened.
    case noticed(String)
}

/// What became of a message given to `PeerLink.send`.
package enum Delivery: Sendable, Hashable {
    /// It goes out at the end of the turn, or when the line has room; which is no proof that it will arrive.
    case accepted
    /// There is no broker, or too much waits for it; whoever needs it sends it again when the link is ready.
    case dropped
}

/// An actor that lives on a reactor and holds a link; the link's socket calls it, without a hop or a task.
package protocol LinkOwner: LoopActor {
    /// A message came: give it to `PeerLink.receive`.
    func linkDidReceive(_ message: borrowing Message)
    /// A message beyond the limits came: give what is left of it to `PeerLink.receive`.
    func linkDidReceive(_ head: MessageHead)
    /// Something happened to the connection: give it to `PeerLink.observe`.
    func linkDidObserve(_ event: MonitorEvent)
    /// What waits can go out: call `PeerLink.flush`.
    func linkShouldFlush()
    /// A turn in which messages came is over: hand on what it brought, then call `PeerLink.flush`.
    func linkDidEndTurn()
}
