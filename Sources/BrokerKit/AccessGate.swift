import Ground
import Keys
import ZMQ

/// Who is let in, and under which key each connection came.
///
/// DESIGN. A key is asked for three times: by libzmq when a connection greets, here for each message, and by the
/// machine for each hello. For each message, because libzmq 4.3.4 cannot drop the connection of a key that was
/// revoked, and because a peer that chooses a routing id may choose that of one who has just left. A message of a
/// known connection costs a comparison of its key's text; nothing is made or looked up.
struct AccessGate: Sendable {
    let configuration: AccessConfiguration
    /// Who is let in now.
    private(set) var list: AllowList
    /// Connections and messages that were not.
    var refusedCount: UInt64 = 0
    /// Whether strangers were tried and kept out; nobody is heard before.
    var isProven = false

    /// By the numbers of connections.
    private var credentials: [Credential?] = []
    private var listState: File.State?
    /// What was said last about a list that cannot be read, so that it is said once.
    private var complaint: String?
    private var noise = LogThrottle(intervalMilliseconds: BrokerLimits.noiseIntervalMilliseconds)

    init(_ configuration: AccessConfiguration) {
        self.configuration = configuration
        list = configuration.list
        // It may have changed since it was read: the first look reads it again.
    }

    /// Under which key a connection came.
    func credential(of peer: PeerID) -> Credential? {
        credentials.indices.contains(Int(peer.rawValue)) ? credentials[Int(peer.rawValue)] : nil
    }

    /// Notes under which key a connection came; `nil` once it is forgotten.
    mutating func assign(_ credential: Credential?, to peer: PeerID) {
        while credentials.count <= Int(peer.rawValue) { credentials.append(nil) }
        credentials[Int(peer.rawValue)] = credential
    }

    /// The connections of some keys.
    func peers(of keys: Set<CurvePublicKey>) -> [PeerID] {
        credentials.indices.compactMap { index in
            credentials[index].flatMap { keys.contains($0.key) ? PeerID(rawValue: Int32(index)) : nil }
        }
    }

    /// Looks whether the list has changed, and reads it if so.
    ///
    /// - Returns: keys that are let in no more, or as somebody else, and what to tell the operator.
    mutating func reload() -> (revoked: Set<CurvePublicKey>, news: News?) {
        let state = File.state(of: configuration.listPath)
        guard state != listState else { return ([], nil) }
        listState = state
        do throws(KeyError) {
            let before = list
            list = try AllowList(contentsOf: configuration.listPath)
            complaint = nil
            return (before.without(list), before == list ? nil : .changed(count: list.count))
        } catch {
            // Who was let in stays so: a slip of somebody's pen must not stop every site.
            guard complaint != error.description else { return ([], nil) }
            complaint = error.description
            return ([], .unreadable(error.description))
        }
    }

    /// What to tell the operator of the list.
    enum News: Sendable {
        case changed(count: Int)
        case unreadable(String)
    }

    /// Counts somebody who was not let in; how many lines were left out, where one is to be logged now.
    mutating func refuse(at now: Int64) -> Int? {
        refusedCount += 1
        return noise.admit(at: now)
    }
}
