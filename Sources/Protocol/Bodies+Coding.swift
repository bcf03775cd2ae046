import SwiftProtobuf

/// A control body: what a command's second frame holds.
package protocol ControlBody: Sendable {
    /// Reads a body.
    ///
    /// - Throws: `ProtocolError.malformed` for bytes that are not one, `limitExceeded` for more than the limits allow.
    init(decoding bytes: [UInt8]) throws(ProtocolError)
    /// The body as it travels.
    func encoded() -> [UInt8]
}

/// Parses protobuf bytes under the limits of control bodies.
func parse<Body: SwiftProtobuf.Message>(_ type: Body.Type, _ bytes: [UInt8]) throws(ProtocolError) -> Body {
    try check("control body", bytes.count, ProtocolLimits.bodyByteCountMaximum)
    do {
        return try Body(serializedBytes: bytes)
    } catch {
        throw .malformed("\(Body.protoMessageName) does not parse")
    }
}

/// Serialises a message; our own messages always serialise, and an empty body would only be refused by the other side.
func serialise(_ body: some SwiftProtobuf.Message) -> [UInt8] {
    (try? body.serializedBytes()) ?? []
}

func check(_ what: String, _ got: Int, _ limit: Int) throws(ProtocolError) {
    guard got <= limit else { throw .limitExceeded(what: what, got: got, limit: limit) }
}

func checkName(_ what: String, _ name: String) throws(ProtocolError) {
    guard !name.isEmpty else { throw .malformed("\(what) is empty") }
    try check(what, name.utf8.count, ProtocolLimits.nameByteCountMaximum)
}

/// Cuts a text at a limit, at a character's edge.
func clip(_ text: String) -> String {
    guard text.utf8.count > ProtocolLimits.textByteCountMaximum else { return text }
    var clipped = ""
    for character in text {
        guard clipped.utf8.count + character.utf8.count <= ProtocolLimits.textByteCountMaximum else { break }
        clipped.append(character)
    }
    return clipped
}

extension Hello: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        let wire = try parse(WireHello.self, bytes)
        try checkName("a peer's name", wire.name)
        guard wire.protocolMinimum <= wire.protocolMaximum else {
            throw .malformed(
                "protocol versions \(wire.protocolMinimum)...\(wire.protocolMaximum) are no range")
        }
        try check("data sets", wire.datasets.count, ProtocolLimits.datasetsMaximum)
        try check("shards", wire.shards.count, ProtocolLimits.shardsMaximum)
        try check("considered shards", wire.considered.count, ProtocolLimits.shardsMaximum)
        try check("open jobs", wire.openJobs.count, ProtocolLimits.workerJobsMaximum)
        let role: PeerRole
        switch wire.role {
        case .worker: role = .worker
        case .trainer: role = .trainer
        default: throw .malformed("a peer's role is neither worker nor trainer")
        }
        self.init(
            name: wire.name, role: role, session: try Identifier(wire.session),
            versions: wire.protocolMinimum...wire.protocolMaximum, software: clip(wire.software))
        for dataset in wire.datasets { datasets.append(try DatasetDescription(dataset)) }
        for shard in wire.shards { shards.append(try ShardDescription(shard)) }
        for shard in wire.considered { considered.append(try ShardDescription(shard)) }
        for job in wire.openJobs { openJobs.append(try Identifier(job)) }
        guard wire.openAttempts.isEmpty || wire.openAttempts.count == wire.openJobs.count else {
            throw .malformed("\(wire.openAttempts.count) attempts of \(wire.openJobs.count) open jobs")
        }
        openAttempts = wire.openAttempts
        capacity = Int(wire.capacity)
        try check(
            "bytes of the processor's name", wire.processor.utf8.count, ProtocolLimits.nameByteCountMaximum)
        processor = wire.processor
    }

    package func encoded() -> [UInt8] {
        var wire = WireHello()
        wire.name = name
        wire.role = role == .worker ? .worker : .trainer
        wire.session.append(contentsOf: session.bytes)
        wire.protocolMinimum = versions.lowerBound
        wire.protocolMaximum = versions.upperBound
        wire.software = software
        wire.datasets = datasets.map(\.wire)
        wire.shards = shards.map(\.wire)
        wire.considered = considered.map(\.wire)
        wire.capacity = UInt32(clamping: capacity)
        wire.openAttempts = openAttempts
        wire.processor = processor
        wire.openJobs = openJobs.map { job in
            var bytes = wire.session
            bytes.removeAll()
            bytes.append(contentsOf: job.bytes)
            return bytes
        }
        return serialise(wire)
    }
}

