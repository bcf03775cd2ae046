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
    /// - Parameter isSecret: whether it must belong to whoever runs this process, and to nobody else.
    /// - Throws: `FileError` with what the system said, or when the file is longer than the
    ///   maximum.
    package static func read(
        _ path: String, byteCountMaximum: Int, isSecret: Bool = false
    ) throws(FileError) -> [UInt8] {
        let descriptor = try descriptor(of: path)
        defer { close(descriptor) }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else { throw failure(path, "cannot be read") }
        guard information.st_mode & S_IFMT != S_IFDIR else {
            throw FileError(path: path, reason: "is a folder, expected a file")
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw FileError(path: path, reason: "is no regular file")
        }
        if isSecret {
            try checkSecrecy(of: path, owner: information.st_uid, mode: UInt32(information.st_mode))
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

    /// The lines of a small file whose length the system does not know beforehand, such as one of `/proc`;
    /// `nil` where it cannot be read. What is over the maximum is left out.
    package static func lines(_ path: String, byteCountMaximum: Int) -> [String]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCountMaximum) { buffer, count in
            while count < byteCountMaximum {
                let got = unsafe readSome(
                    descriptor, buffer.baseAddress.map { unsafe $0 + count }, byteCountMaximum - count)
                if got > 0 { count += got } else if got == 0 || errno != EINTR { break }
            }
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
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
    /// What stands under the name must be a regular file, or nothing: a symbolic link is not followed, and a pipe
    /// or a device is not replaced.
    ///
    /// - Parameter mode: who may read and write it; the process's mask takes from it.
    /// - Throws: `FileError` with what the system said; the old file, if any, is then
    ///   untouched.
    package static func write(
        _ bytes: [UInt8], to path: String, mode: UInt32 = 0o644
    ) throws(FileError) {
        _ = try isThere(path)
        let temporary = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 16)).partial"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe open(temporary, flags, mode_t(mode))
        guard descriptor >= 0 else { throw failure(path, "cannot be created") }
        do throws(FileError) {
            let wrote = Result<Void, SystemError> { () throws(SystemError) in
                try Descriptor.write(bytes, to: descriptor)
            }
            let isSynced = fsync(descriptor) == 0
            let isClosed = close(descriptor) == 0
            if case .failure(let error) = wrote { throw failure(path, "cannot be written", error) }
            guard isSynced, isClosed, unsafe rename(temporary, path) == 0 else {
                throw failure(path, "cannot be written")
            }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        syncFolder(of: path)
    }

    /// Opens a file to add to its end, and makes it where it is missing.
    ///
    /// What stands under the name must be a regular file, or nothing, as for `write`.
    ///
    /// - Returns: The descriptor; the caller closes it.
    package static func openToAppend(_ path: String) throws(FileError) -> Int32 {
        _ = try isThere(path)
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let descriptor = unsafe open(path, flags, 0o644)
        guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError(path: path, reason: "is no regular file")
        }
        return descriptor
    }

    /// Whether there is a regular file under a name.
    ///
    /// - Throws: `FileError` where there is something else: a symbolic link, wherever it leads, a folder, a pipe
    ///   or a device.
    package static func isThere(_ path: String) throws(FileError) -> Bool {
        var information = stat()
        guard unsafe lstat(path, &information) == 0 else {
            guard errno == ENOENT else { throw failure(path, "cannot be looked at") }
            return false
        }
        switch information.st_mode & S_IFMT {
        case S_IFREG: return true
        case S_IFLNK: throw FileError(path: path, reason: "is a symbolic link, and is not written through")
        default: throw FileError(path: path, reason: "is no regular file, and is not replaced")
        }
    }

    /// Takes a file away, if it is there.
    package static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure(path, "cannot be removed") }
    }

    /// Waits until a folder's new names are on the disk; where it cannot, the names are as good as without.
    private static func syncFolder(of path: String) {
        let end = path.lastIndex(of: "/")
        let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    private static func failure(
        _ path: String, _ what: String, _ error: SystemError = SystemError(errno)
    ) -> FileError {
        FileError(path: path, reason: "\(what): \(error)")
    }
}

// Outside the type, where `read` is the C library's.

private func readSome(_ descriptor: Int32, _ target: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, target, count)
}
