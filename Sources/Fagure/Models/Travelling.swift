import Protocol
import Tensor

/// Whether a model can travel, asked before its weights are drawn.
enum Travelling {
    /// Requires that all layers, each of so many inputs a unit and so many units, can be sent.
    ///
    /// - Throws: `ModelError.invalid`.
    static func check(layers: [(inputs: Int, units: Int)]) throws(ModelError) {
        var total = 0
        for (inputs, units) in layers {
            let (count, overflow) = inputs.multipliedReportingOverflow(by: units)
            let (byteCount, isTooLarge) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.size)
            let limit = ProtocolLimits.attachmentByteCountMaximum
            guard !overflow, !isTooLarge, byteCount <= limit else {
                throw .invalid(
                    "a layer of \(inputs) inputs and \(units) units is too large to send, a tensor may have "
                        + "\(limit) bytes")
            }
            total = total.addingSaturated(byteCount).addingSaturated(units * MemoryLayout<Float>.size)
        }
        let limit = ProtocolLimits.attachmentByteCountMaximum
        guard total <= limit else {
            throw .invalid(
                "a model of \(total) bytes is too large to send, all its tensors may have \(limit) bytes")
        }
    }
}
