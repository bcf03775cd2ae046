internal import CZMQ

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Free blocks of frame cells, kept by the thread that freed them.
///
/// A list per thread needs no lock; it is bounded, so a thread that only frees (a loop sending what others
/// built) hands the surplus back to the allocator. The list ends with its thread.
enum MessagePool {
    /// Cells in a block from the pool: room for a routing id, a header and six more frames.
    static let blockCapacity = 8
    /// Blocks a thread keeps: 256 KiB at most.
    static let blockCountMaximum = 512

    /// A free block begins with this, in place of its first cell.
    @unsafe private struct FreeBlock {
        var next: UnsafeMutableRawPointer?
        /// The length of the list from here on.
        var count: Int
    }

    /// The thread's list hangs on this key; nil where the system has none left, then nothing is pooled.
    private static let key: pthread_key_t? = {
        var key = pthread_key_t()
        let result = unsafe pthread_key_create(&key) { head in
            var block: UnsafeMutableRawPointer? = unsafe head
            while let free = unsafe block {
                unsafe block = free.assumingMemoryBound(to: FreeBlock.self).pointee.next
                unsafe free.deallocate()
            }
        }
        return result == 0 ? key : nil
    }()

    /// A block of `capacity` cells, none of them started.
    static func take(capacity: Int) -> UnsafeMutablePointer<zmq_msg_t> {
        if capacity == blockCapacity, let key, let block = unsafe pthread_getspecific(key) {
            _ = unsafe pthread_setspecific(key, block.assumingMemoryBound(to: FreeBlock.self).pointee.next)
            return unsafe block.assumingMemoryBound(to: zmq_msg_t.self)
        }
        let byteCount = capacity * MemoryLayout<zmq_msg_t>.stride
        let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        return unsafe block.assumingMemoryBound(to: zmq_msg_t.self)
    }

    /// Takes back a block whose cells are all closed.
    static func give(_ cells: UnsafeMutablePointer<zmq_msg_t>, capacity: Int) {
        let block = UnsafeMutableRawPointer(cells)
        guard capacity == blockCapacity, let key else { return unsafe block.deallocate() }
        let next = unsafe pthread_getspecific(key)
        let count = unsafe next.map { unsafe $0.assumingMemoryBound(to: FreeBlock.self).pointee.count } ?? 0
        guard count < blockCountMaximum else { return unsafe block.deallocate() }
        unsafe block.assumingMemoryBound(to: FreeBlock.self).initialize(
            to: FreeBlock(next: next, count: count + 1))
        _ = unsafe pthread_setspecific(key, block)
    }
}
