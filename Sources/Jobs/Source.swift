package import Protocol
public import Tensor

extension Job {
    /// Where a value comes from.
    public enum Source: Sendable, Hashable {
        /// It travels with the job.
        case value(TensorValue)
        /// The worker keeps it for the trainer.
        case object(ObjectID)
        /// It is a column of the worker's own data; see the worker's rules for what may leave.
        case column(ColumnReference)
        /// Zeros, which need not travel.
        case zeros(ValueType)
        /// Numbers that follow from a seed.
        case random(Draw)
        /// The worker keeps it for a run, and for the shard of the fold.
        case state(State)
        /// Of a fold: a state before the first batch.
        case firstState(Int)
        /// Of a fold: a state after the last batch.
        case lastState(Int)
        /// Of a fold: a metric, summed over batches.
        case metric(Int)
        /// Of a fold: the rows seen, as a float32 scalar.
        case examples

        /// Whether it means something only when a fold has ended.
        var isOfEnd: Bool {
            switch self {
            case .firstState, .lastState, .metric, .examples: true
            case .value, .object, .column, .zeros, .random, .state: false
            }
        }

        /// What the worker makes of nothing, by its type; `nil` for what is found.
        package var made: ValueType? {
            switch self {
            case .zeros(let type): type
            case .random(let draw): draw.type
            default: nil
            }
        }
    }

    /// Numbers that follow from a seed, the same everywhere; `docs/PROTOCOL.md` has the formula.
    public struct Draw: Sendable, Hashable {
        /// How numbers are distributed.
        public enum Distribution: Sendable, Hashable {
            /// From 0 up to 1, evenly.
            case uniform
            /// Around 0, with deviation 1.
            case normal
        }

        /// What they are drawn from.
        public var seed: UInt64
        /// How they are distributed.
        public var distribution: Distribution
        /// What they make; only of float32.
        public var type: ValueType

        /// Describes numbers.
        public init(seed: UInt64, _ distribution: Distribution, _ type: ValueType) {
            self.seed = seed
            self.distribution = distribution
            self.type = type
        }

        /// The numbers.
        ///
        /// - Throws: `TensorError.valueMismatch` for another type than float32.
        /// - Complexity: O(elements).
        package func value() throws(TensorError) -> TensorValue {
            guard type.elementType == .float32 else {
                throw .valueMismatch(name: "random numbers", expected: "float32", got: "\(type)")
            }
            var philox = Philox(seed: seed, purpose: .draws)
            let count = type.shape.elementCount
            var numbers: [Float] = []
            switch distribution {
            case .uniform:
                numbers.reserveCapacity(count)
                for _ in 0..<count { numbers.append(philox.uniform()) }
            case .normal:
                numbers = philox.normal(count)
            }
            return try TensorValue(numbers, shape: type.shape.dimensions)
        }
    }

    /// The name of what a worker keeps for a run and a shard.
    public struct State: Sendable, Hashable {
        /// The run.
        package var run: Identifier
        /// What it is called in the run.
        public var name: String

        /// Names a state.
        package init(run: Identifier, name: String) {
            self.run = run
            self.name = name
        }
    }
}