extension Welcome: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        let wire = try parse(WireWelcome.self, bytes)
        guard ProtocolVersion.supported.contains(wire.protocolVersion) else {
            throw .malformed("the broker welcomes to protocol \(wire.protocolVersion), which was not offered")
        }
        guard wire.heartbeatMilliseconds > 0, wire.silenceMilliseconds > wire.heartbeatMilliseconds else {
            throw .malformed(
                "heartbeat \(wire.heartbeatMilliseconds) ms and silence \(wire.silenceMilliseconds) ms do not fit"
            )
        }
        self.init(
            version: wire.protocolVersion, heartbeatMilliseconds: Int64(wire.heartbeatMilliseconds),
            silenceMilliseconds: Int64(wire.silenceMilliseconds),
            frameByteCountMaximum: Int(clamping: wire.frameByteCountMaximum),
            remarks: wire.remarks.prefix(ProtocolLimits.remarksMaximum).map(clip))
    }

    package func encoded() -> [UInt8] {
        var wire = WireWelcome()
        wire.protocolVersion = version
        wire.heartbeatMilliseconds = UInt32(clamping: heartbeatMilliseconds)
        wire.silenceMilliseconds = UInt32(clamping: silenceMilliseconds)
        wire.frameByteCountMaximum = UInt64(clamping: frameByteCountMaximum)
        wire.remarks = remarks.prefix(ProtocolLimits.remarksMaximum).map(clip)
        return serialise(wire)
    }
}

extension Goodbye: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        self.init(reason: clip(try parse(WireGoodbye.self, bytes).reason))
    }

    package func encoded() -> [UInt8] {
        var wire = WireGoodbye()
        wire.reason = clip(reason)
        return serialise(wire)
    }
}

extension OwnerDescription: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        let wire = try parse(WireOwner.self, bytes)
        guard wire.key.count == ProtocolLimits.keyByteCount else {
            throw .malformed("a public key has \(ProtocolLimits.keyByteCount) bytes, got \(wire.key.count)")
        }
        try checkName("a trainer's name", wire.name)
        self.init(owner: try Identifier(wire.owner), key: Array(wire.key), name: wire.name)
    }

    package func encoded() -> [UInt8] {
        var wire = WireOwner()
        wire.owner.append(contentsOf: owner.bytes)
        wire.key.append(contentsOf: key)
        wire.name = name
        return serialise(wire)
    }
}

extension Failure: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        let wire = try parse(WireFailure.self, bytes)
        let message = wire.message.isEmpty ? "no reason was given" : clip(wire.message)
        self.init(FailureCode(rawValue: wire.code), message)
    }

    package func encoded() -> [UInt8] {
        var wire = WireFailure()
        wire.code = code.rawValue
        wire.message = clip(message)
        return serialise(wire)
    }
}

extension JobProgress: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        let wire = try parse(WireProgress.self, bytes)
        self.init(
            batchesDone: wire.batchesDone, batchesTotal: wire.batchesTotal, examplesDone: wire.examplesDone)
    }

    package func encoded() -> [UInt8] {
        var wire = WireProgress()
        wire.batchesDone = batchesDone
        wire.batchesTotal = batchesTotal
        wire.examplesDone = examplesDone
        return serialise(wire)
    }
}
