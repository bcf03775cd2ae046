extension Operation {
    /// An operation with inputs it can take: what every property of the table is tested with.
    package struct Sample: Sendable, CustomStringConvertible {
        /// Which numbers an input is drawn from.
        package enum Domain: Sendable, Hashable {
            /// Any sign, about −2 to 2.
            case signed
            /// About 0.5 to 1.5, where roots and logarithms are at home.
            case positive
            /// 0 or 1.
            case flags
            /// Whole numbers from 0 up to a count.
            case labels(Int)
        }

        /// An input: its type, and what it is drawn from.
        struct Input {
            let type: ValueType
            let domain: Domain

            private init(_ elementType: ElementType, _ sizes: [Int], _ domain: Domain) {
                type = ValueType(elementType, Shape(checked: sizes, elementCount: sizes.reduce(1, *)))
                self.domain = domain
            }

            static func signed(_ sizes: Int...) -> Input { Input(.float32, sizes, .signed) }
            static func positive(_ sizes: Int...) -> Input { Input(.float32, sizes, .positive) }
            static func flags(_ sizes: Int...) -> Input { Input(.float32, sizes, .flags) }
            static func labels(_ elementType: ElementType, below count: Int, _ sizes: Int...) -> Input {
                Input(elementType, sizes, .labels(count))
            }
        }

        /// The operation.
        package let operation: Operation
        /// The types of its inputs.
        package let types: [ValueType]
        /// What each input is drawn from.
        package let domains: [Domain]

        /// The operation and its input types.
        package var description: String {
            "\(operation)(\(types.map(\.description).joined(separator: ", ")))"
        }

        init(_ operation: Operation, _ inputs: Input...) {
            self.operation = operation
            types = inputs.map(\.type)
            domains = inputs.map(\.domain)
        }
    }
}
