/// The memory of what few kernels have: results from the second on, and inputs from the fourth on.
///
/// It has one place for good, so that a run allocates nothing for them.
@safe final class OtherMemories {
    private let places: UnsafeMutablePointer<Memory>

    /// So many places, all the same memory at first.
    init(count: Int, _ memory: Memory) {
        unsafe places = .allocate(capacity: max(1, count))
        unsafe places.initialize(repeating: memory, count: max(1, count))
    }

    deinit { unsafe places.deallocate() }

    /// The memory at a place.
    subscript(index: Int) -> Memory {
        get { unsafe places[index] }
        set { unsafe places[index] = newValue }
    }

    /// The places from one on, for as long as this object lives: whoever runs a kernel keeps it.
    func from(_ index: Int) -> Part { unsafe Part(places: places + index) }

    /// The places that belong to one kernel, as many as its instruction says.
    @safe struct Part {
        fileprivate let places: UnsafeMutablePointer<Memory>

        /// The memory at a place.
        subscript(index: Int) -> Memory { unsafe places[index] }
    }
}
