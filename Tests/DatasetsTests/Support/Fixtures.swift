/// Paths of files the tests read.
enum Fixtures {
    /// `Tests/Fixtures/data`, found from this file's own place.
    static let folder = "\(root)/data"

    /// `Tests/Fixtures`, found from this file's own place.
    private static let root: String = {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(tests)/Fixtures"
    }()

    /// A case from the field.
    static func fieldCase(_ name: String) -> String { "\(root)/cases/\(name)" }

    /// An array that NumPy wrote.
    static func array(_ name: String) -> String { "\(root)/arrays/\(name)" }
}
