import Ground
import Protocol
import ZMQ

/// What goes to which connection, and when: records in their order, then the pieces of attachments as they were asked
/// for.
///
/// DESIGN. Who may be sent what, `BrokerMachine` decides; the relay knows lines and bytes, and no jobs. Large bytes
/// move because their receiver asked, and no faster than its line takes them: of what has no name the provider is
/// asked for only as much as the receiver's line takes in a moment, so that nothing piles up here. Bytes with a name
/// are asked for once and kept (`ContentStore`). Pieces that pass through are not copied; records are, into frames
/// of many.
struct Relay: ~Copyable {
    /// A piece that passes through.
    struct Passing {
        let parcel: Parcel
        let header: Header
        let byteCount: Int
    }

    /// What there is for a connection.
    struct Post {
        var outbox = Outbox()
        var passing: [Passing] = []
        /// Bytes of them.
        var passingByteCount = 0
        /// Bytes that were asked for, to pass through to it.
        var askedByteCount = 0
        /// What it has asked for.
        var flows: [Flow.Key] = []
        var turn = 0
        var isTouched = false
        /// Whether so much waits for it that it was said.
        var isCrowded = false
    }

    /// How a message leaves.
    typealias Send = (PeerID, inout Message) -> SendOutcome

    var posts: [Post] = []
    private(set) var flows: [Flow.Key: Flow] = [:]
    private(set) var flowsOfJobs: [JobID: [Flow.Key]] = [:]
    private var contents: ContentStore
    /// Connections for which something may be done at the end of the turn.
    private var touched: [PeerID] = []
    /// Connections that libzmq had no room for.
    private(set) var blocked: Set<PeerID> = []
    /// Connections that do not take what is sent to them.
    var overwhelmed: [PeerID] = []
    /// Connections for which much waits now, or no more, since this was last said.
    var crowdings: [(peer: PeerID, isCrowded: Bool)] = []
    private let epoch: UInt64
    /// Bytes of frames that came, and that went.
    private(set) var receivedByteCount: UInt64 = 0
    private(set) var sentByteCount: UInt64 = 0
    /// Bytes of records that wait, for all connections.
    private var waitingByteCount = 0

    /// Nobody is there.
    init(epoch: UInt64, contentByteCountMaximum: Int = BrokerLimits.contentByteCountMaximum) {
        self.epoch = epoch
        contents = ContentStore(byteCountMaximum: contentByteCountMaximum)
    }

    /// Bytes of records and pieces that wait, and of what is kept.
    var byteCounts: (waiting: Int, kept: Int) {
        (posts.reduce(0) { $0 + $1.outbox.byteCount + $1.passingByteCount }, contents.byteCount)
    }

    /// Attachments that somebody fetches.
    var flowCount: Int { flows.count }

    private mutating func touch(_ peer: PeerID) {
        let index = Int(peer.rawValue)
        while posts.count <= index { posts.append(Post()) }
        guard !posts[index].isTouched else { return }
        posts[index].isTouched = true
        touched.append(peer)
    }
}

// Records.
extension Relay {
    /// Says something of the broker's own.
    mutating func append(_ header: Header, body: [UInt8] = [], to peer: PeerID) {
        touch(peer)
        let before = posts[Int(peer.rawValue)].outbox.byteCount
        posts[Int(peer.rawValue)].outbox.append(header, body: body)
        count(peer, from: before)
    }

    /// Passes a record on, under another header or its own.
    mutating func append(_ record: Record, of frame: RawSpan, as header: Header?, to peer: PeerID) {
        touch(peer)
        let before = posts[Int(peer.rawValue)].outbox.byteCount
        posts[Int(peer.rawValue)].outbox.append(record, of: frame, as: header)
        count(peer, from: before)
    }

