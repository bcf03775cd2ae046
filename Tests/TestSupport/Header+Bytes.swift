package import Protocol

extension Header {
    /// A record of the header alone.
    package var bytes: [UInt8] { frame() }
}
