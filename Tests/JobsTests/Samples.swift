import Ground
import Jobs
import Protocol
import Tensor

/// Jobs and graphs small enough to reason about.
enum Samples {
    /// `w · x + 2`, and its sum.
    static func graph(named input: String = "x") throws -> Graph {
        var builder = GraphBuilder()
        let x = builder.input(Graph.Input(name: input, elementType: .float32, dimensions: [nil, 3]))
        let w = builder.input(Graph.Input(name: "w", elementType: .float32, dimensions: [3]))
        let product = builder.append(.multiply, [x, w])
        let shifted = builder.append(.add, [product, builder.constant(2)])
        let sum = builder.append(.sum(axes: [0, -1], keepsDimensions: false), [shifted])
        return builder.finish(outputs: [shifted, sum])
    }

    static func tensorJob() throws -> TensorJob {
        TensorJob(
            graph: try SealedGraph(graph()),
            bindings: [
                try TensorValue([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
                try TensorValue([10, 100, 1_000] as [Float]),
            ])
    }

    /// Counts rows and adds up a column; the state is carried through.
    static func programJob() throws -> ProgramJob {
        var step = GraphBuilder()
        let state = step.input(Graph.Input(name: "state", elementType: .float32, dimensions: [2]))
        let rate = step.input(Graph.Input(name: "rate", elementType: .float32, dimensions: []))
        let column = step.input(Graph.Input(name: "features", elementType: .float32, dimensions: [nil, 2]))
        let sum = step.append(.sum(axes: [0], keepsDimensions: false), [column])
        let next = step.append(.addProduct, [state, sum, rate])
        var finish = GraphBuilder()
        finish.input(Graph.Input(name: "first", elementType: .float32, dimensions: [2]))
        let last = finish.input(Graph.Input(name: "last", elementType: .float32, dimensions: [2]))
        finish.input(Graph.Input(name: "rate", elementType: .float32, dimensions: []))
        let metric = finish.input(Graph.Input(name: "sum", elementType: .float32, dimensions: [2]))
        let examples = finish.input(Graph.Input(name: "examples", elementType: .float32, dimensions: []))
        let program = Program(
            step: try SealedGraph(step.finish(outputs: [next, sum])),
            finish: try SealedGraph(finish.finish(outputs: [last, metric, examples])),
            stateCount: 1, constantCount: 1, columns: ["features"],
            shard: ShardReference(dataset: "toy", partition: "iid:0", index: 1, count: 4), part: .heldOut,
            schedule: Program.Schedule(
                epochs: 3, batchSize: 2, shuffleSeed: 7, batchLimit: 5, dropsRemainder: true),
            outputs: ["state", "sum", "examples"])
        return ProgramJob(
            program: program,
            bindings: [try TensorValue([1, 2] as [Float]), TensorValue(scalar: 0.5)])
    }

    /// A fold over two shards with sources and destinations of every kind a fold may have.
    static func foldJob() throws -> Job {
        let program = try programJob().program
        let run = Identifier(high: 3, low: 4)
        let state = ValueType(.float32, try Shape([2]))
        let fold = Fold(
            step: program.step, states: [0], constants: [1], columns: ["features"], finish: program.finish,
            finishInputs: [2, 3, 1, 4, 5], part: .train, epochs: 2, shuffles: true, batchLimit: 9,
            dropsRemainder: true,
            shards: (0..<2).map { index in
                Fold.Rows(
                    ShardReference(dataset: "toy", partition: "iid:0", index: index, count: 4),
                    batchSize: 2 + index, shuffleSeed: .max - UInt64(index))
            })
        return Job(
            sources: [
                .zeros(state), .value(TensorValue(scalar: 0.5)), .firstState(0), .lastState(0), .metric(0),
                .examples, .state(Job.State(run: run, name: "velocity")),
                .random(Job.Draw(seed: 9, .normal, state)), .random(Job.Draw(seed: .max, .uniform, state)),
                .object(ObjectID(7)),
            ], compute: .fold(fold),
            outputs: [
                Job.Output("weights", to: .release),
                Job.Output(to: .state(Job.State(run: run, name: "next"))),
                Job.Output("rows", to: .release),
            ], released: [ObjectID(1)], ended: [run, Identifier(high: .max, low: 0)], listsObjects: true)
    }

    static func result(_ values: [TensorValue]) -> JobResult {
        JobResult(
            outputs: values.enumerated().map { (name: "output \($0)", value: $1) }, examples: 30, batches: 4,
            seconds: 0.25)
    }

    /// A value whose bytes say where they are.
    static func value(byteCount: Int) throws -> TensorValue {
        try TensorValue((0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
    }
}

extension Job {
    /// The values that travel with the job.
    var values: [TensorValue] {
        sources.compactMap { if case .value(let value) = $0 { value } else { nil } }
    }
}

extension Payload {
    /// The frames as they arrive: every one copied into memory of its own.
    var received: [Storage] {
        frames.map { frame in
            switch frame {
            case .packed(let bytes): Storage(copying: bytes)
            case .whole(let storage): storage.withBytes { Storage(copying: $0) }
            }
        }
    }
}

/// The error a call throws, or nothing.
func errorOf<Value>(_ body: () throws(JobError) -> Value) -> JobError? {
    do throws(JobError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

/// A value with some of its parts set.
func made<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
    var value = value
    change(&value)
    return value
}
