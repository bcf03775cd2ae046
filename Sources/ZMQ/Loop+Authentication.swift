/// Somebody who has proved to hold the secret key of a public one, and wants to be let in.
package struct Applicant: Sendable, Hashable {
    /// Who it is.
    package let key: CurvePublicKey
    /// Where it connects from, such as `10.0.0.7`; empty for `ipc`.
    package let address: String
}

/// What becomes of an applicant.
package enum Admission: Sendable, Hashable {
    /// Messages of the connection come in, and carry the key.
    case allowed
    /// The connection is ended, and its peer told not to try again.
    case refused
}

/// Who is let in: the server's side of ZAP (rfc.zeromq.org/spec/27), on the loop.
///
/// DESIGN. libzmq asks whoever is bound to one `inproc` address about each CURVE handshake, and lets everybody in
/// where nobody is: it fails open. So the loop opens a CURVE server only after `authenticate`, keeps the
/// answering socket out of everybody's reach, and closes it last. An applicant is judged by its 32 bytes of key
/// alone: the identity that ZAP carries is the server's own option, and a routing id is whatever a peer chose. Nobody
/// is told to try again later (300): libzmq 4.3.4 then leaves the connection until its handshake times out.
extension Loop {
    /// Where libzmq asks, and for what: the domain is set with `curveServer`.
    static let authenticationEndpoint = "inproc://zeromq.zap.01"
    static let authenticationDomain = "fagure"

    private static let limits = SocketLimits(
        sendHighWater: 1, receiveHighWater: 1, frameByteCountMaximum: 1_024, frameCountMaximum: 16,
        messageByteCountMaximum: 8_192)

    /// Asks `decide` about everybody who connects to a CURVE server of this loop; once, before the first is opened.
    ///
    /// Code on the loop's thread only. `decide` is called there and must not block.
    ///
    /// - Throws: `addressInUse` the second time.
    package func authenticate(_ decide: @escaping @Sendable (Applicant) -> Admission) throws(ZMQError) {
        let core = owned
        let entry = try core.open(
            .router, options: Self.limits.options + [.mandatory(true), .linger(milliseconds: 0)],
            receive: { [unowned self] in answer($0, decide) }, endOfTurn: nil)
        do throws(ZMQError) {
            _ = try entry.socket.bind(to: Self.authenticationEndpoint)
        } catch {
            core.close(entry, lingerMilliseconds: 0)
            throw error
        }
        core.authenticator = entry.id
    }

    /// Answers a request: routing id, nothing, version, number, domain, address, identity, mechanism, key.
    private func answer(_ request: consuming Message, _ decide: (Applicant) -> Admission) {
        guard let socket = owned.authenticator, let id = request.routingID, request.frameCount > 4 else {
            return
        }
        let applicant = Applicant(request)
        // What makes no sense is nobody we know.
        let isAllowed = applicant.map(decide) == .allowed
        let name = isAllowed ? applicant?.key.text ?? "" : ""
        var reply = Message(reservingFrames: 8)
        reply.append([])
        reply.append(Array("1.0".utf8))
        reply.append(request.bytes(at: 3))
        for text in [isAllowed ? "200" : "400", "", name, ""] { reply.append(Array(text.utf8)) }
        reply.prepend(id)
        // Who has hung up meanwhile needs no answer.
        _ = send(&reply, on: socket)
    }
}

extension Applicant {
    /// Reads a request of ZAP; `nil` where it is none for CURVE in our domain.
    fileprivate init?(_ request: borrowing Message) {
        guard request.frameCount == 9, request.text(at: 2) == "1.0",
            request.text(at: 4) == Loop.authenticationDomain, request.text(at: 7) == "CURVE",
            let key = try? CurvePublicKey(bytes: request.bytes(at: 8))
        else { return nil }
        self.init(key: key, address: request.text(at: 5))
    }
}

extension Message {
    /// A frame as text.
    fileprivate borrowing func text(at index: Int) -> String {
        String(decoding: bytes(at: index), as: UTF8.self)
    }

    /// Whether the authenticator let the peer of a received message in under this key.
    package func isFrom(_ key: CurvePublicKey) -> Bool {
        guard frameCount > 0 else { return false }
        // The last frame: libzmq 4.3.4 forgets the properties of a ROUTER's id frame once events were polled.
        return unsafe Libzmq.property(cell(frameCount - 1), named: "User-Id", is: key.text)
    }
}