    private mutating func count(_ peer: PeerID, from before: Int) {
        let now = posts[Int(peer.rawValue)].outbox.byteCount
        waitingByteCount += now - before
        if now > BrokerLimits.crowdedByteCount { setCrowded(true, peer) }
        guard
            now > BrokerLimits.waitingByteCountMaximum
                || waitingByteCount > BrokerLimits.waitingTotalByteCountMaximum,
            before > 0
        else { return }
        waitingByteCount -= now
        posts[Int(peer.rawValue)].outbox.reset()
        overwhelmed.append(peer)
    }

    /// Counts a frame that came by a connection.
    mutating func receive(_ byteCount: Int, from peer: PeerID) {
        touch(peer)
        receivedByteCount &+= UInt64(byteCount)
        posts[Int(peer.rawValue)].outbox.line.receive(byteCount)
    }

    /// Takes what a peer says it has heard.
    mutating func hear(_ word: UInt32, from peer: PeerID, at now: Int64) {
        posts[Int(peer.rawValue)].outbox.line.hear(word, at: now)
    }
}

// Attachments.
extension Relay {
    /// Begins to send what somebody asked for, in place of what it asked for before.
    mutating func open(_ asked: Flow) {
        var flow = asked
        close(flow.key)
        guard flow.to > flow.from else { return }
        let needed = namedByteCount(of: flow)
        if let name = flow.content, !contents.join(flow.key, name, needed) { flow.content = nil }
        flows[flow.key] = flow
        flowsOfJobs[flow.key.job, default: []].append(flow.key)
        touch(flow.receiver)
        posts[Int(flow.receiver.rawValue)].flows.append(flow.key)
        if let content = flow.content { ask(for: content) }
    }

    /// Takes a piece.
    ///
    /// - Returns: whether anybody waits for it.
    mutating func take(
        _ header: Header, _ extent: Extent, _ record: Record, _ message: consuming Message, from peer: PeerID
    ) -> Bool {
        for isAnswer in [false, true] {
            let key = Flow.Key(job: header.job, attachment: extent.attachment, isAnswer: isAnswer)
            guard let flow = flows[key], flow.provider == peer, flow.attempt == header.attempt else {
                continue
            }
            guard let content = flow.content else { return pass(flow, extent, message) }
            return keep(content, flow, extent, record, message)
        }
        return false
    }

    private mutating func pass(_ flow: Flow, _ extent: Extent, _ message: consuming Message) -> Bool {
        guard extent.from == flow.from, extent.to <= flow.next, extent.count > 0 else { return false }
        let header = Header(.piece, job: flow.key.job, attempt: flow.attempt, epoch: epoch)
        touch(flow.receiver)
        let index = Int(flow.receiver.rawValue)
        posts[index].askedByteCount -= extent.count
        posts[index].passingByteCount += extent.count
        posts[index].passing.append(
            Passing(parcel: Parcel(message), header: header, byteCount: extent.count))
        flows[flow.key]?.from = extent.to
        if extent.to == flow.to { close(flow.key) }
        return true
    }

    private mutating func keep(
        _ key: Flow.Content, _ flow: Flow, _ extent: Extent, _ record: Record, _ message: borrowing Message
    ) -> Bool {
        guard let content = contents[key], content.asker == flow.key, extent.from == content.filled,
            extent.to <= content.asked, extent.count > 0
        else { return false }
        message.withFrame(1) { content.storage.fill($0.extracting(record.inline), at: extent.from) }
        contents[key]?.filled = extent.to
        for other in content.flows { if let receiver = flows[other]?.receiver { touch(receiver) } }
        ask(for: key)
        return true
    }

    /// Asks for bytes that are to be kept, some at a time.
    private mutating func ask(for key: Flow.Content) {
        while let content = contents[key], content.asked < key.byteCount,
            content.asked - content.filled < BrokerLimits.askedByteCountMaximum
        {
            guard let asker = content.asker ?? content.flows.first, let flow = flows[asker] else { return }
            let to = min(key.byteCount, content.asked + ProtocolLimits.pieceByteCountMaximum)
            contents[key]?.asker = asker
            contents[key]?.asked = to
            want(flow, from: content.asked, to: to)
        }
    }

