import Ground
import Protocol

/// Records whose attachments are still to come.
///
/// DESIGN. A pure value. Memory is taken for what is asked for and for nothing else: what would go beyond the bound
/// waits until something before it has come. Bytes with a name are asked for once, however many jobs need them, and
/// are kept for a while under their owner: the next job with them needs none of them, and what was cut off in the
/// middle goes on there.
struct Arrivals: Sendable {
    /// What is to be done about them.
    enum Event: Sendable {
        /// All of a record is here.
        case complete(Incoming)
        /// Bytes are to be asked for; the job and attempt are the header's.
        case want(Header, Extent)
        /// A record cannot be taken.
        case refused(Header, ProtocolError)
    }

    /// Who has given a name to what.
    private struct Key: Hashable, Sendable {
        let owner: Identifier
        let name: ContentName
    }

    /// An attachment of a job.
    private struct Place: Hashable, Sendable {
        let job: JobID
        let index: Int
    }

    /// Bytes that are on their way, and whose they are.
    private struct Fetch: Sendable {
        let storage: Storage
        var filled: Int
        /// Those that need them; the first has asked.
        var places: [Place]
    }

    /// A record and what has come of it.
    private struct Arrival: Sendable {
        let header: Header
        let body: [UInt8]
        let inline: Storage?
        let attachments: [Attachment]
        /// One for each attachment, once its bytes may come.
        var storages: [Storage] = []
        /// Attachments that are not here.
        var missing = 0
        /// Bytes taken for it.
        var byteCount = 0

        func key(_ index: Int) -> Key? {
            attachments[index].name.map { Key(owner: header.target, name: $0) }
        }
    }

    /// Bytes with a name, as far as they have come.
    private struct Content: Sendable {
        let storage: Storage
        let filled: Int
    }

    private let byteCountMaximum: Int
    private var arrivals: [JobID: Arrival] = [:]
    /// Those whose memory was not taken yet, the oldest first.
    private var waiting: [JobID] = []
    private var byteCount = 0
    /// Bytes of what has come and waits at the owner.
    private var heldByteCount = 0
    private var named: [Key: Fetch] = [:]
    private var unnamed: [Place: Fetch] = [:]
    private var contents: RecencyCache<Key, Content>
    private var allowance = ContentAllowance()

    /// Nothing is on its way.
    ///
    /// - Parameters:
    ///   - byteCountMaximum: bytes of what is on its way.
    ///   - contentByteCountMaximum: bytes with a name that are kept.
    init(byteCountMaximum: Int, contentByteCountMaximum: Int) {
        self.byteCountMaximum = byteCountMaximum
        contents = RecencyCache(
            countMaximum: LinkLimits.contentCountMaximum, byteCountMaximum: contentByteCountMaximum)
    }

    /// Whether something of a job is on its way.
    func isAwaited(_ job: JobID) -> Bool { arrivals[job] != nil }

    /// Takes a record with attachments.
    mutating func begin(
        _ header: Header, _ attachments: [Attachment], body: [UInt8], inline: Storage?,
        _ events: inout [Event]
    ) {
        drop(header.job, &events)
        let arrival = Arrival(header: header, body: body, inline: inline, attachments: attachments)
        if let error = objection(to: arrival) { return events.append(.refused(header, error)) }
        arrivals[header.job] = arrival
        allowance.note(attachments.reduce(0) { $0 + ($1.name == nil ? 0 : $1.byteCount) })
        waiting.append(header.job)
        startWaiting(&events)
    }

    /// Takes as much less as waits at the owner.
    mutating func hold(_ byteCount: Int, _ events: inout [Event]) {
        let isLess = byteCount < heldByteCount
        heldByteCount = byteCount
        if isLess { startWaiting(&events) }
    }

    private func objection(to arrival: Arrival) -> ProtocolError? {
        let body = arrival.header.flags.contains(.bodyIsAttached) ? arrival.attachments[0].byteCount : 0
        guard body <= ProtocolLimits.attachedBodyByteCountMaximum else {
            return .limitExceeded(
                what: "the number of bytes of the body", got: body,
                limit: ProtocolLimits.attachedBodyByteCountMaximum)
        }
        // A thousand lengths of 40 bits do not overflow.
        let byteCount = arrival.attachments.reduce(0) { $0 + $1.byteCount }
        guard byteCount <= byteCountMaximum else {
            return .limitExceeded(
                what: "the number of bytes of all tensors", got: byteCount, limit: byteCountMaximum)
        }
        return nil
    }

    /// Asks for what waited, as far as there is room.
    private mutating func startWaiting(_ events: inout [Event]) {
        while let job = waiting.first, let arrival = arrivals[job] {
            let need = need(of: arrival)
            let taken = byteCount + min(heldByteCount, byteCountMaximum)
            guard need == 0 || taken == 0 || need <= byteCountMaximum - taken else { return }
            waiting.removeFirst()
            start(job, arrival, need, &events)
        }
    }

    /// Bytes that are neither here nor on their way.
    private func need(of arrival: Arrival) -> Int {
        var need = 0
        for (index, attachment) in arrival.attachments.enumerated() {
            if let key = arrival.key(index), named[key] != nil { continue }
            need += attachment.byteCount
        }
        return need
    }

    private mutating func start(_ job: JobID, _ waited: Arrival, _ need: Int, _ events: inout [Event]) {
        var arrival = waited
        arrival.byteCount = need
        byteCount += need
        for (index, attachment) in arrival.attachments.enumerated() {
            let (storage, isHere) = find(attachment, Place(job: job, index: index), arrival, &events)
            arrival.storages.append(storage)
            if !isHere { arrival.missing += 1 }
        }
        arrivals[job] = arrival
        if arrival.missing == 0 { finish(job, &events) }
    }

