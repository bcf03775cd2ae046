import Protocol
import ZMQ

/// Peers of a broker that say what they are told to, each by a socket of its own.
actor RawPeers: LoopActor {
    nonisolated let loop: any Reactor
    private let endpoint: String
    private var sockets: [SocketID] = []
    private var welcome: CheckedContinuation<Bool, Never>?

    /// What any number of messages in one conversation fit.
    static let limits = SocketLimits(
        sendHighWater: 1 << 14, receiveHighWater: 1 << 14, frameByteCountMaximum: 1 << 24,
        frameCountMaximum: 1 << 12, messageByteCountMaximum: 1 << 28)

    init(loop: Loop, endpoint: String) {
        self.loop = loop
        self.endpoint = endpoint
    }

    /// Opens the socket of one more peer.
    func connect() throws {
        let number = sockets.count
        let socket = try loop.open(
            .dealer, options: .dealer(RawPeers.limits), for: self,
            receive: { peers, message in peers.take(message, number) })
        try loop.connect(socket, to: endpoint)
        sockets.append(socket)
    }

    /// Sends messages in this order, each by the socket of its peer.
    func send(_ messages: [(peer: Int, frames: Frames)]) {
        for (peer, frames) in messages {
            var message = frames.message()
            _ = loop.send(&message, on: sockets[peer])
        }
    }

    /// Whether one more peer that says hello is welcomed.
    func isWelcomed(_ hello: Frames) async throws -> Bool {
        try connect()
        send([(sockets.count - 1, hello)])
        return await withCheckedContinuation { continuation in
            welcome = continuation
            loop.schedule(afterMilliseconds: 5_000) { [weak self] in
                self?.assumeIsolated { $0.finish(false) }
            }
        }
    }

    /// Closes all sockets.
    func close() {
        for socket in sockets { loop.close(socket, lingerMilliseconds: 0) }
        sockets.removeAll()
    }

    private func take(_ message: borrowing Message, _ peer: Int) {
        guard peer == sockets.count - 1, message.frameCount > 0, message.byteCount(at: 0) >= Header.byteCount
        else { return }
        if message.bytes(at: 0)[6] == Command.welcome.rawValue { finish(true) }
    }

    private func finish(_ isWelcome: Bool) { welcome.take()?.resume(returning: isWelcome) }
}

extension Loop {
    /// Waits until nothing is on its way between the sockets of the loop.
    func settle() async {
        var before = statistics, calmCount = 0
        // A turn hands on what came in it; what that brings about comes in the next.
        while calmCount < 3 {
            await withCheckedContinuation { continuation in
                if !execute({ continuation.resume() }) { continuation.resume() }
            }
            calmCount = statistics == before ? calmCount + 1 : 0
            before = statistics
        }
    }
}
