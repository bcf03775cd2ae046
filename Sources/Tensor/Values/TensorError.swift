/// What can be wrong with tensors, graphs and the values given to them.
///
/// Every case carries the facts, so that its `description` names the thing, what was expected and what came.
public enum TensorError: Error, Sendable, Hashable {
    /// Sizes that make no shape.
    case invalidShape([Int], reason: String)
    /// Shapes or attributes that do not fit an operation; `origin` is the source line that wrote it, where
    /// known.
    case shapeMismatch(operation: String, shapes: [Shape], reason: String, origin: Origin?)
    /// An element type an operation cannot take.
    case elementTypeMismatch(operation: String, types: [ElementType], reason: String, origin: Origin?)
    /// A graph that breaks a rule of `Graph.validate`: a cycle, an index out of range, a limit passed.
    case invalidGraph(reason: String)
    /// An operation that has no gradient with respect to an input that needs one.
    case notDifferentiable(operation: String, reason: String, origin: Origin?)
    /// A value whose type or shape is not what is expected of it.
    case valueMismatch(name: String, expected: String, got: String)
    /// A file that is not what it should be: which, and where in it.
    case invalidFile(path: String, reason: String)
    /// A limit that would be passed: what, how much, and how much is allowed.
    case limitExceeded(what: String, got: Int, limit: Int)
    /// Operands that are not at one location: which, and where each is.
    case differentLocations(operation: String, tensors: [String], origin: Origin?)
    /// A tensor whose value is not in this process.
    case elsewhere(name: String, location: String)
    /// A tensor that was given away: it may not be used again.
    case usedUp(name: String, how: String)
    /// Nobody waits for it any more.
    case cancelled
}

extension TensorError: CustomStringConvertible {
    /// One lower-case sentence that names the thing, what was expected and what came.
    public var description: String {
        switch self {
        case .invalidShape(let dimensions, let reason):
            "shape \(dimensions) is invalid: \(reason)"
        case .shapeMismatch(let operation, let shapes, let reason, let origin):
            "\(operation): \(reason), shapes \(list(shapes))\(at(origin))"
        case .elementTypeMismatch(let operation, let types, let reason, let origin):
            "\(operation): \(reason), element types \(list(types))\(at(origin))"
        case .invalidGraph(let reason):
            "graph is invalid: \(reason)"
        case .notDifferentiable(let operation, let reason, let origin):
            "\(operation) is not differentiable: \(reason)\(at(origin))"
        case .valueMismatch(let name, let expected, let got):
            "\(name): expected \(expected), got \(got)"
        case .invalidFile(let path, let reason):
            "\(path): \(reason)"
        case .limitExceeded(let what, let got, let limit):
            "\(what) is \(got), the limit is \(limit)"
        case .differentLocations(let operation, let tensors, let origin):
            "\(operation): the operands are at two locations, \(tensors.joined(separator: " and "))\(at(origin)); "
                + "move one to the other"
        case .elsewhere(let name, let location):
            "\(name) is at \(location), not here: get() brings it, move(to:) takes it elsewhere"
        case .usedUp(let name, let how):
            "\(name) cannot be used any more: \(how); use copy() before to keep one"
        case .cancelled:
            "the computation was cancelled"
        }
    }

    private func list(_ things: [some CustomStringConvertible]) -> String {
        things.map(\.description).joined(separator: ", ")
    }

    private func at(_ origin: Origin?) -> String {
        origin.map { " (\($0))" } ?? ""
    }
}

/// The source line that wrote an operation, kept so that errors found later can name it.
public struct Origin: Sendable, Hashable, CustomStringConvertible {
    /// The module and file, as `#fileID` gives it.
    public let file: StaticFile
    /// The line, from 1.
    public let line: Int
    /// Whether the line is that of the operation itself, not of the nearest operand whose line is known.
    public let isExact: Bool

    /// Remembers a source line.
    public init(file: StaticString, line: Int) {
        self.init(StaticFile(file), line, isExact: true)
    }

    private init(_ file: StaticFile, _ line: Int, isExact: Bool) {
        self.file = file
        self.line = line
        self.isExact = isExact
    }

    /// The same line, for something that happened near it: operators cannot see their own.
    var near: Origin { Origin(file, line, isExact: false) }

    /// `Module/File.swift:12`, or `near Module/File.swift:12`.
    public var description: String { "\(isExact ? "" : "near ")\(file):\(line)" }
}

/// A `#fileID`, kept as the static string it is so that recording it costs no allocation.
public struct StaticFile: Sendable, Hashable, CustomStringConvertible {
    private let text: StaticString

    init(_ text: StaticString) { self.text = text }

    /// The file's name.
    public var description: String { text.description }

    /// Equal when the names are.
    public static func == (left: StaticFile, right: StaticFile) -> Bool {
        left.description == right.description
    }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
