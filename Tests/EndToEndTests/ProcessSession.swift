import Fagure
import Protocol
import Tensor
import Testing

/// Runs a test with a session to a broker process and worker processes, all ended whatever comes of it.
///
/// - Parameter workers: names, each with its flags.
func withProcesses(
    _ workers: KeyValuePairs<String, [String]>, run: (Fleet, Session) async throws -> Void
) async throws {
    let fleet = try await Fleet()
    for (name, flags) in workers { try await fleet.addWorker(name, flags) }
    let session = try await Session.connect(fleet.endpoint)
    do {
        try await run(fleet, session)
    } catch {
        await session.close()
        throw error
    }
    await session.close()
    await fleet.stop()
}

extension Session {
    /// Waits until what the session has done is as it should be.
    func wait(until isDone: (SessionStatistics) -> Bool) async {
        while !isDone(await statistics) { await Task.yield() }
    }

    /// Waits until the broker says that a worker has not been heard of for some time.
    func waitUntilTorpid(_ worker: String) async {
        for await event in await events {
            guard case .catalogue(let catalogue) = event else { continue }
            if catalogue.workers.contains(where: { $0.name == worker && $0.state == .torpid }) { return }
        }
    }

    /// Waits until the broker says that no worker of this name is left.
    func waitUntilGone(_ worker: String) async {
        for await event in await events {
            guard case .catalogue(let catalogue) = event else { continue }
            if !catalogue.workers.contains(where: { $0.name == worker }) { return }
        }
    }
}

/// The tutorial's loop, its rows at two locations.
struct TutorialLoop {
    let halves: [(data: Tensor, target: Tensor)]

    /// Two rows here and two there.
    init(_ first: any Location, _ second: any Location) async throws {
        let data: Tensor = [[0, 0], [0, 1], [1, 0], [1, 1]]
        let target: Tensor = [[0], [0], [1], [1]]
        halves = [
            (try await data[0..<2].send(to: first), try await target[0..<2].send(to: first)),
            (try await data[2..<4].send(to: second), try await target[2..<4].send(to: second)),
        ]
    }

    /// The model as it starts.
    static func makeModel() throws -> Linear { try Linear(weight: [[0.25, -0.5]], bias: [0.125]) }

    /// Records one step and sends nothing; the loss.
    static func record(
        _ model: Linear, _ optimizer: Optimizer<some OptimizerRule>, _ half: (data: Tensor, target: Tensor)
    ) async throws -> Tensor {
        try await model.send(to: half.data.location)
        optimizer.zeroGradients()
        let loss = ((model(half.data) - half.target) ** 2).sum()
        loss.backward()
        optimizer.step()
        return loss
    }

    /// A step, asked for together with the model; the loss.
    static func step(
        _ model: Linear, _ optimizer: Optimizer<some OptimizerRule>, _ half: (data: Tensor, target: Tensor)
    ) async throws -> Float {
        let loss = try await record(model, optimizer, half)
        return try await get(loss, model).0.scalar()
    }

    /// Steps at one location and the other in turn; all losses.
    func train(
        _ model: Linear, _ optimizer: Optimizer<some OptimizerRule>, rounds: Int = 10
    ) async throws -> [Float] {
        var losses: [Float] = []
        for _ in 0..<rounds {
            for half in halves { losses.append(try await TutorialLoop.step(model, optimizer, half)) }
        }
        return losses
    }
}

extension Module {
    /// All parameters' numbers, one after the other.
    var numbers: [Float] { get throws { try values.flatMap { try $0.value.floats } } }
}

/// Square matrices multiplied many times at one location: work that takes its time.
struct SlowWork {
    private let block: Tensor

    /// Sends what it needs.
    init(at location: any Location, side: Int = 1_024) async throws {
        let values = [Float](repeating: 1 / Float(side), count: side * side)
        block = try await Tensor(values, shape: [side, side]).send(to: location)
    }

    /// The mean of the powers' last, recorded; 1/side where all is right.
    func record(products: Int) -> Tensor {
        var product = block
        for _ in 0..<products { product = product.matmul(block) }
        return product.mean()
    }
}
