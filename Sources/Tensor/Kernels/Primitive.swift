internal import COneDNN

/// What a primitive of oneDNN would do, before it is made: which layouts it wants, and how much room.
@safe final class PrimitiveDescriptor {
    fileprivate let pointer: dnnl_primitive_desc_t
    private let name: String

    /// Asks oneDNN for one.
    ///
    /// - Parameter make: makes it with attributes that leave the memory to work in to whoever runs it.
    /// - Throws: `TensorError.valueMismatch` where oneDNN cannot do it.
    init(
        _ name: String, _ make: (inout dnnl_primitive_desc_t?, dnnl_primitive_attr_t?) -> dnnl_status_t
    ) throws(TensorError) {
        var attributes: dnnl_primitive_attr_t?
        try OneDNN.check("attributes") { unsafe dnnl_primitive_attr_create(&attributes) }
        defer { unsafe dnnl_primitive_attr_destroy(attributes) }
        try OneDNN.check("scratchpad") {
            unsafe dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user)
        }
        var made: dnnl_primitive_desc_t?
        try OneDNN.check(name) { unsafe make(&made, attributes) }
        guard let made = unsafe made else {
            throw .valueMismatch(name: "oneDNN, \(name)", expected: "a primitive", got: "none")
        }
        unsafe pointer = made
        self.name = name
    }

    deinit { unsafe dnnl_primitive_desc_destroy(pointer) }

    /// What asks for the gradient of this.
    var hint: const_dnnl_primitive_desc_t { unsafe pointer }

    /// The layout an argument is to have.
    ///
    /// - Throws: `TensorError.valueMismatch` where there is no such argument.
    func layout(_ query: dnnl_query_t) throws(TensorError) -> Layout {
        guard let found = unsafe dnnl_primitive_desc_query_md(pointer, query, 0) else {
            throw .valueMismatch(name: "oneDNN, \(name)", expected: "a layout", got: "none")
        }
        return unsafe Layout(copying: found)
    }

    /// Copies elements from one layout to another.
    static func reorder(from source: Layout, to target: Layout) throws(TensorError) -> PrimitiveDescriptor {
        try unsafe PrimitiveDescriptor("reorder") { made, attributes in
            unsafe withUnsafePointer(to: source.descriptor) { from in
                unsafe withUnsafePointer(to: target.descriptor) { to in
                    unsafe dnnl_reorder_primitive_desc_create(
                        &made, from, OneDNN.engine, to, OneDNN.engine, attributes)
                }
            }
        }
    }
}

/// A primitive, ready to run: what it does and where its arguments lie.
///
/// Proof of `@unchecked`: nothing changes once it is made, and with memory of the caller to work in oneDNN runs one
/// primitive from any number of threads at once.
@safe final class Primitive: @unchecked Sendable {
    /// Where an argument lies.
    enum Place: Sendable {
        /// The operand of that number.
        case operand(Int)
        /// In scratch memory, from an offset.
        case scratch(Int)
    }

    struct Argument {
        let code: Int32
        let layout: Layout
        let place: Place
    }

    fileprivate let pointer: dnnl_primitive_t
    fileprivate let arguments: [Argument]
    /// Of each argument; apart from the layouts, which are large and of no use to a run.
    fileprivate let places: [Place]

    /// Makes it: machine code, the first time such a one is made in a process.
    ///
    /// - Throws: `TensorError.valueMismatch`.
    init(_ descriptor: PrimitiveDescriptor, _ arguments: [Argument]) throws(TensorError) {
        var made: dnnl_primitive_t?
        try OneDNN.check("primitive") { unsafe dnnl_primitive_create(&made, descriptor.pointer) }
        guard let made = unsafe made else {
            throw .valueMismatch(name: "oneDNN", expected: "a primitive", got: "none")
        }
        unsafe pointer = made
        self.arguments = arguments
        places = arguments.map(\.place)
    }

    deinit { unsafe dnnl_primitive_destroy(pointer) }
}

/// What one thread at a time needs to run primitives one after another.
///
/// Proof of `@unchecked`: whoever has it is the only one, see `ConvolutionRunner`.
@safe final class PrimitiveBench: @unchecked Sendable {
    private let primitives: [Primitive]
    private let bound: UnsafeMutablePointer<dnnl_exec_arg_t>
    private let boundCount: Int
    private let stream: dnnl_stream_t?

    /// Makes memory objects for all arguments.
    ///
    /// - Throws: `TensorError.valueMismatch` for want of memory.
    init(_ primitives: [Primitive]) throws(TensorError) {
        self.primitives = primitives
        let arguments = primitives.flatMap(\.arguments)
        var stream: dnnl_stream_t?
        let streamStatus = unsafe dnnl_stream_create(
            &stream, OneDNN.engine, UInt32(dnnl_stream_default_flags.rawValue))
        var failure = streamStatus == dnnl_success ? nil : streamStatus
        unsafe bound = .allocate(capacity: max(1, arguments.count))
        for (index, argument) in arguments.enumerated() {
            var memory: dnnl_memory_t?
            let status = unsafe withUnsafePointer(to: argument.layout.descriptor) {
                unsafe dnnl_memory_create(&memory, $0, OneDNN.engine, nil)
            }
            if status != dnnl_success { failure = status }
            unsafe (bound + index).initialize(to: dnnl_exec_arg_t(arg: argument.code, memory: memory))
        }
        unsafe self.stream = stream
        boundCount = arguments.count
        if let failure {
            throw .valueMismatch(
                name: "oneDNN, memory", expected: "success", got: "status \(failure.rawValue)")
        }
    }

    deinit {
        for index in 0..<boundCount { unsafe dnnl_memory_destroy(bound[index].memory) }
        unsafe bound.deallocate()
        unsafe dnnl_stream_destroy(stream)
    }

    /// Runs all primitives in order; three operands, the last of which is written.
    ///
    /// - Throws: `TensorError.valueMismatch` where oneDNN fails.
    func run(
        _ first: Memory, _ second: Memory, _ output: Memory, scratch: Memory
    ) throws(TensorError) {
        var start = 0
        for primitive in primitives {
            let count = primitive.places.count
            for index in 0..<count {
                let handle =
                    switch primitive.places[index] {
                    case .operand(0): unsafe first.base
                    case .operand(1): unsafe second.base
                    case .operand: unsafe output.base
                    case .scratch(let offset): unsafe scratch.base + offset
                    }
                try OneDNN.check("memory") {
                    unsafe dnnl_memory_set_data_handle(bound[start + index].memory, handle)
                }
            }
            try OneDNN.check("execution") {
                unsafe dnnl_primitive_execute(primitive.pointer, stream, Int32(count), bound + start)
            }
            start += count
        }
        try OneDNN.check("wait") { unsafe dnnl_stream_wait(stream) }
    }
}
