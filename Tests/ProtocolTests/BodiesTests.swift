import TestSupport
import Testing

@testable import Protocol

@Suite("Control bodies")
struct BodiesTests {
    static var hello: Hello {
        var hello = Hello(
            name: "alice", role: .worker, session: Identifier(high: 7, low: 8), versions: 1...3,
            software: "test 1")
        hello.datasets = [
            DatasetDescription(
                name: "hospital", tags: ["medical", "été"],
                columns: [
                    ColumnDescription(
                        name: "image", role: .feature, elementType: 4, dimensions: [28, 28], classes: []),
                    ColumnDescription(
                        name: "label", role: .label, elementType: 3, dimensions: [], classes: ["ill", "fit"]),
                ])
        ]
        hello.shards = (0..<3).map { index in
            ShardDescription(
                reference: ShardReference(dataset: "hospital", partition: "iid:0", index: index, count: 4),
                trainRows: 100 + index, heldOutRows: 25)
        }
        hello.capacity = 16
        hello.openJobs = [Identifier(high: 1, low: 2), Identifier(high: 3, low: 4)]
        return hello
    }

    static var catalogue: Catalogue {
        var catalogue = Catalogue()
        catalogue.workers = [
            WorkerDescription(
                name: "alice", session: Identifier(high: 7, low: 8), software: "test 1", state: .draining,
                shards: hello.shards, openJobs: 3, silentMilliseconds: 250),
            WorkerDescription(
                name: "zoe", session: Identifier(high: 9, low: 8), software: "", state: .ready,
                shards: [],
                openJobs: 0, silentMilliseconds: 0),
        ]
        catalogue.datasets = hello.datasets
        catalogue.trainers = 2
        catalogue.queue.openJobs = 5
        catalogue.queue.finishedJobs = 6
        catalogue.queue.failedJobs = 7
        catalogue.queue.resentJobs = 8
        catalogue.queue.droppedMessages = 9
        catalogue.queue.uptimeMilliseconds = 10
        return catalogue
    }

    static var change: CatalogueUpdate {
        var change = CatalogueUpdate(catalogue, revision: 1 << 40)
        change.since = 9
        change.gone = [Identifier(high: 1, low: 2), Identifier(high: 3, low: 4)]
        change.isPartial = true
        return change
    }

    /// One body of each kind, behind one door.
    struct Kind: Sendable, CustomStringConvertible {
        let description: String
        let bytes: [UInt8]
        /// Reads bytes and writes what was read; throws what the decoder throws.
        let recode: @Sendable ([UInt8]) throws -> [UInt8]

        init<Body: ControlBody>(_ body: Body) {
            description = "\(Body.self)"
            bytes = body.encoded()
            recode = { try Body(decoding: $0).encoded() }
        }
    }

    static let kinds: [Kind] = [
        Kind(hello), Kind(CatalogueUpdate(catalogue)), Kind(change), Kind(CatalogueQuery(following: 7)),
        Kind(Welcome(remarks: ["a", "b"])), Kind(Goodbye(reason: "draining")),
        Kind(Failure(.noWorker, "nobody serves it")),
        Kind(JobProgress(batchesDone: 1, batchesTotal: .max, examplesDone: 1 << 40)),
    ]

    @Test("a body comes back as it was")
    func roundTrips() throws {
        #expect(try Hello(decoding: Self.hello.encoded()) == Self.hello)
        #expect(
            try CatalogueUpdate(decoding: CatalogueUpdate(Self.catalogue).encoded()).catalogue
                == Self.catalogue)
        #expect(try CatalogueUpdate(decoding: Self.change.encoded()) == Self.change)
        #expect(try CatalogueQuery(decoding: []) == CatalogueQuery())
        let welcome = Welcome(
            version: 2, heartbeatMilliseconds: 10, silenceMilliseconds: 20, frameByteCountMaximum: 1 << 40,
            remarks: ["no jobs go here"])
        #expect(try Welcome(decoding: welcome.encoded()) == welcome)
        #expect(try Goodbye(decoding: Goodbye(reason: "bye").encoded()) == Goodbye(reason: "bye"))
        let failure = Failure(FailureCode(rawValue: 4_000), "of a later minor")
        #expect(try Failure(decoding: failure.encoded()) == failure)
        let progress = JobProgress(batchesDone: 1, batchesTotal: 2, examplesDone: 3)
        #expect(try JobProgress(decoding: progress.encoded()) == progress)
    }

    @Test("what is read is written as the same bytes", arguments: kinds)
    func stable(kind: Kind) throws {
        #expect(try kind.recode(kind.bytes) == kind.bytes)
    }

    @Test("a body cut anywhere is an error or a lesser body, never a trap", arguments: kinds)
    func truncations(kind: Kind) {
        var refusals = 0
        for count in 0..<kind.bytes.count {
            do { _ = try kind.recode(Array(kind.bytes.prefix(count))) } catch {
                #expect(error is ProtocolError)
                refusals += 1
            }
        }
        #expect(refusals > 0)
    }

    @Test("a body with random changes is an error or another body, never a trap", arguments: kinds)
    func mutations(kind: Kind) {
        var random = SplitMix64(seed: UInt64(kind.bytes.count))
        for _ in 0..<3_000 {
            var bytes = kind.bytes
            for _ in 0...Int(random.next() % 4) {
                let offset = Int(random.next() % UInt64(bytes.count))
                bytes[offset] = UInt8(truncatingIfNeeded: random.next())
            }
            if let again = try? kind.recode(bytes) { #expect((try? kind.recode(again)) == again) }
        }
    }

    @Test("random bytes never trap", arguments: kinds)
    func randomBytes(kind: Kind) {
        var random = SplitMix64(seed: 11)
        for _ in 0..<2_000 { _ = try? kind.recode(random.bytes(count: Int(random.next() % 64))) }
    }

    @Test("fields of a later minor are passed over")
    func unknownFields() throws {
        // Field 100, a varint.
        #expect(try Hello(decoding: Self.hello.encoded() + [0xA0, 0x06, 0x01]) == Self.hello)
    }
}
