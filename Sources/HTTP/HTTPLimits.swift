/// What a client may take of the server: it serves a few small pages, and whoever wants more is turned away.
package enum HTTPLimits {
    /// Bytes of a request's line and headers.
    package static let headByteCountMaximum = 8 << 10
    /// Connections at once; one more is closed at once.
    package static let connectionsMaximum = 64
    /// How long a connection may last, from its first byte to its last: slow clients must not keep others out.
    package static let connectionSeconds = 10
    /// How long to wait before accepting again when that has failed, as where descriptors have run out.
    package static let pauseSeconds = 1
}
