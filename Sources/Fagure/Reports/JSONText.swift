import Ground

/// A JSON value that is written with its keys in the order given, on one line.
public enum JSONText: Sendable, Hashable {
    /// Nothing.
    case null
    /// A truth.
    case bool(Bool)
    /// A whole number.
    case integer(Int64)
    /// A number; one that is infinite or none is written as `null`.
    case number(Double)
    /// A text.
    case string(String)
    /// Values in order.
    case array([JSONText])
    /// Members in order.
    case object([Member])

    /// A key and its value.
    public struct Member: Sendable, Hashable {
        /// The key.
        public let key: String
        /// The value.
        public let value: JSONText

        /// Puts a member together.
        public init(_ key: String, _ value: JSONText) {
            self.key = key
            self.value = value
        }
    }
}

extension JSONText: CustomStringConvertible {
    /// The text; a number that is infinite or none is `null`, for JSON has no word for it.
    public var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): value.isFinite ? "\(value)" : "null"
        case .string(let text): JSONText.quoted(text)
        case .array(let values): "[\(values.map(\.description).joined(separator: ","))]"
        case .object(let members):
            "{\(members.map { "\(JSONText.quoted($0.key)):\($0.value)" }.joined(separator: ","))}"
        }
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            // JSON lets the rest stand, but a terminal that shows it obeys more than the first 32.
            case _ where VisibleText.isVisible(scalar): quoted.unicodeScalars.append(scalar)
            default: for unit in String(scalar).utf16 { quoted += escape(unit) }
            }
        }
        return quoted + "\""
    }
}
