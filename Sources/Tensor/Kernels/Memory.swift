import Ground

/// Where the bytes of one value lie while a plan runs.
///
/// It owns nothing: the `Execution` that made it keeps the arena and every bound value alive, and the plan
/// has checked that no kernel is given memory smaller than the types it was compiled for.
@safe struct Memory {
    let base: UnsafeMutableRawPointer

    /// The bytes of a storage. Written to only when it is an arena.
    init(_ storage: Storage, byteOffset: Int = 0) {
        unsafe base = storage.base + byteOffset
    }

    /// The elements, read and written as one type.
    @inline(__always)
    func elements<Element: BitwiseCopyable>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
        unsafe base.assumingMemoryBound(to: Element.self)
    }

    /// The elements as what arithmetic is done in.
    var floats: UnsafeMutablePointer<Float> {
        @inline(__always) get { unsafe base.assumingMemoryBound(to: Float.self) }
    }

    /// Copies bytes that do not overlap these, for as long as nobody says stop.
    func copy(from source: Memory, byteCount: Int, _ flag: CancelFlag = .never) {
        if byteCount <= Memory.pieceByteCount {
            return unsafe base.copyMemory(from: source.base, byteCount: byteCount)
        }
        for start in stride(from: 0, to: byteCount, by: Memory.pieceByteCount) {
            let count = Swift.min(Memory.pieceByteCount, byteCount - start)
            unsafe (base + start).copyMemory(from: source.base + start, byteCount: count)
            if flag.isSet { return }
        }
    }

    /// Copies bytes from one offset to another; a run of a value that is not too long to be asked nothing meanwhile.
    @inline(__always)
    func copy(from source: Memory, at sourceOffset: Int, to offset: Int, byteCount: Int) {
        unsafe (base + offset).copyMemory(from: source.base + sourceOffset, byteCount: byteCount)
    }

    /// Sets bytes to zero, for as long as nobody says stop.
    func clear(byteCount: Int, _ flag: CancelFlag) {
        for start in stride(from: 0, to: byteCount, by: Memory.pieceByteCount) {
            let count = Swift.min(Memory.pieceByteCount, byteCount - start)
            unsafe (base + start).initializeMemory(as: UInt8.self, repeating: 0, count: count)
            if flag.isSet { return }
        }
    }

    /// The bytes copied between two questions whether to stop: some milliseconds.
    private static let pieceByteCount = 8 << 20

    /// Adds the elements to running sums, as many as there are sums.
    func add(as elementType: ElementType, to sums: inout [Double]) {
        switch elementType {
        case .float32: add(as: Float.self, to: &sums) { Double($0) }
        case .int32: add(as: Int32.self, to: &sums) { Double($0) }
        case .int64: add(as: Int64.self, to: &sums) { Double($0) }
        case .uint8: add(as: UInt8.self, to: &sums) { Double($0) }
        }
    }

    @inline(__always)
    private func add<Element: BitwiseCopyable>(
        as type: Element.Type, to sums: inout [Double], _ convert: (Element) -> Double
    ) {
        let source = unsafe elements(as: type)
        for index in sums.indices { unsafe sums[index] += convert(source[index]) }
    }
}

/// What a kernel works on: where its results go, and the values it reads.
///
/// Operands a kernel does not have repeat another one.
struct Operands {
    /// The first result.
    let output: Memory
    let first: Memory
    let second: Memory
    let third: Memory
    /// The results from the second on, then the inputs from the fourth on.
    let others: OtherMemories.Part
    /// Says when to leave off: a kernel that runs long asks it, and what it has written then is worth nothing.
    var flag = CancelFlag.never
}

/// One operation compiled for concrete shapes: reads its operands, writes its output, allocates nothing, and
/// leaves off soon after its operands' flag is set.
struct Kernel: Sendable {
    /// The work. It fails only on values that no shape rule can refuse, such as a label out of range.
    let run: @Sendable (borrowing Operands) throws(TensorError) -> Void

    init(_ run: @escaping @Sendable (borrowing Operands) throws(TensorError) -> Void) {
        self.run = run
    }
}

extension Storage {
    /// Copies what a plan computed.
    convenience init(copying memory: Memory, byteCount: Int) {
        self.init(unfilled: byteCount)
        unsafe base.copyMemory(from: memory.base, byteCount: byteCount)
    }
}
