import CZlib

/// Messages made shorter, as zlib does it (RFC 1950, 1951).
package enum Deflate {
    /// Why bytes were not restored.
    package enum Fault: Error, Sendable, Hashable {
        /// They are more than allowed.
        case tooLong
        /// They are not what zlib wrote, or not all of it.
        case damaged
    }

    /// The bytes in fewer; `nil` where that does not make them fewer.
    package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard !bytes.isEmpty else { return nil }
        var isShorter = false
        let result = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { target, count in
            unsafe bytes.withUnsafeBytes { source in
                let produced = unsafe fagure_deflate(
                    source.baseAddress, source.count, target.baseAddress, bytes.count)
                isShorter = produced >= 0
                count = isShorter ? Int(produced) : 0
            }
        }
        return isShorter ? result : nil
    }

    /// The bytes they were.
    ///
    /// - Parameter byteCountMaximum: how many they may be.
    /// - Throws: `Fault`.
    /// - Complexity: O(bytes); memory is taken as it is needed, by doubling.
    package static func restore(_ bytes: [UInt8], byteCountMaximum: Int) throws(Fault) -> [UInt8] {
        var capacity = Swift.min(Swift.max(4 * bytes.count, 1 << 10), byteCountMaximum)
        while true {
            let (result, status) = inflate(bytes, capacity: capacity)
            guard status == -1 else {
                guard status >= 0 else { throw .damaged }
                return result
            }
            guard capacity < byteCountMaximum else { throw .tooLong }
            capacity = Swift.min(2 * capacity, byteCountMaximum)
        }
    }

    private static func inflate(_ bytes: [UInt8], capacity: Int) -> ([UInt8], status: Int64) {
        var status: Int64 = -2
        let result = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
            unsafe bytes.withUnsafeBytes { source in
                status = unsafe fagure_inflate(source.baseAddress, source.count, target.baseAddress, capacity)
            }
            count = Swift.max(0, Int(status))
        }
        return (result, status)
    }
}
