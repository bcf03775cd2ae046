import Testing

@Suite("Lifetimes of real processes", .timeLimit(.minutes(1)))
struct LifetimeTests {
    @Test("a worker whose lifetime is over drains, says so and ends with 0")
    func lifetime() async throws {
        let fleet = try await Fleet()
        let worker = try await fleet.addWorker("brief", ["--dataset", "toy", "--lifetime", "1"])
        #expect(await worker.end() == 0)
        #expect(worker.errors.contains("lifetime of 1 s is over"), "\(worker.errors)")
        await fleet.stop()
    }
}
