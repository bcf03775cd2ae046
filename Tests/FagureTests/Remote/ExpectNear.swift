import TestSupport
import Testing

/// Records an issue unless all numbers are as they should be, to 2e-5 relatively and 1e-6.
func expectNear(
    _ got: [Float], _ expected: [Float], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    for difference in differences(got, expected) {
        Issue.record("\(what): \(difference)", sourceLocation: sourceLocation)
    }
}
