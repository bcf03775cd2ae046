import Datasets
import Federation
import Protocol
import Tensor
import Testing

@testable import Fagure

@Suite("Evaluation at the trainer", .timeLimit(.minutes(1)))
struct LocalEvaluationTests {
    @Test("it ends when its task is cancelled", arguments: [false, true])
    func cancelled(_ isCancelled: Bool) async throws {
        let dataset = try Samples.dataset(classes: true)
        let task = try LearningTask(Samples.description([Samples.feature(), Samples.classes(3)]))
        let model = try ModelKind.logistic.makeModel(for: task, seed: 0)
        let evaluation = LocalEvaluation(try EvaluationProgram(task, model: model), on: dataset.train)
        let state = try ModelState(model), scaling = try Scaling.plain(for: task)
        let result = await withTaskGroup(of: Result<Metrics, TensorError>.self) { group in
            if isCancelled { group.cancelAll() }
            group.addTask {
                do throws(TensorError) {
                    return .success(try await evaluation.metrics(of: state, scaling))
                } catch {
                    return .failure(error)
                }
            }
            return await group.next()
        }
        switch try #require(result) {
        case .success(let metrics): #expect(!isCancelled && metrics.examples == 5)
        case .failure(let error): #expect(isCancelled && error == .cancelled, "\(error)")
        }
    }
}
