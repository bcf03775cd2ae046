import Ground

extension Storage {
    /// Adds float32 elements times a weight, in units, to as many counts; each product is rounded to the nearest whole
    /// number, of two the even one.
    ///
    /// - Precondition: magnitudes times `weight` times `perOne` are below 2⁵¹.
    func addCounts(to counts: inout [Int64], weight: Double, perOne: Double) {
        precondition(byteCount == counts.count * MemoryLayout<Float>.size, "a count per element")
        // Between 2⁵² and 2⁵³ doubles are whole numbers, and consecutive ones have consecutive bits: to add this
        // constant is to round, with operations that every processor has for several numbers at once.
        let magic = 0x1.8p52
        let zero = Int64(bitPattern: magic.bitPattern)
        let source = unsafe base.assumingMemoryBound(to: Float.self)
        unsafe counts.withUnsafeMutableBufferPointer { target in
            guard let count = target.baseAddress else { return }
            let end = target.count
            var i = 0
            while i < end {
                let term = unsafe Double(source[i]) * weight * perOne + magic
                unsafe count[i] &+= Int64(bitPattern: term.bitPattern) &- zero
                i &+= 1
            }
        }
    }
}