    private mutating func want(_ flow: Flow, from: Int, to: Int) {
        let extent = Extent(attachment: flow.key.attachment, from: from, to: to)
        append(
            Header(.want, job: flow.key.job, attempt: flow.attempt, epoch: epoch), body: extent.bytes,
            to: flow.provider)
    }

    /// Asks for as much of what passes through as a receiver's line takes in a moment.
    private mutating func askForPassing(to peer: PeerID) {
        let index = Int(peer.rawValue)
        let line = posts[index].outbox.line
        let ahead = min(
            max(2 * line.window, BrokerLimits.aheadByteCountMinimum), BrokerLimits.askedByteCountMaximum)
        var idle = 0
        while posts[index].askedByteCount + posts[index].passingByteCount < ahead,
            idle < posts[index].flows.count
        {
            posts[index].turn = (posts[index].turn + 1) % posts[index].flows.count
            guard let flow = flows[posts[index].flows[posts[index].turn]], flow.content == nil,
                flow.next < flow.to
            else {
                idle += 1
                continue
            }
            idle = 0
            let to = min(flow.to, flow.next + line.pieceByteCount)
            flows[flow.key]?.next = to
            posts[index].askedByteCount += to - flow.next
            want(flow, from: flow.next, to: to)
        }
    }

    /// The next piece of what is kept that can go to a peer.
    private mutating func nextKept(to peer: PeerID, byteCountMaximum: Int) -> (Flow, Storage, Extent)? {
        let index = Int(peer.rawValue)
        for _ in 0..<posts[index].flows.count {
            posts[index].turn = (posts[index].turn + 1) % posts[index].flows.count
            guard let flow = flows[posts[index].flows[posts[index].turn]], let key = flow.content,
                let content = contents[key], flow.from < min(content.filled, flow.to)
            else { continue }
            let to = min(content.filled, flow.to, flow.from + byteCountMaximum)
            return (flow, content.storage, Extent(attachment: flow.key.attachment, from: flow.from, to: to))
        }
        return nil
    }

    /// Ends the flows of a job.
    mutating func drop(_ job: JobID) {
        for key in flowsOfJobs[job] ?? [] { close(key) }
    }

    private mutating func close(_ key: Flow.Key) {
        guard let flow = flows.removeValue(forKey: key) else { return }
        flowsOfJobs[key.job]?.removeAll { $0 == key }
        if flowsOfJobs[key.job]?.isEmpty == true { flowsOfJobs[key.job] = nil }
        let index = Int(flow.receiver.rawValue)
        posts[index].flows.removeAll { $0 == key }
        posts[index].turn = 0
        if let content = flow.content {
            contents.leave(key, content)
            ask(for: content)
        } else {
            posts[index].askedByteCount -= flow.next - flow.from
        }
    }

    /// Forgets a connection.
    ///
    /// - Returns: jobs for which somebody waits for bytes that only it had.
    /// - Complexity: O(flows).
    mutating func remove(_ peer: PeerID) -> [JobID] {
        guard Int(peer.rawValue) < posts.count else { return [] }
        var orphans: [JobID] = []
        for (key, flow) in flows where flow.receiver == peer || flow.provider == peer {
            if flow.receiver != peer { orphans.append(key.job) }
            close(key)
        }
        waitingByteCount -= posts[Int(peer.rawValue)].outbox.byteCount
        posts[Int(peer.rawValue)] = Post()
        touched.removeAll { $0 == peer }
        blocked.remove(peer)
        return orphans
    }

    /// Forgets what an owner has named.
    mutating func forget(_ owner: Identifier) { contents.forget(owner) }
}

// Out.
extension Relay {
    /// Sends what can go now to those something was done for.
    mutating func flush(at now: Int64, _ send: Send) {
        // To ask for more is to say something to others.
        while let peer = touched.popLast() {
            posts[Int(peer.rawValue)].isTouched = false
            flush(peer, at: now, send)
        }
    }

    /// Tries again to send to those libzmq had no room for.
    mutating func retry(at now: Int64, _ send: Send) {
        for peer in blocked { touch(peer) }
        blocked.removeAll()
        flush(at: now, send)
    }

