/// Every maximum of files of keys, each with its reason.
package enum KeyLimits {
    /// Bytes of a key file, a public key or an invitation: half a dozen lines.
    package static let fileByteCountMaximum = 16 << 10
    /// Bytes of the list of peers: some 60,000 of them.
    package static let listByteCountMaximum = 8 << 20
    /// Bytes of a worker's list of trainers.
    package static let trainersByteCountMaximum = 1 << 20
    /// Bytes of a name, as of a worker on the wire.
    package static let nameByteCountMaximum = 256
}
