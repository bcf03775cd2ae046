import Testing

@testable import Protocol

@Suite("Failure codes")
struct FailureCodeTests {
    @Test("the table is dense from 1, and every code finds its own entry")
    func dense() {
        for (index, entry) in FailureCode.table.enumerated() {
            #expect(entry.code.rawValue == UInt32(index + 1))
            #expect(entry.code.entry?.name == entry.name && "\(entry.code)" == entry.name)
        }
        #expect(Set(FailureCode.table.map(\.name)).count == FailureCode.table.count)
    }

    @Test("codes of later versions have no class", arguments: [0, 17, .max] as [UInt32])
    func unknown(number: UInt32) {
        let code = FailureCode(rawValue: number)
        #expect(!code.isAbsence && !code.isFinal && !code.isHandedBack && "\(code)" == "code-\(number)")
    }

    @Test("an unknown graph or object is never answered from what was kept")
    func passing() {
        #expect(!FailureCode.unknownGraph.isFinal && !FailureCode.unknownObject.isFinal)
        #expect(FailureCode.overloaded.isAbsence && FailureCode.draining.isHandedBack)
    }

    @Test("a header says what may belong to it")
    func shapes() {
        var submit = Header(.submit, job: Identifier(high: 1, low: 1), attempt: 1, epoch: 1)
        #expect(submit.objection(toFrames: 2) == nil && submit.objection(toFrames: 1_024) == nil)
        #expect(submit.objection(toFrames: 1) != nil)
        #expect(submit.objection(toFrames: 1_025)?.code == .limitExceeded)
        submit.attempt = 0
        #expect(submit.objection(toFrames: 2)?.code == .malformed)
        submit.attempt = 1
        for flags in 0...3 as ClosedRange<UInt8> {
            submit.flags = Header.Flags(rawValue: flags)
            #expect((submit.objection(toFrames: 2) == nil) == (flags < 2))
        }
        #expect(Header(.heartbeat).objection(toFrames: 2) != nil)
    }
}
