import Tensor
import Yams

/// One value of a schema's file, and where it stands.
///
/// DESIGN: Yams makes the tree, this reads words out of it: what a scalar means is decided by who asks, never by
/// its looks, so that classes called `no` and `1` stay texts. Before Yams sees a file it is bounded, and
/// references (`*name`) are refused: copies of copies of copies would grow without end.
struct SchemaReader {
    private let node: Node
    private let file: String
    /// The way to the value, such as `label.classes`; empty for the whole file.
    private let path: String

    private init(_ node: Node, file: String, path: String) {
        self.node = node
        self.file = file
        self.path = path
    }

    /// Reads the one document of a file.
    static func read(_ text: String, file: String) throws(DatasetError) -> SchemaReader {
        try checkSource(text, file: file)
        let root: Node?
        do {
            // The encoding is said because the default asks the environment, and prints.
            root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch {
            throw invalid(error, file: file)
        }
        guard let root else {
            throw .invalidSchema(file: file, line: nil, reason: "empty, expected a schema")
        }
        return SchemaReader(root, file: file, path: "")
    }

    /// An error at this value.
    func fault(_ reason: String) -> DatasetError {
        let line = node.mark.map(\.line)
        return .invalidSchema(file: file, line: line, reason: path.isEmpty ? reason : "\(path): \(reason)")
    }

    /// The text of a scalar.
    func text() throws(DatasetError) -> String {
        guard case .scalar(let scalar) = node else { throw fault("expected a word, got \(kind)") }
        return scalar.string
    }

    /// The elements of a list.
    func elements() throws(DatasetError) -> [SchemaReader] {
        guard case .sequence(let nodes) = node else { throw fault("expected a list, got \(kind)") }
        guard nodes.count <= DatasetLimits.csvColumnCountMaximum else {
            throw fault("\(nodes.count) elements, the limit is \(DatasetLimits.csvColumnCountMaximum)")
        }
        return nodes.enumerated().map {
            SchemaReader($0.element, file: file, path: "\(path)[\($0.offset)]")
        }
    }

    /// The elements of a list of words.
    func texts() throws(DatasetError) -> [String] {
        var texts: [String] = []
        for element in try elements() { texts.append(try element.text()) }
        return texts
    }

    /// The values of a mapping by their keys, which must be among those known.
    func members(_ known: [String]) throws(DatasetError) -> SchemaMembers {
        guard case .mapping(let mapping) = node else {
            throw fault("expected \(known.joined(separator: ", ")), got \(kind)")
        }
        var readers: [String: SchemaReader] = [:]
        for (key, value) in mapping {
            let name = try SchemaReader(key, file: file, path: path.isEmpty ? "a key" : "a key of \(path)")
                .text()
            let inner = path.isEmpty ? shortened(name) : "\(path).\(shortened(name))"
            let reader = SchemaReader(value, file: file, path: inner)
            guard known.contains(name) else {
                throw SchemaReader(key, file: file, path: path).fault(
                    "unknown key \(quoted(name)), known are \(known.joined(separator: ", "))")
            }
            guard readers.updateValue(reader, forKey: name) == nil else {
                throw reader.fault("is there twice")
            }
        }
        return SchemaMembers(readers, of: self)
    }

    /// A number from 0, but less than 1.
    func share() throws(DatasetError) -> Double {
        let word = try text()
        guard let number = NumberText.decimal(word), number >= 0, number < 1 else {
            throw fault("expected a number from 0, but less than 1, got \(quoted(word))")
        }
        return number
    }

    /// A whole number that is not negative.
    func wholeNumber() throws(DatasetError) -> UInt64 {
        let word = try text()
        guard let number = UInt64(word) else { throw fault("expected a whole number, got \(quoted(word))") }
        return number
    }

    /// `true` or `false`.
    func boolean() throws(DatasetError) -> Bool {
        let word = try text()
        guard let boolean = Bool(word) else { throw fault("expected true or false, got \(quoted(word))") }
        return boolean
    }

    /// A list of sizes.
    func shape() throws(DatasetError) -> Shape {
        var sizes: [Int] = []
        for element in try elements() {
            guard let size = Int(exactly: try element.wholeNumber()) else { throw element.fault("too large") }
            sizes.append(size)
        }
        do {
            return try Shape(sizes)
        } catch {
            throw fault("\(error)")
        }
    }

    /// The name of an element type.
    func elementType() throws(DatasetError) -> ElementType {
        let word = try text()
        guard let type = ElementType.allCases.first(where: { $0.description == word }) else {
            let known = ElementType.allCases.map(\.description).joined(separator: ", ")
            throw fault("expected one of \(known), got \(quoted(word))")
        }
        return type
    }

    private var kind: String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : quoted(scalar.string)
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias: "a reference"
        }
    }

    private static func checkSource(_ text: String, file: String) throws(DatasetError) {
        let limit = DatasetLimits.schemaByteCountMaximum
        guard text.utf8.count <= limit else { throw .fileTooLarge(path: file, limit: limit) }
        var line = 1
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\n") { line += 1 }
            let isName = (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
            if previous == UInt8(ascii: "*"), isName || byte == 0x5F || byte == 0x2D {
                let reason =
                    "references (*name) are not read; write an asterisk as \"\\x2A\" in quotation marks"
                throw .invalidSchema(file: file, line: line, reason: reason)
            }
            previous = byte
        }
    }

    private static func invalid(_ error: any Error, file: String) -> DatasetError {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .invalidSchema(file: file, line: mark.line, reason: "not YAML: \(shortened(problem))")
        case .duplicatedKeysInMapping(let keys, let context):
            .invalidSchema(file: file, line: context.mark.line, reason: "\(listed(keys)): is there twice")
        case .reader(let problem, _, _, _):
            .invalidSchema(file: file, line: nil, reason: "not YAML: \(shortened(problem))")
        default:
            .invalidSchema(file: file, line: nil, reason: "not YAML")
        }
    }
}

/// The values of a mapping by their keys.
struct SchemaMembers {
    private let readers: [String: SchemaReader]
    private let owner: SchemaReader

    init(_ readers: [String: SchemaReader], of owner: SchemaReader) {
        self.readers = readers
        self.owner = owner
    }

    /// The value of a key that may be left out.
    subscript(key: String) -> SchemaReader? { readers[key] }

    /// The value of a key that may not.
    func required(_ key: String) throws(DatasetError) -> SchemaReader {
        guard let reader = readers[key] else { throw owner.fault("\(key) is missing") }
        return reader
    }

    /// The text of a key, empty where it is left out.
    func text(_ key: String) throws(DatasetError) -> String { try readers[key]?.text() ?? "" }

    /// Refuses keys that say nothing where they are.
    func refuse(_ keys: [String], beside other: String) throws(DatasetError) {
        for key in keys {
            if let reader = readers[key] { throw reader.fault("does not go with \(other)") }
        }
    }
}
