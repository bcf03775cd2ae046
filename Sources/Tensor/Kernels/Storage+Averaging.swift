import Ground

extension Storage {
    /// Adds float32 elements times a weight to as many sums.
    func addFloats(to sums: inout [Double], weight: Double) {
        precondition(byteCount == sums.count * MemoryLayout<Float>.size, "a sum per element")
        let source = unsafe base.assumingMemoryBound(to: Float.self)
        unsafe sums.withUnsafeMutableBufferPointer { target in
            guard let sum = target.baseAddress else { return }
            let count = target.count
            var i = 0
            while i < count {
                unsafe sum[i] += weight * Double(source[i])
                i &+= 1
            }
        }
    }

    /// Takes sums divided by a number, as float32.
    convenience init(_ sums: [Double], dividedBy divisor: Double) {
        self.init(byteCount: sums.count * MemoryLayout<Float>.size)
        let target = unsafe base.assumingMemoryBound(to: Float.self)
        unsafe sums.withUnsafeBufferPointer { source in
            guard let sum = source.baseAddress else { return }
            let count = source.count
            var i = 0
            while i < count {
                unsafe target[i] = Float(sum[i] / divisor)
                i &+= 1
            }
        }
    }
}
