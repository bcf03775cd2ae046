import Datasets
import Fagure
import Simulation
import Tensor
import Testing
import ZMQ

@Suite("A calm world", .timeLimit(.minutes(1)))
struct CalmTests {
    private func run(seed: UInt64) throws -> (RunOutcome?, UInt64) {
        let fleet = SimulatedFleet(seed: seed, shards: try SamplePoints.shards(count: 3, workers: 3))
        fleet.startBroker()
        for number in 0..<fleet.workerCount { fleet.startWorker(number) }
        var configuration = TrainingConfiguration()
        configuration.model = .logistic
        configuration.rounds = 3
        fleet.train(configuration)
        _ = fleet.world.run(until: { fleet.outcome != nil }, withinNanoseconds: 120_000_000_000)
        defer { fleet.end() }
        return (fleet.outcome, fleet.world.trace)
    }

    @Test(
        "a run in a simulated world is done; the same seed takes the same course, another seed to the same model"
    )
    func calm() throws {
        let (first, trace) = try run(seed: 1)
        let outcome = try #require(first)
        #expect(outcome.end == .finished)
        let (second, again) = try run(seed: 1)
        #expect(trace == again)
        let model = try #require(outcome.model)
        #expect(second?.model?.state == model.state)
        let (third, other) = try run(seed: 2)
        #expect(other != trace)
        #expect(third?.model?.state == model.state)
    }
}
