import Ground
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
    /// Bytes heard, of all peers there were.
    private var received: UInt32 = 0

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
        let frame = message.bytes(at: 1)
        received &+= UInt32(frame.count)
        for frames in Frames.records(of: frame) { take(frames, from: id) }
        // A peer whose line is full says no more.
        var word: [UInt8] = []
        word.append(RawBroker.header(.heard), heard: received)
        if id == peer { send([Frames(frame: word)]) }
    }

    private func take(_ frames: Frames, from id: RoutingID) {
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
        if id != peer { received = 0 }
        peer = id
        send([
            Frames(RawBroker.header(.welcome), body: Welcome().encoded()),
            Frames(RawBroker.header(.catalogue), body: CatalogueUpdate(catalogue).encoded()),
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

    /// A message of one frame.
    init(frame: [UInt8]) { frames = [frame] }

    /// The records of a frame, each as one of its own.
    fileprivate static func records(of frame: [UInt8]) -> [Frames] {
        var (records, offset): ([Frames], Int) = ([], 0)
        while offset < frame.count, let record = try? Record(decoding: frame.span, at: offset) {
            records.append(Frames(frame: Array(frame[record.range])))
            offset = record.end
        }
        return records
    }

    /// The same about another job.
    func about(_ job: JobID, attempt: UInt32) -> Frames {
        var frame = frames[0]
        guard let record = try? Record(decoding: frame.span, at: 0) else { return self }
        var header = record.header
        header.job = job
        header.attempt = attempt
        frame.edit(from: 0) { header.encode(into: &$0) }
        return Frames(frame: frame)
    }
}
