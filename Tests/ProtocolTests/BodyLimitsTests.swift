import Testing

@testable import Protocol

/// Each rule of each decoder, broken once.
@Suite("Limits of control bodies")
struct BodyLimitsTests {
    private func refusal(_ change: (inout Hello) -> Void) -> ProtocolError? {
        var hello = BodiesTests.hello
        change(&hello)
        let bytes = hello.encoded()
        return thrown { () throws(ProtocolError) in _ = try Hello(decoding: bytes) }
    }

    private func columnRefusal(_ change: (inout ColumnDescription) -> Void) -> ProtocolError? {
        refusal { hello in change(&hello.datasets[0].columns[0]) }
    }

    private func isLimit(_ error: ProtocolError?) -> Bool {
        if case .limitExceeded = error { true } else { false }
    }

    private func isMalformed(_ error: ProtocolError?) -> Bool {
        if case .malformed = error { true } else { false }
    }

    @Test("names are not empty and not too long")
    func names() {
        let long = String(repeating: "x", count: ProtocolLimits.nameByteCountMaximum + 1)
        #expect(refusal { $0.name = String(long.dropLast()) } == nil)
        #expect(isLimit(refusal { $0.name = long }))
        #expect(isMalformed(refusal { $0.name = "" }))
        #expect(isMalformed(refusal { $0.datasets[0].name = "" }))
        #expect(isLimit(refusal { $0.datasets[0].name = long }))
        #expect(isMalformed(refusal { $0.datasets[0].tags = [""] }))
        #expect(isMalformed(columnRefusal({ $0.name = "" })))
        let nameless = ShardReference(dataset: "", partition: "iid:0", index: 0, count: 1)
        #expect(
            isMalformed(
                refusal { $0.shards = [ShardDescription(reference: nameless, trainRows: 1, heldOutRows: 1)] })
        )
        let unparted = ShardReference(dataset: "d", partition: "", index: 0, count: 1)
        #expect(
            isMalformed(
                refusal { $0.shards = [ShardDescription(reference: unparted, trainRows: 1, heldOutRows: 1)] })
        )
    }

    @Test("there are not too many of anything")
    func counts() {
        #expect(
            isLimit(
                refusal { hello in
                    hello.datasets = Array(
                        repeating: hello.datasets[0], count: ProtocolLimits.datasetsMaximum + 1)
                }))
        #expect(
            isLimit(
                refusal { hello in
                    hello.shards = Array(repeating: hello.shards[0], count: ProtocolLimits.shardsMaximum + 1)
                }))
        #expect(
            isLimit(
                refusal { hello in
                    hello.openJobs = Array(
                        repeating: hello.openJobs[0], count: ProtocolLimits.workerJobsMaximum + 1)
                }))
        #expect(
            isLimit(
                refusal { hello in
                    let column = hello.datasets[0].columns[0]
                    hello.datasets[0].columns = Array(
                        repeating: column, count: ProtocolLimits.columnsMaximum + 1)
                }))
        #expect(
            isLimit(
                refusal {
                    $0.datasets[0].tags = Array(repeating: "t", count: ProtocolLimits.columnsMaximum + 1)
                }))
        #expect(
            isLimit(
                columnRefusal({ $0.classes = Array(repeating: "", count: ProtocolLimits.classesMaximum + 1) })
            ))
        #expect(isLimit(columnRefusal({ $0.dimensions = Array(repeating: 1, count: 8) })))
        #expect(isLimit(columnRefusal({ $0.dimensions = [Int(Int32.max) + 1] })))
        #expect(columnRefusal({ $0.dimensions = [Int(Int32.max)] }) == nil)
    }

    @Test("element types are known, shards lie in their range")
    func ranges() {
        for code in [0, 5, 255] as [UInt8] { #expect(isMalformed(columnRefusal({ $0.elementType = code }))) }
        for (index, count) in [(4, 4), (5, 4), (0, 0)] {
            let reference = ShardReference(dataset: "d", partition: "p", index: index, count: count)
            #expect(
                isMalformed(
                    refusal {
                        $0.shards = [ShardDescription(reference: reference, trainRows: 0, heldOutRows: 0)]
                    }))
        }
    }

    @Test("roles are known, identifiers have sixteen bytes, versions are a range")
    func wire() {
        func refusal(_ change: (inout WireHello) -> Void) -> ProtocolError? {
            var wire = WireHello()
            wire.name = "x"
            wire.role = .worker
            wire.session.append(contentsOf: [UInt8](repeating: 1, count: 16))
            wire.protocolMinimum = 1
            wire.protocolMaximum = 1
            change(&wire)
            let bytes = serialise(wire)
            return thrown { () throws(ProtocolError) in _ = try Hello(decoding: bytes) }
        }
        #expect(refusal { _ in } == nil)
        #expect(isMalformed(refusal { $0.role = .unspecified }))
        #expect(isMalformed(refusal { $0.role = .UNRECOGNIZED(7) }))
        #expect(isMalformed(refusal { $0.session.removeLast() }))
        #expect(
            isMalformed(
                refusal {
                    $0.openJobs = [$0.session, $0.session]
                    $0.openJobs[1].removeLast()
                }))
        #expect(isMalformed(refusal { $0.protocolMinimum = 2 }))
        #expect(
            isMalformed(
                refusal { wire in
                    var column = WireColumn()
                    column.name = "c"
                    column.elementType = 1
                    var dataset = WireDataset()
                    dataset.name = "d"
                    dataset.columns = [column]
                    wire.datasets = [dataset]
                }), "a column without a role")
    }

    @Test("a welcome leaves time between heartbeats and silence")
    func welcomes() {
        for (heartbeat, silence) in [(0, 100), (100, 100), (200, 100)] as [(Int64, Int64)] {
            let bytes = Welcome(heartbeatMilliseconds: heartbeat, silenceMilliseconds: silence).encoded()
            #expect(isMalformed(thrown { () throws(ProtocolError) in _ = try Welcome(decoding: bytes) }))
        }
    }

    @Test("a welcome to a protocol that was not offered is none")
    func welcomeVersion() {
        let bytes = Welcome(version: 9).encoded()
        #expect(isMalformed(thrown { () throws(ProtocolError) in _ = try Welcome(decoding: bytes) }))
    }

    @Test("a body of more bytes than the limit is not even parsed")
    func bodies() {
        let bytes = [UInt8](repeating: 0, count: ProtocolLimits.bodyByteCountMaximum + 1)
        #expect(isLimit(thrown { () throws(ProtocolError) in _ = try Goodbye(decoding: bytes) }))
        #expect(isLimit(thrown { () throws(ProtocolError) in _ = try Hello(decoding: bytes) }))
    }

    @Test("texts are cut at a character's edge")
    func texts() throws {
        let text = String(repeating: "é", count: ProtocolLimits.textByteCountMaximum)
        let failure = try Failure(decoding: Failure(.malformed, text).encoded())
        #expect(failure.message.utf8.count <= ProtocolLimits.textByteCountMaximum)
        #expect(failure.message.utf8.count > ProtocolLimits.textByteCountMaximum - 4)
        #expect(failure.message.allSatisfy { $0 == "é" })
        #expect(try Goodbye(decoding: Goodbye(reason: text).encoded()).reason == failure.message)
    }

    @Test("an error says what was expected and what came")
    func errors() {
        #expect(
            "\(ProtocolError.limitExceeded(what: "shards", got: 3, limit: 2))"
                == "shards is 3, the limit is 2")
        #expect("\(ProtocolError.unsupportedVersion(major: 9, minor: 1))".contains("9.1"))
        #expect("\(ProtocolError.unknownCommand(77))".contains("77"))
        #expect("\(ProtocolError.unexpectedCommand(.welcome))".contains("welcome"))
        #expect("\(ProtocolError.malformed("so"))" == "malformed: so")
        #expect(!"\(ProtocolError.notFagure)".isEmpty)
    }
}
