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

    @Test("codes of later versions have no class", arguments: [0, 18, .max] as [UInt32])
    func unknown(number: UInt32) {
        let code = FailureCode(rawValue: number)
        #expect(!code.isAbsence && !code.isFinal && !code.isHandedBack && "\(code)" == "code-\(number)")
    }

    @Test("an unknown graph or object is never answered from what was kept")
    func passing() {
        #expect(!FailureCode.unknownGraph.isFinal && !FailureCode.unknownObject.isFinal)
        #expect(FailureCode.overloaded.isAbsence && FailureCode.draining.isHandedBack)
    }
}