    /// Sends a record at once, before all that waits.
    mutating func sendNow(_ header: Header, to peer: PeerID, at now: Int64, _ send: Send) {
        touch(peer)
        _ = attempt(header, to: peer, at: now, send)
    }

    private mutating func attempt(
        _ header: Header, to peer: PeerID, at now: Int64, _ send: Send
    ) -> SendOutcome {
        var frame: [UInt8] = []
        frame.append(header, heard: posts[Int(peer.rawValue)].outbox.line.word)
        return self.send(frame, to: peer, at: now, send)
    }

    private mutating func flush(_ peer: PeerID, at now: Int64, _ send: Send) {
        let index = Int(peer.rawValue)
        while let frame = posts[index].outbox.takeFrame() {
            waitingByteCount -= frame.count
            guard self.send(frame, to: peer, at: now, send) != .full else {
                waitingByteCount += frame.count
                posts[index].outbox.putBack(frame)
                blocked.insert(peer)
                return
            }
        }
        if posts[index].outbox.byteCount < BrokerLimits.crowdedByteCount / 2 { setCrowded(false, peer) }
        while let room = posts[index].outbox.pieceRoom {
            guard let outcome = sendPiece(to: peer, room, at: now, send) else { break }
            guard outcome != .full else {
                blocked.insert(peer)
                break
            }
        }
        askForPassing(to: peer)
        guard posts[index].outbox.line.owesWord else { return }
        // Not touched again for it: to whom nothing can be said, nothing is owed.
        switch attempt(Header(.heard, job: .none, attempt: 0, epoch: epoch), to: peer, at: now, send) {
        case .sent: break
        case .full: blocked.insert(peer)
        case .unreachable, .lost: posts[index].outbox.line.tell()
        }
    }

    /// Sends the next piece, if there is one.
    private mutating func sendPiece(
        to peer: PeerID, _ room: Int, at now: Int64, _ send: Send
    ) -> SendOutcome? {
        let index = Int(peer.rawValue)
        let word = posts[index].outbox.line.word
        if let first = posts[index].passing.first {
            guard var message = first.parcel.take() else { return nil }
            message.editFrame(1) { first.header.replaceFirst(of: &$0, heard: word) }
            let outcome = self.send(&message, to: peer, at: now, send)
            posts[index].passing.removeFirst()
            guard outcome != .full else {
                posts[index].passing.insert(
                    Passing(parcel: Parcel(message), header: first.header, byteCount: first.byteCount), at: 0)
                return .full
            }
            posts[index].passingByteCount -= first.byteCount
            return outcome
        }
        guard let (flow, storage, extent) = nextKept(to: peer, byteCountMaximum: room) else { return nil }
        let head = Header(.piece, job: flow.key.job, attempt: flow.attempt, epoch: epoch)
            .pieceHead(extent, heard: word)
        var message = Message(reservingFrames: 2)
        storage.withBytes { message.append(head, $0.extracting(extent.from..<extent.to)) }
        let outcome = self.send(&message, to: peer, at: now, send)
        guard outcome != .full else { return .full }
        flows[flow.key]?.from = extent.to
        if extent.to == flow.to { close(flow.key) }
        return outcome
    }

    private mutating func send(
        _ frame: [UInt8], to peer: PeerID, at now: Int64, _ send: Send
    ) -> SendOutcome {
        var message = Message(reservingFrames: 2)
        message.append(frame)
        return self.send(&message, to: peer, at: now, send)
    }

    private mutating func send(
        _ message: inout Message, to peer: PeerID, at now: Int64, _ send: Send
    ) -> SendOutcome {
        let byteCount = message.byteCount(at: message.frameCount - 1)
        let outcome = send(peer, &message)
        guard outcome == .sent else { return outcome }
        sentByteCount &+= UInt64(byteCount)
        posts[Int(peer.rawValue)].outbox.line.send(byteCount, at: now)
        return outcome
    }
}
