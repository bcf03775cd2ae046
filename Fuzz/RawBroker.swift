import Protocol
import ZMQ

/// In a broker's place: welcomes whoever comes, and then says what it is told to.
actor RawBroker: LoopActor {
    /// What it calls its run.
    static let epoch: UInt64 = 77

    nonisolated let loop: any Reactor
    private let catalogue: Catalogue
    private var socket: SocketID?
    private var peer: RoutingID?
    /// The jobs that were submitted.
    private(set) var submitted: [JobID] = []
    /// The answers that came.
    private(set) var answerCount = 0
    private var waiter: (isDone: (Frames) -> Bool, continuation: CheckedContinuation<Frames?, Never>)?
    private var waitCount = 0

    init(loop: Loop, catalogue: Catalogue = Catalogue()) {
        self.loop = loop
        self.catalogue = catalogue
    }

    /// Listens.
    func start(at endpoint: String) throws {
        let socket = try loop.open(
            .router, options: .router(RawPeers.limits), for: self,
            receive: { broker, message in broker.take(message) })
        self.socket = socket
        _ = try loop.bind(socket, to: endpoint)
    }

    /// Closes the socket.
    func stop() {
        if let socket { loop.close(socket, lingerMilliseconds: 0) }
        socket = nil
        finish(nil)
    }

    /// Sends messages to whoever said hello last.
    func send(_ messages: [Frames]) {
        guard let socket, let peer else { return }
        for frames in messages {
            var message = frames.message(to: peer)
            _ = loop.send(&message, on: socket)
        }
    }

    /// Waits for the first hello.
    func greeted() async {
        if peer == nil { _ = await next(within: 5_000) { _ in false } }
    }

    /// Waits until so many jobs were submitted.
    func submitted(_ count: Int) async -> [JobID] {
        while submitted.count < count {
            guard await next(within: 1_000, where: { $0.command == .submit }) != nil else { break }
        }
        return submitted
    }

    /// Sends a message and waits for the answer to its job, for some time.
    func ask(_ question: Frames, withinMilliseconds: Int64) async -> Frames? {
        send([question])
        let job = question.job
        return await next(within: withinMilliseconds) {
            $0.job == job && [.result, .failed, .transfer].contains($0.command)
        }
    }

    private func next(within milliseconds: Int64, where isDone: @escaping (Frames) -> Bool) async -> Frames? {
        waitCount += 1
        let number = waitCount
        return await withCheckedContinuation { continuation in
            waiter = (isDone, continuation)
            loop.schedule(afterMilliseconds: milliseconds) { [weak self] in
                self?.assumeIsolated { if $0.waitCount == number { $0.finish(nil) } }
            }
        }
    }

    private func finish(_ frames: Frames?) {
        waiter.take()?.continuation.resume(returning: frames)
    }

    private func take(_ message: borrowing Message) {
        guard let id = message.routingID, message.frameCount > 1 else { return }
        let frames = Frames(receivedBehindRoutingID: message)
        switch frames.command {
        case .hello: welcome(id)
        case .submit: if let job = frames.job { submitted.append(job) }
        case .result, .failed, .transfer: answerCount += 1
        default: break
        }
        if let waiter, waiter.isDone(frames) { finish(frames) }
    }

    private func welcome(_ id: RoutingID) {
        let isFirst = peer == nil
        peer = id
        send([
            Frames(RawBroker.header(.welcome), body: Welcome().encoded()),
            Frames(RawBroker.header(.catalogue), body: catalogue.encoded()),
        ])
        if isFirst { finish(nil) }
    }

    /// A header of this run of the broker.
    static func header(_ command: Command, job: JobID = .none, attempt: UInt32 = 0) -> Header {
        Header(command, job: job, attempt: attempt, epoch: epoch)
    }
}

extension Frames {
    /// What the header says it is.
    var command: Command? { header?.command }
    /// The job it is about.
    var job: JobID? { header?.job }

    private var header: Header? {
        let bytes = frames[0]
        return try? Header(decoding: bytes.span)
    }

    /// Copies what a ROUTER received.
    fileprivate init(receivedBehindRoutingID message: borrowing Message) {
        frames = (1..<message.frameCount).map { message.bytes(at: $0) }
    }
}
