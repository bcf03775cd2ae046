import Ground

extension Header {
    /// Compresses a control body where that is worth it, and says so.
    package mutating func deflate(_ body: inout [UInt8]) {
        guard command.flags.contains(.bodyIsDeflated), body.count >= ProtocolLimits.deflatedByteCountMinimum,
            let shorter = Deflate.compress(body)
        else { return }
        body = shorter
        flags.insert(.bodyIsDeflated)
    }
}
