internal import CZMQ

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A descriptor one thread waits on and any other makes readable: an `eventfd`, elsewhere a pipe.
struct WakeUp: ~Copyable, Sendable {
    /// The end to wait on.
    let descriptor: Int32
    private let writeDescriptor: Int32

    /// Opens the descriptors.
    init() throws(ZMQError) {
        #if os(Linux)
            let result = Libzmq.retry { fagure_eventfd() }
            descriptor = try ZMQError.check(result, "eventfd")
            writeDescriptor = descriptor
        #else
            var ends: [Int32] = [0, 0]
            try ZMQError.check(unsafe Libzmq.retry { unsafe pipe(&ends) }, "pipe")
            for end in ends {
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            }
            (descriptor, writeDescriptor) = (ends[0], ends[1])
        #endif
    }

    deinit {
        _ = close(descriptor)
        if writeDescriptor != descriptor { _ = close(writeDescriptor) }
    }

    /// Makes the descriptor readable.
    func signal() {
        var one: UInt64 = 1
        // It can fail only for being full, and then it is readable already.
        _ = Libzmq.retry { unsafe write(writeDescriptor, &one, MemoryLayout<UInt64>.size) < 0 ? -1 : 0 }
    }

    /// Makes the descriptor unreadable again.
    func clear() {
        var buffer: UInt64 = 0
        while unsafe read(descriptor, &buffer, MemoryLayout<UInt64>.size) > 0 {
            if writeDescriptor == descriptor { return }
        }
    }

    /// Blocks until the descriptor is readable.
    func wait() {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = Libzmq.retry { unsafe poll(&item, 1, -1) }
    }
}
