#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that cannot be read or written.
package struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file.
    package let path: String
    /// Why, as the end of a sentence that begins with the file.
    package let reason: String

    /// Names a file and what is wrong with it.
    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// Such as `model.safetensors cannot be opened: Permission denied`.
    package var description: String { "\(path) \(reason)" }
}

/// Whole files, read and written through the C library: this target does without Foundation.
package enum File {
    /// Reads a regular file.
    ///
    /// - Throws: `FileError` with what the system said, or when the file is longer than the
    ///   maximum.
    package static func read(_ path: String, byteCountMaximum: Int) throws(FileError) -> [UInt8] {
        let descriptor = try descriptor(of: path)
        defer { close(descriptor) }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else { throw failure(path, "cannot be read") }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw FileError(path: path, reason: "is no regular file")
        }
        let byteCount = Int(information.st_size)
        guard byteCount <= byteCountMaximum else {
            throw FileError(path: path, reason: "has \(byteCount) bytes, the limit is \(byteCountMaximum)")
        }
        var isComplete = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            while count < byteCount {
                let got = unsafe readSome(
                    descriptor, buffer.baseAddress.map { unsafe $0 + count }, byteCount - count)
                if got > 0 { count += got } else if got == 0 || errno != EINTR { break }
            }
            isComplete = count == byteCount
        }
        guard isComplete else { throw failure(path, "cannot be read to its end") }
        return bytes
    }

    /// Opens what a path names for reading, and never waits: a pipe that nobody writes to would else hold us up.
    ///
    /// Whether it is a regular file is for the caller to ask, who also closes the descriptor.
    /// - Throws: `FileError` with what the system said.
    package static func descriptor(of path: String) throws(FileError) -> Int32 {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
        return descriptor
    }

    /// Writes a file under another name in the same folder, waits for the disk, and gives it its name.
    ///
    /// - Throws: `FileError` with what the system said; the old file, if any, is then
    ///   untouched.
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        // Two processes that write the same file must not share the temporary one.
        let temporary = "\(path).\(getpid()).partial"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path, "cannot be created") }
        let isWritten = writeAll(bytes, to: descriptor) && fsync(descriptor) == 0
        let isClosed = close(descriptor) == 0
        guard isWritten, isClosed, unsafe rename(temporary, path) == 0 else {
            let error = failure(path, "cannot be written")
            unsafe unlink(temporary)
            throw error
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        unsafe bytes.withUnsafeBytes { buffer in
            var count = 0
            while count < buffer.count {
                let wrote = unsafe writeSome(
                    descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
                if wrote > 0 { count += wrote } else if wrote == 0 || errno != EINTR { return false }
            }
            return true
        }
    }

    private static func failure(_ path: String, _ what: String) -> FileError {
        let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "unknown error"
        return FileError(path: path, reason: "\(what): \(reason)")
    }
}

// Outside the type, where `read` and `write` are the C library's.

private func readSome(_ descriptor: Int32, _ target: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, target, count)
}

private func writeSome(_ descriptor: Int32, _ source: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, source, count)
}
