/// Where tensors are and where what is recorded on them is computed: this process, or a worker.
///
/// Two locations are one when they are the same object.
public protocol Location: AnyObject, Sendable, CustomStringConvertible {
    /// What people call it, such as `bob`.
    var name: String { get }
}

extension Location {
    /// Its name.
    public var description: String { name }
}

extension Location where Self == Here {
    /// This process.
    public static var here: Here { .shared }
}

/// This process: where a tensor is until it is sent.
public final class Here: Location {
    /// The one there is.
    public static let shared = Here()
    /// `here`.
    public let name = "here"

    private init() {}
}

/// A value another process keeps, as the leaf of an expression; letting go of the last reference frees it.
package protocol RemoteValue: AnyObject, Sendable {
    /// The worker that keeps it.
    var location: any Location { get }
    /// Its element type and shape, known without asking.
    var type: ValueType { get }
    /// What errors call it, such as a column's name; `nil` for what has none.
    var name: String? { get }
}

/// Where an expression is computed, as far as its operands say.
package enum RecordedLocation: Sendable {
    /// Wherever the other operands are: numbers, and inputs bound later.
    case anywhere
    /// In this process.
    case here
    /// At a worker.
    case at(any Location)

    package init(_ location: any Location) {
        self = location === Here.shared ? .here : .at(location)
    }

    /// The location; what could be anywhere is here.
    package var resolved: any Location {
        switch self {
        case .anywhere, .here: Here.shared
        case .at(let location): location
        }
    }

    /// Whether it is a worker.
    package var isRemote: Bool { if case .at = self { true } else { false } }

    /// Whether both are one location; anywhere is every location.
    package func agrees(with other: RecordedLocation) -> Bool {
        switch (self, other) {
        case (.anywhere, _), (_, .anywhere), (.here, .here): true
        case (.at(let left), .at(let right)): left === right
        default: false
        }
    }

    /// Whether nothing is known yet.
    var isAnywhere: Bool { if case .anywhere = self { true } else { false } }
}
