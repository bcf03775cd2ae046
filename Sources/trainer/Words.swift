import Console

/// Words that are no setting; the text says which, what was expected and what came.
struct SettingFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Looks settings up under their two names: the flag, else its twin in the environment.
struct Words {
    func value(_ flag: String?, _ name: String) -> String? { flag ?? Flag.environment(name) }

    func isSet(_ flag: Bool, _ name: String) throws -> Bool {
        guard !flag, let text = Flag.environment(name) else { return flag }
        switch text.lowercased() {
        case "1", "true", "yes": return true
        case "0", "false", "no": return false
        default: throw SettingFault("\(Flag.variable(name)) is '\(text)', expected 1 or 0")
        }
    }

    func integer(_ flag: String?, _ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = value(flag, name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let (low, high) = (range.lowerBound, range.upperBound)
            throw SettingFault("--\(name) is '\(text)', expected a whole number from \(low) to \(high)")
        }
        return number
    }

    func seed(_ flag: String?, _ name: String) throws -> UInt64? {
        guard let text = value(flag, name) else { return nil }
        guard let number = UInt64(text) else {
            throw SettingFault("--\(name) is '\(text)', expected a whole number from 0 to \(UInt64.max)")
        }
        return number
    }

    func number(_ flag: String?, _ name: String, below limit: Float = .infinity) throws -> Float? {
        guard let text = value(flag, name) else { return nil }
        guard let number = Float(text), number >= 0, number < limit else {
            let bound = limit.isFinite ? " to below \(limit)" : ""
            throw SettingFault("--\(name) is '\(text)', expected a number from 0\(bound)")
        }
        return number
    }

    func widths(_ flag: String?, _ name: String) throws -> [Int]? {
        guard let text = value(flag, name) else { return nil }
        let widths = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard widths.allSatisfy({ $0.map { (1...1_000_000).contains($0) } ?? false }) else {
            throw SettingFault("--\(name) is '\(text)', expected widths such as 200,200")
        }
        return widths.compactMap(\.self)
    }
}
