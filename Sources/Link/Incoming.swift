package import Ground
package import Protocol

/// A record as it came, all of it: its tensors copied once into aligned memory.
package struct Incoming: Sendable {
    /// The header.
    package let header: Header
    /// The body; empty where the command has none.
    package let body: [UInt8]
    /// The inline bytes, if there were any, and what was attached.
    package let frames: [Storage]

    /// Puts a record together.
    package init(header: Header, body: [UInt8] = [], frames: [Storage] = []) {
        self.header = header
        self.body = body
        self.frames = frames
    }
}
