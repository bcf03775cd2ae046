internal import COneDNN
internal import Ground

extension Kernel {
    /// A convolution or one of its gradients, computed by oneDNN in the layouts it likes best.
    ///
    /// It is not left off once it has begun.
    static func convolution(_ work: ConvolutionWork) -> Kernel {
        let byteCount = work.made.elementCount * MemoryLayout<Float>.size
        guard !work.shapes.isEmpty else {
            return Kernel { $0.output.clear(byteCount: byteCount, $0.flag) }
        }
        let runner = Result { () throws(TensorError) in try ConvolutionRunner(work) }
        return Kernel { (operands) throws(TensorError) in try runner.get().run(operands) }
    }
}

extension ConvolutionWork {
    /// The bytes of layouts that differ from the operands', and what oneDNN needs to work in: where there is something
    /// to multiply.
    var scratchByteCount: Int {
        // What cannot be prepared fails when it runs.
        (try? ConvolutionPlan(self))?.scratchByteCount ?? 0
    }
}

/// Runs one convolution, from any number of threads.
private final class ConvolutionRunner: Sendable {
    private let primitives: [Primitive]
    private let idle = Lock<[PrimitiveBench]>([])

    init(_ work: ConvolutionWork) throws(TensorError) {
        primitives = try ConvolutionPlan(work).primitives()
    }

    func run(_ operands: borrowing Operands) throws(TensorError) {
        let bench: PrimitiveBench
        if let own = idle.withLock({ $0.popLast() }) {
            bench = own
        } else {
            bench = try PrimitiveBench(primitives)
        }
        try bench.run(operands.first, operands.second, operands.output, scratch: operands.others[0])
        idle.withLock { $0.append(bench) }
    }
}

/// How oneDNN computes a convolution: which layouts it wants, and where each lies in the scratch memory.
private struct ConvolutionPlan {
    /// One of the two operands, or what is made: how it lies, and how it is to lie.
    private struct Side {
        let code: Int32
        let own: Layout
        let wanted: Layout
        /// Where it is put into the other layout; none where the layouts are the same.
        let offset: Int?
    }

    private let descriptor: PrimitiveDescriptor
    private let sides: [Side]
    /// What the primitives need to work in lies behind all layouts.
    private let workOffset: Int
    private let reorders: [PrimitiveDescriptor?]
    let scratchByteCount: Int

    init(_ work: ConvolutionWork) throws(TensorError) {
        // How oneDNN cuts its work follows from the threads it finds.
        ComputeThread.prepare()
        descriptor = try work.descriptor()
        var end = 0, sides: [Side] = [], reorders: [PrimitiveDescriptor?] = []
        for (index, role) in work.roles.enumerated() {
            let own = try Layout.rowMajor(role.sizes), wanted = try descriptor.layout(role.query)
            let isSame = wanted.isSame(as: own)
            sides.append(Side(code: role.code, own: own, wanted: wanted, offset: isSame ? nil : end))
            let pair = index == 2 ? (wanted, own) : (own, wanted)
            reorders.append(isSame ? nil : try .reorder(from: pair.0, to: pair.1))
            if !isSame { end += Arena.room(for: wanted.byteCount) }
        }
        workOffset = end
        self.sides = sides
        self.reorders = reorders
        var workByteCount = 0
        for descriptor in reorders + [descriptor] {
            guard let layout = try? descriptor?.layout(dnnl_query_scratchpad_md) else { continue }
            workByteCount = max(workByteCount, layout.byteCount)
        }
        scratchByteCount = end + workByteCount
    }

    /// What runs: operands into other layouts, the convolution, the result back.
    func primitives() throws(TensorError) -> [Primitive] {
        var made: [Primitive] = []
        for index in 0..<2 { if let reorder = try reorder(index) { made.append(reorder) } }
        let arguments = sides.enumerated().map { index, side in
            Primitive.Argument(
                code: side.code, layout: side.wanted,
                place: side.offset.map { .scratch($0) } ?? .operand(index))
        }
        made.append(try primitive(descriptor, arguments))
        if let reorder = try reorder(2) { made.append(reorder) }
        return made
    }

    private func reorder(_ index: Int) throws(TensorError) -> Primitive? {
        guard let reorder = reorders[index], let offset = sides[index].offset else { return nil }
        let side = sides[index], isResult = index == 2
        return try primitive(
            reorder,
            [
                .init(
                    code: DNNL_ARG_FROM, layout: isResult ? side.wanted : side.own,
                    place: isResult ? .scratch(offset) : .operand(index)),
                .init(
                    code: DNNL_ARG_TO, layout: isResult ? side.own : side.wanted,
                    place: isResult ? .operand(index) : .scratch(offset)),
            ])
    }

