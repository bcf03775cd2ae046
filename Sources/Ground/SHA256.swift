import CCrypto

/// SHA-256 (FIPS 180-4) of bytes in memory, by libcrypto.
///
/// See `docs/decisions/0011-libcrypto-for-digests.md`.
package enum SHA256 {
    /// The number of bytes of a digest.
    package static let byteCount = 32

    /// The digest of some bytes: 32 bytes.
    ///
    /// - Complexity: O(bytes).
    package static func hash(_ bytes: [UInt8]) -> [UInt8] { unsafe hash(bytes.span.bytes) }

    /// The digest of some bytes: 32 bytes.
    ///
    /// - Complexity: O(bytes).
    package static func hash(_ bytes: RawSpan) -> [UInt8] {
        var isDone = false
        let digest = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { target, count in
            unsafe bytes.withUnsafeBytes { source in
                isDone = unsafe fagure_sha256(source.baseAddress, source.count, target.baseAddress) == 1
            }
            count = byteCount
        }
        // Only a libcrypto that was built, or told, to have no SHA-256 comes here: nothing can be known by its
        // hash then, and a wrong one must not pass for right.
        precondition(isDone, "libcrypto has no SHA-256")
        return digest
    }
}
