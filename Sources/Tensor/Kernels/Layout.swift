internal import COneDNN

/// How the elements of a value lie in memory, as oneDNN says it: float32.
@safe struct Layout {
    var descriptor: dnnl_memory_desc_t

    fileprivate init(_ descriptor: dnnl_memory_desc_t) { self.descriptor = descriptor }

    /// Copies what oneDNN holds.
    init(copying pointer: UnsafePointer<dnnl_memory_desc_t>) { unsafe descriptor = pointer.pointee }

    /// Row-major, as all values of a graph lie.
    static func rowMajor(_ sizes: [Int]) throws(TensorError) -> Layout {
        var strides = [dnnl_dim_t](repeating: 1, count: sizes.count)
        for axis in sizes.indices.dropLast().reversed() {
            strides[axis] = strides[axis + 1] * dnnl_dim_t(sizes[axis + 1])
        }
        var made = dnnl_memory_desc_t()
        let dimensions = sizes.map { dnnl_dim_t($0) }
        try OneDNN.check("memory of \(sizes)") {
            unsafe dnnl_memory_desc_init_by_strides(
                &made, Int32(sizes.count), dimensions, dnnl_f32, strides)
        }
        return Layout(made)
    }

    /// Whichever the primitive likes best.
    static func any(_ sizes: [Int]) throws(TensorError) -> Layout {
        var made = dnnl_memory_desc_t()
        let dimensions = sizes.map { dnnl_dim_t($0) }
        try OneDNN.check("memory of \(sizes)") {
            unsafe dnnl_memory_desc_init_by_tag(
                &made, Int32(sizes.count), dimensions, dnnl_f32, dnnl_format_tag_any)
        }
        return Layout(made)
    }

    /// The bytes it takes.
    var byteCount: Int {
        unsafe withUnsafePointer(to: descriptor) { unsafe Int(dnnl_memory_desc_get_size($0)) }
    }

    /// Whether the elements lie in the same places.
    func isSame(as other: Layout) -> Bool {
        unsafe withUnsafePointer(to: descriptor) { own in
            unsafe withUnsafePointer(to: other.descriptor) { unsafe dnnl_memory_desc_equal(own, $0) != 0 }
        }
    }
}

/// What all primitives share.
enum OneDNN {
    /// Calls something that tells by a status whether it could be done.
    ///
    /// - Throws: `TensorError.valueMismatch` where it could not, for want of memory or of an implementation.
    static func check(_ what: @autoclosure () -> String, _ call: () -> dnnl_status_t) throws(TensorError) {
        let status = call()
        guard status == dnnl_success else {
            throw .valueMismatch(
                name: "oneDNN, \(what())", expected: "success", got: "status \(status.rawValue)")
        }
    }

    /// The processor.
    static var engine: dnnl_engine_t? { unsafe shared.engine }

    private static let shared = Engine()

    /// Proof of `@unchecked`: made once, never changed or destroyed; oneDNN's engines may be used by any thread.
    @safe private final class Engine: @unchecked Sendable {
        let engine: dnnl_engine_t?

        init() {
            var made: dnnl_engine_t?
            let status = unsafe dnnl_engine_create(&made, dnnl_cpu, 0)
            unsafe engine = status == dnnl_success ? made : nil
        }
    }
}
