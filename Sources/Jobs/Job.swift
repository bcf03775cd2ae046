package import Protocol
package import Tensor

/// All a trainer can ask of a worker, in one form: where values come from, what is computed of them, and where
/// that goes.
///
/// To have tensors kept is to compute nothing and to say which objects the sources become; to ask what is kept, or
/// to let it go, takes neither sources nor a graph. `TensorJob` and `ProgramJob` are what people put together.
public struct Job: Sendable, Hashable {
    /// What becomes of the sources.
    package enum Compute: Sendable, Hashable {
        /// They are the outputs.
        case nothing
        /// A graph, run once; its inputs are the sources of these numbers, or all in their order.
        case graph(SealedGraph, inputs: [Int]?)
        /// A graph folded over the batches of shards.
        case fold(Fold)
    }

    /// Where an output goes.
    package enum Destination: Sendable, Hashable {
        /// To the trainer.
        case release
        /// It stays, as this object; one of that name is replaced.
        case object(ObjectID)
        /// It stays for the run and the fold's shard; a state of that name is replaced.
        case state(State)
        /// To another worker, as this object there.
        case transfer(SessionID, ObjectID)
        /// Into a sum over the fold's shards, in units, each times the rows it saw or once; that goes to the trainer.
        case sum(SumUnits, byExamples: Bool)
    }

    /// An output's name, and where it goes.
    package struct Output: Sendable, Hashable {
        /// The name it is released by; empty for none.
        package var name: String
        /// Where it goes.
        package var destination: Destination

        /// Says where an output goes.
        package init(_ name: String = "", to destination: Destination) {
            self.name = name
            self.destination = destination
        }
    }

    /// Where values come from; known by their place.
    package var sources: [Source]
    /// What is computed.
    package var compute: Compute
    /// Where each output goes; none stands for all, released without names.
    package var outputs: [Output]
    /// Objects the worker lets go, once it has found the sources; those it does not keep are no error.
    package var released: [ObjectID]
    /// Runs whose states the worker lets go.
    package var ended: [Identifier]
    /// Whether the trainer asks which objects the worker keeps for it.
    package var listsObjects: Bool

    /// Puts a job together; the worker checks whether its parts fit.
    package init(
        sources: [Source] = [], compute: Compute = .nothing, outputs: [Output] = [],
        released: [ObjectID] = [],
        ended: [Identifier] = [], listsObjects: Bool = false
    ) {
        self.sources = sources
        self.compute = compute
        self.outputs = outputs
        self.released = released
        self.ended = ended
        self.listsObjects = listsObjects
    }

    /// Has tensors kept, once others were let go; with neither a sign that the trainer still needs its objects.
    package init(keeping tensors: [(object: ObjectID, value: TensorValue)], released: [ObjectID] = []) {
        self.init(
            sources: tensors.map { .value($0.value) },
            outputs: tensors.map { Output(to: .object($0.object)) }, released: released)
    }

    /// The graphs of the job, for the worker to keep.
    package var graphs: [SealedGraph] {
        switch compute {
        case .nothing: []
        case .graph(let graph, _): [graph]
        case .fold(let fold): [fold.step, fold.finish]
        }
    }

    /// The number of outputs.
    package var outputCount: Int {
        switch compute {
        case .nothing: sources.count
        case .graph(let graph, _): graph.graph.outputs.count
        case .fold(let fold): fold.finish.graph.outputs.count
        }
    }

    /// The numbers of outputs that leave the worker, to the trainer or to another worker, in order.
    package var leavingOutputs: [Int] {
        guard !outputs.isEmpty else { return Array(0..<outputCount) }
        return outputs.indices.filter { index in
            switch outputs[index].destination {
            case .release, .transfer, .sum: true
            case .object, .state: false
            }
        }
    }

    /// The numbers of outputs that come back of each shard by itself.
    package var partOutputs: [Int] {
        leavingOutputs.filter { outputs.isEmpty || !outputs[$0].destination.isSum }
    }

    /// The outputs that are summed over shards, and how.
    package var summedOutputs: [(output: Int, units: SumUnits, byExamples: Bool)] {
        outputs.enumerated().compactMap { number, output in
            guard case .sum(let units, let byExamples) = output.destination else { return nil }
            return (number, units, byExamples)
        }
    }
}

extension Job.Destination {
    /// Whether it is a sum over shards.
    var isSum: Bool { if case .sum = self { true } else { false } }
}
