import Foundation
import Ground

/// Words that are no setting; the text says which, what was expected and what came.
package struct SettingFault: Error, CustomStringConvertible {
    /// Which word, what was expected and what came.
    package let description: String

    /// Takes the text.
    package init(_ description: String) { self.description = description }
}

extension Words {
    /// A number in decimal notation, such as `0.1` or `1e-3`; `nil` for anything else, hexadecimal among it.
    package static func decimal(_ text: String) -> Float? {
        let isDecimal = text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || "+-.eE".utf8.contains($0) }
        return isDecimal ? Float(text) : nil
    }

    /// Whether a number in decimal notation is 0 as it is written, and not for being too small.
    private static func isZero(_ text: String) -> Bool {
        text.prefix { $0 != "e" && $0 != "E" }.allSatisfy { !("1"..."9").contains($0) }
    }

    /// What somebody typed, in quotation marks, for a message: cut where it is long.
    package static func quoted(_ text: String) -> String {
        "'\(VisibleText.shortened(text, to: quotedLengthMaximum))'"
    }

    private static let quotedLengthMaximum = 100

    /// Arguments in which negative numbers belong to the option before them: the parser takes whatever begins with a
    /// dash for a flag, and says that the option has no value, not that it is out of range.
    package static func joiningNegativeNumbers(_ arguments: [String]) -> [String] {
        var joined: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return joined + arguments[index...] }
            if isNegativeNumber(argument), let option = joined.last, option.hasPrefix("--"),
                !option.contains("=")
            {
                joined[joined.count - 1] = "\(option)=\(argument)"
            } else {
                joined.append(argument)
            }
        }
        return joined
    }

    private static func isNegativeNumber(_ text: String) -> Bool {
        text.hasPrefix("-") && Double(text) != nil
    }
}

/// Looks settings up under their two names: the flag, else its twin in the environment.
package struct Words {
    /// Reads flags and environment.
    package init() {}

    /// One of a few words.
    ///
    /// - Throws: `SettingFault` that names them, for any other.
    package func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ flag: String?, _ name: String
    ) throws -> Choice? {
        guard let text = value(flag, name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingFault("--\(name) is \(Words.quoted(text)), known are \(known)")
        }
        return choice
    }

    /// The words as they are.
    package func value(_ flag: String?, _ name: String) -> String? { flag ?? Flag.environment(name) }

    /// A flag that is there or not; 1 or 0 in the environment.
    package func isSet(_ flag: Bool, _ name: String) throws -> Bool {
        guard !flag, let text = Flag.environment(name) else { return flag }
        switch text.lowercased() {
        case "1", "true", "yes": return true
        case "0", "false", "no": return false
        default: throw SettingFault("\(Flag.variable(name)) is \(Words.quoted(text)), expected 1 or 0")
        }
    }

    /// Names with commas between them.
    package func names(_ flag: String?, _ name: String) -> [String] {
        (value(flag, name) ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// A whole number of a range.
    package func integer(_ flag: String?, _ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = value(flag, name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let (low, high) = (range.lowerBound, range.upperBound)
            throw SettingFault(
                "--\(name) is \(Words.quoted(text)), expected a whole number from \(low) to \(high)")
        }
        return number
    }

    /// A whole number of 64 bits.
    package func seed(_ flag: String?, _ name: String) throws -> UInt64? {
        guard let text = value(flag, name) else { return nil }
        guard let number = UInt64(text) else {
            throw SettingFault(
                "--\(name) is \(Words.quoted(text)), expected a whole number from 0 to \(UInt64.max)")
        }
        return number
    }

    /// A number from 0 to below a limit.
    package func number(_ flag: String?, _ name: String, below limit: Float = .infinity) throws -> Float? {
        guard let text = value(flag, name) else { return nil }
        guard let number = Words.decimal(text), number >= 0, number < limit else {
            let bound = limit.isFinite ? " to below \(limit)" : ""
            throw SettingFault("--\(name) is \(Words.quoted(text)), expected a number from 0\(bound)")
        }
        guard number > 0 || Words.isZero(text) else {
            throw SettingFault(
                "--\(name) is \(Words.quoted(text)), which is too small: expected 0, or a number from "
                    + "\(Float.leastNonzeroMagnitude) on")
        }
        return number
    }

    /// Widths of layers, such as `200,200`.
    package func widths(_ flag: String?, _ name: String) throws -> [Int]? {
        guard let text = value(flag, name) else { return nil }
        let widths = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard widths.allSatisfy({ $0.map { (1...1_000_000).contains($0) } ?? false }) else {
            throw SettingFault("--\(name) is \(Words.quoted(text)), expected widths such as 200,200")
        }
        return widths.compactMap(\.self)
    }

    /// What stands between the cells of CSV: one character, or `tab`.
    package func delimiter(_ flag: String?, _ name: String) throws -> Character? {
        switch value(flag, name) {
        case nil: return nil
        case "tab", "\\t", "\t": return "\t"
        case let text? where text.count == 1: return text.first
        case let text?:
            throw SettingFault("--\(name) is \(Words.quoted(text)), expected one character, or tab")
        }
    }

    /// What stands before the fraction of a number: `.` or `,`.
    package func decimalMark(_ flag: String?, _ name: String) throws -> Character? {
        guard let text = value(flag, name) else { return nil }
        guard text == "." || text == "," else {
            throw SettingFault("--\(name) is \(Words.quoted(text)), expected . or ,")
        }
        return text.first
    }
}