    private func primitive(
        _ descriptor: PrimitiveDescriptor, _ arguments: [Primitive.Argument]
    ) throws(TensorError) -> Primitive {
        let scratch = try descriptor.layout(dnnl_query_scratchpad_md)
        let work = Primitive.Argument(
            code: DNNL_ARG_SCRATCHPAD, layout: scratch, place: .scratch(workOffset))
        return try Primitive(descriptor, arguments + (scratch.byteCount > 0 ? [work] : []))
    }
}

extension ConvolutionWork {
    /// The part an operand or the result plays for oneDNN.
    fileprivate struct Role {
        let code: Int32
        let query: dnnl_query_t
        let sizes: [Int]
    }

    /// The two operands, then what is made.
    fileprivate var roles: [Role] {
        let isX = side == .x, isWeight = side == .weight
        let x = Role(
            code: isX ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC,
            query: isX ? dnnl_query_diff_src_md : dnnl_query_src_md, sizes: shapes.x.dimensions)
        let weight = Role(
            code: isWeight ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS,
            query: isWeight ? dnnl_query_diff_weights_md : dnnl_query_weights_md, sizes: weightSizes)
        let output = Role(
            code: side == .output ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST,
            query: side == .output ? dnnl_query_dst_md : dnnl_query_diff_dst_md,
            sizes: shapes.output.dimensions)
        return switch side {
        case .output: [x, weight, output]
        case .x: [output, weight, x]
        case .weight: [x, output, weight]
        }
    }

    /// The sizes of the weight as oneDNN takes them: with groups, these are an axis of their own.
    private var weightSizes: [Int] {
        let sizes = shapes.weight.dimensions, groups = convolution.groups
        return groups == 1 ? sizes : [groups, sizes[0] / groups] + sizes.dropFirst()
    }

    /// What oneDNN would do.
    fileprivate func descriptor() throws(TensorError) -> PrimitiveDescriptor {
        let forward = try unsafe primitive("convolution", after: nil) { made, x, weight, output in
            unsafe dnnl_dilated_convolution_forward_desc_init(
                &made, dnnl_forward_training, dnnl_convolution_direct, x, weight, nil, output, strides,
                dilations, padding, padding)
        }
        switch side {
        case .output:
            return forward
        case .x:
            return try unsafe primitive("gradient of x of convolution", after: forward) {
                made, x, weight, output in
                unsafe dnnl_dilated_convolution_backward_data_desc_init(
                    &made, dnnl_convolution_direct, x, weight, output, strides, dilations, padding, padding)
            }
        case .weight:
            return try unsafe primitive("gradient of weight of convolution", after: forward) {
                made, x, weight, output in
                unsafe dnnl_dilated_convolution_backward_weights_desc_init(
                    &made, dnnl_convolution_direct, x, weight, nil, output, strides, dilations, padding,
                    padding)
            }
        }
    }

    private var strides: [dnnl_dim_t] { convolution.strides.map { dnnl_dim_t($0) } }
    private var dilations: [dnnl_dim_t] { convolution.dilations.map { dnnl_dim_t($0 - 1) } }
    private var padding: [dnnl_dim_t] { convolution.padding.map { dnnl_dim_t($0) } }

    private typealias LayoutPointer = UnsafePointer<dnnl_memory_desc_t>

    private func primitive(
        _ name: String, after forward: PrimitiveDescriptor?,
        _ describe: (inout dnnl_convolution_desc_t, LayoutPointer, LayoutPointer, LayoutPointer) ->
            dnnl_status_t
    ) throws(TensorError) -> PrimitiveDescriptor {
        let x = try Layout.any(shapes.x.dimensions), weight = try Layout.any(weightSizes)
        let output = try Layout.any(shapes.output.dimensions)
        var description = dnnl_convolution_desc_t()
        try OneDNN.check(name) {
            unsafe withUnsafePointer(to: x.descriptor) { x in
                unsafe withUnsafePointer(to: weight.descriptor) { weight in
                    unsafe withUnsafePointer(to: output.descriptor) { output in
                        unsafe describe(&description, x, weight, output)
                    }
                }
            }
        }
        return try unsafe PrimitiveDescriptor(name) { made, attributes in
            unsafe dnnl_primitive_desc_create(&made, &description, attributes, OneDNN.engine, forward?.hint)
        }
    }
}
