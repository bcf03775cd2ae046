import Ground
import Jobs
import Link
import Protocol
import Tensor
import TestSupport
import ZMQ

/// A ROUTER that does what a test says, in place of a broker.
actor TestBroker: LoopActor {
    /// What a peer said.
    struct Heard: Sendable {
        let peer: RoutingID
        let header: Header
        let body: [UInt8]
        let frames: [Storage]
    }

    nonisolated let loop: any Reactor
    nonisolated let epoch: UInt64
    private var socket: SocketID?
    private var heard: [Heard] = []
    private var correspondences: [RoutingID: Correspondence] = [:]
    private var waiter: (command: Command?, continuation: CheckedContinuation<Heard, Never>)?

    init(loop: any Reactor, epoch: UInt64 = 77) {
        self.loop = loop
        self.epoch = epoch
    }

    /// Listens; returns the endpoint with its port.
    @discardableResult
    func start(at endpoint: String) throws -> String {
        // The routing id is a frame as well.
        var limits = LinkLimits.socketLimits
        limits.frameCountMaximum = 2
        let socket = try loop.open(
            .router, options: .router(limits), for: self,
            receive: { broker, message in broker.take(message) })
        self.socket = socket
        return try loop.bind(socket, to: endpoint)
    }

    /// Closes the socket, as if the broker had died.
    func stop() {
        if let socket { loop.close(socket, lingerMilliseconds: 0) }
        socket = nil
    }

    /// The next message of a command; others before it are forgotten, heartbeats always.
    func next(_ command: Command) async -> Heard {
        while !heard.isEmpty {
            let first = heard.removeFirst()
            if first.header.command == command { return first }
        }
        return await withCheckedContinuation { waiter = (command, $0) }
    }

    /// The next message of any command.
    func heardNext() async -> Heard {
        if !heard.isEmpty { return heard.removeFirst() }
        return await withCheckedContinuation { waiter = (nil, $0) }
    }

    /// Waits for a hello and accepts it.
    func welcome() async throws -> (peer: RoutingID, hello: Hello) {
        let heard = await next(.hello)
        send(Header(.welcome), body: Welcome().encoded(), to: heard.peer)
        return (heard.peer, try Hello(decoding: heard.body))
    }

    /// Sends a message; the header's epoch is this broker's unless it has one.
    func send(_ header: Header, body: [UInt8] = [], frames: [TensorFrame] = [], to peer: RoutingID) {
        var header = header
        if header.epoch == 0 { header.epoch = epoch }
        let tensors = frames.map { frame in
            switch frame {
            case .packed(let bytes): bytes
            case .whole(let storage): storage.elements(as: UInt8.self)
            }
        }
        let frame = correspondences[peer, default: Correspondence()]
            .frame(header, body: body, tensors: tensors)
        send(raw: [frame], to: peer)
    }

    /// Sends frames that may be anything.
    func send(raw frames: [[UInt8]], to peer: RoutingID) {
        var message = Message()
        for frame in frames { message.append(frame) }
        send(&message, to: peer)
    }

    /// Sends a job.
    func dispatch(
        _ job: JobID, attempt: UInt32 = 1, owner: Identifier = .none, flags: Header.Flags = [],
        _ payload: Payload, to peer: RoutingID
    ) {
        var header = Header(.dispatch, job: job, attempt: attempt, epoch: epoch)
        header.target = owner
        header.flags = flags
        send(header, body: payload.body, frames: payload.frames, to: peer)
    }

    private func send(_ message: inout Message, to peer: RoutingID) {
        guard let socket else { return }
        message.prepend(peer)
        _ = loop.send(&message, on: socket)
    }

    private func take(_ message: borrowing Message) {
        guard let peer = message.routingID, message.frameCount > 1 else { return }
        let (news, replies) = correspondences[peer, default: Correspondence()].take(message.bytes(at: 1))
        for reply in replies { send(raw: [reply], to: peer) }
        for message in news where message.command != .heartbeat {
            hear(
                Heard(
                    peer: peer, header: message.header, body: message.body,
                    frames: message.tensors.map { Storage(elements: $0) }))
        }
    }

    private func hear(_ message: Heard) {
        if let waiter {
            guard waiter.command ?? message.header.command == message.header.command else { return }
            self.waiter = nil
            waiter.continuation.resume(returning: message)
        } else {
            heard.append(message)
        }
    }
}
