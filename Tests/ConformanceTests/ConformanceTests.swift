import Testing

@testable import Tensor

/// `conformance/` says what this version of the protocol does; whoever reads it must not be told otherwise.
@Suite("Conformance")
struct ConformanceTests {
    @Test("operations.json has a graph for every sample, and what comes of it")
    func operations() throws {
        let now = try Operation.samples.enumerated().map { try RecordedOperation($1, seed: UInt64($0)) }
        let recorded = try Recorded.rows("operations.json", now: now)
        try #require(recorded.count == now.count)
        for (old, new) in zip(recorded, now) {
            var same = old
            same.outputs = new.outputs
            #expect(same == new)
            for (one, other) in zip(old.outputs, new.outputs) {
                #expect(one.type == other.type && one.dimensions == other.dimensions)
                // Sums may be taken in another order on another processor.
                for (a, b) in zip(one.numbers, other.numbers) {
                    #expect(abs(a - b) <= 1e-6 + 1e-5 * abs(b), "\(old.name)")
                }
            }
        }
        #expect(Set(recorded.map(\.code)) == Set(Operation.samples.map { Int($0.operation.wireCode) }))
    }

    @Test("records.json has frames of every command, and damaged ones")
    func records() throws {
        let now = try RecordSamples.all()
        #expect(try Recorded.rows("records.json", now: now) == now)
        #expect(now.filter(\.isDamaged).count >= 14 && now.filter { !$0.isDamaged }.count >= 24)
    }

    @Test("orders.json has the orders rows are dealt, held out and read in")
    func orders() throws {
        let now = try RecordedOrder.all()
        #expect(try Recorded.rows("orders.json", now: now) == now)
    }

    @Test("numbers.json has what random sources draw")
    func numbers() throws {
        let now = try RecordedNumbers.all()
        let recorded = try Recorded.rows("numbers.json", now: now)
        try #require(recorded.count == now.count)
        for (old, new) in zip(recorded, now) {
            #expect(old.seed == new.seed && old.distribution == new.distribution)
            // Logarithm and cosine are the machine's own.
            #expect(zip(old.numbers, new.numbers).allSatisfy { abs($0 - $1) <= 1e-6 })
        }
    }

    @Test("names.json has keys of shards")
    func names() throws {
        let now = RecordedName.all()
        #expect(try Recorded.rows("names.json", now: now) == now)
    }
}
