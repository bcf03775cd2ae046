/// What this software calls itself: to peers, and to whoever asks a program for its version.
package enum Software {
    /// The version; the change log says what is in it.
    package static let version = "0.1.0"
    /// The name and the version, such as `fagure 0.1.0`.
    package static let name = "fagure \(version)"
}
