import Federation
import Protocol
import Tensor
import TestSupport
import Testing

@testable import Fagure

@Suite("Files of networks for images")
struct ImageModelTests {
    private func model(_ kind: ModelKind, _ sizes: [Int]) throws -> TrainedModel {
        let dataset = Samples.description([Samples.feature(sizes, type: .uint8), Samples.classes(3)])
        let task = try LearningTask(dataset)
        let dimensions = Scaling.dimensions(for: task)
        let ones = try TensorValue([Float](repeating: 1, count: dimensions.reduce(1, *)), shape: dimensions)
        return TrainedModel(
            task: task, dataset: dataset, kind: kind,
            state: try ModelState(kind.makeModel(for: task, seed: 7), version: 2),
            scaling: Scaling(mean: ones, scale: ones))
    }

    @Test("one that was written is read back equal, and its layers have the values learned")
    func roundTrip() throws {
        for (kind, sizes) in [(ModelKind.cnn, [8, 9]), (.lenet, [3, 16, 17])] {
            let model = try model(kind, sizes)
            let folder = try TemporaryFolder()
            try model.file.write(to: folder["model.safetensors"])
            let read = try TrainedModel(contentsOf: folder["model.safetensors"])
            #expect(read == model && read.kind == kind)
            let module = try read.module
            #expect(try ModelState(module, version: 2) == model.state)
            let x = Tensor.random([2, sizes.reduce(1, *)], seed: 1)
            let original = try kind.makeModel(for: model.task, seed: 7)
            #expect(try module(x).value() == original(x).value())
        }
    }

    @Test("parameters of another network, or of other images, are named")
    func misfits() throws {
        let small = try model(.cnn, [8, 8]), large = try model(.cnn, [12, 12]),
            other = try model(.lenet, [16, 16])
        func refusal(_ state: ModelState) -> String {
            let mixed = TrainedModel(
                task: small.task, dataset: small.dataset, kind: .cnn, state: state, scaling: small.scaling)
            let error = #expect(throws: ModelError.self) { try mixed.module }
            return error.map { "\($0)" } ?? ""
        }
        #expect(refusal(large.state).contains("8.weight"), "\(refusal(large.state))")
        #expect(refusal(other.state).contains("1.weight"), "\(refusal(other.state))")
    }
}
