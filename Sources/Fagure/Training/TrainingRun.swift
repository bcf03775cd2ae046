public import Federation
public import Tensor
import ZMQ

/// A model learned from shards where they are: rounds of local training, averaged.
///
/// ```swift
/// var configuration = TrainingConfiguration()
/// configuration.rounds = 3
/// let outcome = await TrainingRun(configuration, session: session).run { event in … }
/// ```
/// Cancelling the task ends the run: its jobs are cancelled, and what there is comes back.
public struct TrainingRun: Sendable {
    private let configuration: TrainingConfiguration
    private let model: (any Module)?
    private let session: Session
    private let strategy: any Strategy
    private let testData: TestData

    /// Sets up a run.
    ///
    /// - Parameters:
    ///   - model: What is trained, from the values its parameters have now: any module that takes rows of features
    ///     [rows, features] and gives [rows, outputs]. Without one the configuration's is made.
    ///   - testData: What the model of each round is judged by.
    public init(
        _ configuration: TrainingConfiguration, session: Session, model: (any Module)? = nil,
        strategy: any Strategy = FederatedAveraging(),
        testData: TestData = .builtIn(folder: nil)
    ) {
        self.configuration = configuration
        self.model = model
        self.session = session
        self.strategy = strategy
        self.testData = testData
    }

    /// Trains.
    ///
    /// - Parameter report: Told what happens, in order, one event at a time.
    public func run(_ report: @escaping @Sendable (RunEvent) -> Void = { _ in }) async -> RunOutcome {
        let (inbox, sender) = AsyncStream.makeStream(of: RunDriver.Input.self)
        let events = await session.events
        var driver = RunDriver(
            configuration, model: model, session: session, strategy: strategy, testData: testData,
            inbox: sender, report: report)
        return await withDiscardingTaskGroup { group in
            group.addTask {
                for await event in events { sender.yield(.session(event)) }
            }
            group.addTask { [clock = session.clock] in
                while !Task.isCancelled {
                    try? await clock.sleep(for: .seconds(1))
                    sender.yield(.tick)
                }
            }
            for await input in inbox {
                await driver.take(input, in: &group)
                if driver.isOver { break }
            }
            group.cancelAll()
            return await driver.outcome()
        }
    }
}
