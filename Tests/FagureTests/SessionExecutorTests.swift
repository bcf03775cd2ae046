import Datasets
import Jobs
import Protocol
import Tensor
import Testing
import ZMQ

@testable import Fagure

@Suite("Tasks on a session's thread", .timeLimit(.minutes(1)))
struct SessionExecutorTests {
    private func house() async throws -> House {
        try await House([[try Samples.dataset().shard(0, of: 1, partition: .iid(seed: 0))]])
    }

    private func doubled(_ number: Int, _ session: Session, _ worker: JobTarget) async throws -> [Float] {
        let x = Tensor.input("x", dimensions: [nil])
        let graph = try SealedGraph(Graph(inputs: [x], outputs: [x * 2]))
        let job = TensorJob(graph: graph, bindings: [try TensorValue([Float(number)])])
        return try await session.run(job, on: worker).outputs[0].value.floats
    }

    @Test("they stay there through all their jobs, and each has its own answer")
    func staying() async throws {
        let house = try await house()
        let session = try await house.session()
        let worker = JobTarget.worker(try #require(await session.catalogue.workers.first))
        let answers = try await withTaskExecutorPreference(session.executor) {
            try await withThrowingTaskGroup(of: (Int, [Float], Bool).self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let first = try await doubled(number, session, worker)
                        let isThere = house.loop.isOnLoop
                        let second = try await doubled(number + 1_000, session, worker)
                        return (number, first + second, isThere && house.loop.isOnLoop)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(answers.count == 100)
        for (number, floats, wasThere) in answers {
            #expect(floats == [Float(2 * number), Float(2 * (number + 1_000))] && wasThere)
        }
        await session.close()
        await house.close()
    }

    @Test("a task there may cancel a job before it was sent, and one that is open")
    func cancelling() async throws {
        let house = try await house()
        let session = try await house.session()
        let worker = JobTarget.worker(try #require(await session.catalogue.workers.first))
        await withTaskExecutorPreference(session.executor) {
            let early = Task(executorPreference: session.executor) { try await doubled(1, session, worker) }
            early.cancel()
            let late = Task(executorPreference: session.executor) { try await doubled(1, session, worker) }
            // It has run until it waits: this task comes after it.
            await Task.yield()
            late.cancel()
            // Neither has had a turn of the loop in which it could be answered.
            for task in [early, late] {
                let error = await #expect(throws: Failure.self) { try await task.value }
                #expect(error?.code == .cancelled)
            }
        }
        await session.close()
        await house.close()
    }

    @Test("a task may close the session whose thread it is on, and goes on")
    func closing() async throws {
        let house = try await House([[]], endpoint: "tcp://127.0.0.1:*")
        let session = try await Session.connect(house.endpoint)
        let failure = await withTaskExecutorPreference(session.executor) { () -> Failure? in
            await session.close()
            do throws(Failure) {
                _ = try await session.run(TensorJob(graph: identity(), bindings: []), on: .session(.random()))
                return nil
            } catch {
                return error
            }
        }
        #expect(failure?.code == .cancelled)
        await house.close()
    }

    private func identity() throws(Failure) -> SealedGraph {
        do {
            return try SealedGraph(Graph(inputs: [], outputs: [Tensor(1)]))
        } catch {
            throw Failure(.executionFailed, "\(error)")
        }
    }
}