    /// Where an attachment's bytes will be, and whether they are; asks for them where nobody has.
    private mutating func find(
        _ attachment: Attachment, _ place: Place, _ arrival: Arrival, _ events: inout [Event]
    ) -> (Storage, isHere: Bool) {
        guard attachment.byteCount > 0 else { return (Storage(byteCount: 0), true) }
        var fetch = Fetch(storage: Storage(unfilled: 0), filled: 0, places: [place])
        if let key = arrival.key(place.index) {
            if named[key]?.storage.byteCount == attachment.byteCount, let storage = named[key]?.storage {
                named[key]?.places.append(place)
                return (storage, false)
            }
            let content = contents.use(key)
            if let content, content.storage.byteCount == attachment.byteCount {
                if content.filled == attachment.byteCount { return (content.storage, true) }
                contents.remove(key)
                fetch = Fetch(storage: content.storage, filled: content.filled, places: [place])
            } else {
                fetch = Fetch(storage: Storage(unfilled: attachment.byteCount), filled: 0, places: [place])
            }
            if named[key] == nil { named[key] = fetch } else { unnamed[place] = fetch }
        } else {
            fetch = Fetch(storage: Storage(unfilled: attachment.byteCount), filled: 0, places: [place])
            unnamed[place] = fetch
        }
        events.append(
            .want(
                arrival.header, Extent(attachment: place.index, from: fetch.filled, to: attachment.byteCount))
        )
        return (fetch.storage, false)
    }

    /// Takes a piece.
    ///
    /// - Returns: whether it was expected.
    mutating func take(
        _ extent: Extent, of job: JobID, attempt: UInt32, _ bytes: RawSpan, _ events: inout [Event]
    ) -> Bool {
        guard let arrival = arrivals[job], arrival.header.attempt == attempt,
            arrival.storages.indices.contains(extent.attachment), extent.count == bytes.byteCount,
            extent.count > 0
        else { return false }
        let place = Place(job: job, index: extent.attachment)
        if unnamed[place] != nil {
            guard Arrivals.fill(&unnamed[place], place, extent, bytes) else { return false }
            guard let fetch = unnamed[place], fetch.filled == fetch.storage.byteCount else { return true }
            unnamed[place] = nil
            arrive(at: place, &events)
            return true
        }
        guard let key = arrival.key(extent.attachment), Arrivals.fill(&named[key], place, extent, bytes)
        else { return false }
        guard let fetch = named[key], fetch.filled == fetch.storage.byteCount else { return true }
        named[key] = nil
        keep(fetch, key)
        for place in fetch.places { arrive(at: place, &events) }
        return true
    }

    /// Fills in the bytes that come next.
    private static func fill(
        _ fetch: inout Fetch?, _ place: Place, _ extent: Extent, _ bytes: RawSpan
    ) -> Bool {
        guard let known = fetch, known.places.first == place, known.filled == extent.from,
            extent.to <= known.storage.byteCount
        else { return false }
        known.storage.fill(bytes, at: extent.from)
        fetch?.filled = extent.to
        return true
    }

    private mutating func arrive(at place: Place, _ events: inout [Event]) {
        arrivals[place.job]?.missing -= 1
        if arrivals[place.job]?.missing == 0 { finish(place.job, &events) }
    }

    private mutating func finish(_ job: JobID, _ events: inout [Event]) {
        guard let arrival = arrivals.removeValue(forKey: job) else { return }
        byteCount -= arrival.byteCount
        events.append(.complete(Arrivals.incoming(arrival)))
        startWaiting(&events)
    }

    private mutating func keep(_ fetch: Fetch, _ key: Key) {
        contents.insert(
            Content(storage: fetch.storage, filled: fetch.filled), for: key,
            byteCount: fetch.storage.byteCount)
        contents.shrink(toByteCount: allowance.byteCount)
    }

    private static func incoming(_ arrival: Arrival) -> Incoming {
        var tensors = arrival.storages[...]
        var body = arrival.body
        if arrival.header.flags.contains(.bodyIsAttached), let first = tensors.popFirst() {
            body = first.elements(as: UInt8.self)
        }
        return Incoming(
            header: arrival.header, body: body, frames: (arrival.inline.map { [$0] } ?? []) + tensors)
    }

    /// Expects nothing more of a job; another that needs the same asks in its place.
    mutating func drop(_ job: JobID, _ events: inout [Event]) {
        guard let arrival = arrivals.removeValue(forKey: job) else { return }
        guard !arrival.storages.isEmpty else { return waiting.removeAll { $0 == job } }
        byteCount -= arrival.byteCount
        for index in arrival.attachments.indices {
            let place = Place(job: job, index: index)
            guard unnamed.removeValue(forKey: place) == nil, let key = arrival.key(index) else { continue }
            leave(place, key, &events)
        }
        startWaiting(&events)
    }

    private mutating func leave(_ place: Place, _ key: Key, _ events: inout [Event]) {
        guard var fetch = named[key], let position = fetch.places.firstIndex(of: place) else { return }
        fetch.places.remove(at: position)
        guard let next = fetch.places.first, let heir = arrivals[next.job] else {
            named[key] = nil
            if fetch.filled > 0 { keep(fetch, key) }
            return
        }
        named[key] = fetch
        guard position == 0 else { return }
        events.append(
            .want(
                heir.header,
                Extent(attachment: next.index, from: fetch.filled, to: fetch.storage.byteCount)))
    }

    /// Expects nothing more: the connection is another.
    mutating func dropAll() {
        var events: [Event] = []
        // Backwards: no heir asks, for those before it are gone.
        waiting.removeAll()
        for job in Array(arrivals.keys) { drop(job, &events) }
    }
}
