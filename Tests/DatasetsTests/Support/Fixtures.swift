/// Paths of files the tests read.
enum Fixtures {
    /// `Tests/Fixtures/data`, found from this file's own place.
    static let folder: String = {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(tests)/Fixtures/data"
    }()
}
