#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An error number of the system.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The number.
    package let number: Int32

    /// Wraps a number.
    package init(_ number: Int32) { self.number = number }

    /// What the system calls it, such as `No space left on device`.
    package var description: String {
        unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }

    /// The reader of a pipe has left.
    package static let closedPipe = SystemError(EPIPE)
    /// There is no such descriptor.
    package static let noDescriptor = SystemError(EBADF)

    /// Whether whatever is behind the descriptor is gone for good: a full disk may have room again later, a reader
    /// that has left or a terminal that was closed does not come back.
    package var isFinal: Bool { [EPIPE, EBADF, EIO, ENXIO, EINVAL].contains(number) }
}

/// What the system does with open descriptors.
package enum Descriptor {
    /// Writes all bytes, however often it takes; waits where a descriptor that does not block has no room.
    ///
    /// - Throws: `SystemError`; part of the bytes may then be written.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
        let number = unsafe bytes.withUnsafeBytes { buffer in
            var count = 0
            while count < buffer.count {
                let wrote = unsafe writeSome(
                    descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
                if wrote > 0 {
                    count += wrote
                } else if wrote == 0 {
                    return EIO
                } else if errno == EAGAIN || errno == EWOULDBLOCK {
                    awaitRoom(descriptor)
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
        guard number == 0 else { throw SystemError(number) }
    }

    /// Adds all bytes to the end of a regular file, or none: half a line would spoil the next one.
    package static func append(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
        var information = stat()
        let isKnown = unsafe fstat(descriptor, &information) == 0
        do throws(SystemError) {
            try write(bytes, to: descriptor)
        } catch {
            if isKnown { _ = ftruncate(descriptor, information.st_size) }
            throw error
        }
    }

    /// Whether a terminal is behind a descriptor.
    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// How many characters fit a line of the terminal behind a descriptor, as it is now; `nil` where there is
    /// none, or it does not say.
    package static func columns(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Opens the null device wherever one of the three standard descriptors is closed: the next file or socket
    /// would get its number, and what is printed would go there.
    ///
    /// - Returns: The descriptors that were closed.
    package static func fillStandardGaps() -> Set<Int32> {
        var closed: Set<Int32> = []
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            closed.insert(descriptor)
            // The lowest free number is taken, and those below are open by now.
            _ = unsafe open("/dev/null", O_RDWR)
        }
        return closed
    }

    private static func awaitRoom(_ descriptor: Int32) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, -1)
    }
}

// Outside the type, where `write` is the C library's.

private func writeSome(_ descriptor: Int32, _ source: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, source, count)
}
