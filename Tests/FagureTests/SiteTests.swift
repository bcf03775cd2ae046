import Datasets
import Federation
import Protocol
import Tensor
import Testing

@testable import Fagure

@Suite("Sites in a program of their own", .timeLimit(.minutes(2)))
struct SiteTests {
    private static let schema = try? DataSchema(
        dataset: "patients", features: [.init(name: "age"), .init(name: "bp")],
        label: .init(name: "outcome", kind: .classes(["sick", "well"])))

    private static func columns(_ count: Int, offset: Double) -> [String: ColumnValues] {
        let ages = (0..<count).map { Double($0 * 7 % 60) + offset }
        return [
            "age": .numbers(ages), "bp": .numbers(ages.map { 200 - $0 }),
            "outcome": .texts(ages.map { $0 > 30 + offset ? "sick" : "well" }),
        ]
    }

    @Test("tables in memory and from a closure are served over tcp until the task is cancelled")
    func serves() async throws {
        let schema = try #require(Self.schema)
        let house = try await House([], endpoint: "tcp://127.0.0.1:*")
        let table = try Dataset(columns: Self.columns(300, offset: 0), schema: schema)
        let sites = [
            Site("north", broker: house.endpoint, data: [.dataset(table)]),
            Site(
                "south", broker: house.endpoint,
                data: [.columns(schema: schema) { Self.columns(200, offset: 5) }]),
        ]
        let tasks = sites.map { site in Task { try await site.serve() } }
        let session = try await Session.connect(house.endpoint)
        var configuration = TrainingConfiguration()
        configuration.model = .logistic
        configuration.rounds = 8
        configuration.workersMin = 2
        let log = EventLog()
        let outcome = await TrainingRun(configuration, session: session).run { log.add($0) }
        #expect(outcome.end == .finished)
        #expect(log.epochs.last?.training.examples == 240 + 160)
        #expect(try #require(log.epochs.last?.test?.accuracy) > 0.8)
        tasks[0].cancel()
        try await tasks[0].value
        for await event in await session.events {
            if case .catalogue(let catalogue) = event, catalogue.workers.map(\.name) == ["south"] { break }
        }
        tasks[1].cancel()
        try await tasks[1].value
        await session.close()
        await house.close()
    }

    @Test("data that cannot be read, or is there twice, is said before the broker hears of the site")
    func badData() async throws {
        struct NoDatabase: Error {}
        let schema = try #require(Self.schema)
        let failing = Site("north", data: [.columns(schema: schema) { throw NoDatabase() }])
        await #expect(throws: SiteError.data(.unreadableSource(reason: "NoDatabase()"))) {
            try await failing.serve()
        }
        let source = DataSource.columns(schema: schema) { Self.columns(100, offset: 0) }
        let twice = Site("north", data: [source, source])
        let error = await #expect(throws: SiteError.self) { try await twice.serve() }
        #expect("\(try #require(error))".contains("patients"))
    }

    @Test("names found in few rows are not announced; those of a schema are, and enough rows are enough")
    func fewRows() async throws {
        func source(_ count: Int) throws -> DataSource {
            let names = (0..<count).map { Optional("patient \($0 % 5)") }
            let columns: [String: ColumnValues] = [
                "age": .numbers(names.indices.map { Double($0) }), "name": .texts(names),
                "outcome": .texts(names.indices.map { $0.isMultiple(of: 2) ? "sick" : "well" }),
            ]
            return .dataset(try Dataset(name: "few", columns: columns, label: "outcome"))
        }
        let few = Site("north", data: [try source(20)])
        let error = await #expect(throws: SiteError.self) { try await few.serve() }
        let text = "\(try #require(error))"
        #expect(text.contains("20 rows") && text.contains("32") && !text.contains("patient"), "\(text)")
        let schema = try #require(Self.schema)
        for data in [try source(40), .columns(schema: schema) { Self.columns(20, offset: 0) }] {
            var site = Site("north", broker: "tcp://127.0.0.1:1", data: [data])
            site.timeout = .milliseconds(100)
            let error = await #expect(throws: SiteError.self) { try await site.serve() }
            guard case .broker? = error else { return #expect(Bool(false), "\(String(describing: error))") }
        }
    }

    @Test("an endpoint that is none, and a broker that is not there, are said")
    func noBroker() async throws {
        let schema = try #require(Self.schema)
        let source = DataSource.columns(schema: schema) { Self.columns(100, offset: 0) }
        for endpoint in ["tcp://127.0.0.1", "nonsense", "tcp://127.0.0.1:1"] {
            var site = Site("north", broker: endpoint, data: [source])
            site.timeout = .milliseconds(200)
            let error = await #expect(throws: SiteError.self) { try await site.serve() }
            guard case .broker(let failure)? = error else { return #expect(Bool(false), "\(endpoint)") }
            #expect(failure.code == .brokerUnreachable)
        }
    }
}
