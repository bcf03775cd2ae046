#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files that are nobody else's business: keys, and lists of who is let in.
extension File {
    /// Refuses a file of somebody else's, or one whose mode lets others at it.
    ///
    /// A symbolic link was followed: what counts is whose the file is that is read.
    static func checkSecrecy(of path: String, owner: UInt32, mode: UInt32) throws(FileError) {
        guard owner == geteuid() else {
            throw FileError(
                path: path,
                reason: "belongs to user \(owner), expected user \(geteuid()), who runs this program")
        }
        guard mode & 0o077 == 0 else {
            let given = String(mode & 0o777, radix: 8)
            throw FileError(
                path: path,
                reason: "is open to others (mode \(given)), expected mode 600: `chmod 600 \(path)`")
        }
    }

    /// Writes a new file that nobody else may read, and waits for the disk.
    ///
    /// - Throws: `FileError` where something stands under the name already; it is left as it is.
    package static func createSecret(_ bytes: [UInt8], at path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let error = SystemError(errno)
            guard error.number != EEXIST else {
                throw FileError(path: path, reason: "is there already, and is not replaced")
            }
            throw FileError(path: path, reason: "cannot be created: \(error)")
        }
        let wrote = Result<Void, SystemError> { () throws(SystemError) in
            try Descriptor.write(bytes, to: descriptor)
            guard fsync(descriptor) == 0 else { throw SystemError(errno) }
        }
        close(descriptor)
        guard case .failure(let error) = wrote else { return }
        unsafe unlink(path)
        throw FileError(path: path, reason: "cannot be written: \(error)")
    }

    /// Makes a folder that nobody else may look into, unless there is a folder.
    package static func makeSecretFolder(_ path: String) throws(FileError) {
        guard unsafe mkdir(path, 0o700) != 0 else { return }
        let error = SystemError(errno)
        var information = stat()
        guard error.number == EEXIST, unsafe stat(path, &information) == 0,
            information.st_mode & S_IFMT == S_IFDIR
        else { throw FileError(path: path, reason: "cannot be made: \(error)") }
    }

    /// What tells one state of a file from another without reading it, whatever the clock does.
    package struct State: Sendable, Hashable {
        private let device: UInt64
        private let number: UInt64
        private let byteCount: Int64
        private let times: [Int]

        fileprivate init(_ information: stat) {
            device = UInt64(truncatingIfNeeded: information.st_dev)
            number = UInt64(truncatingIfNeeded: information.st_ino)
            byteCount = Int64(information.st_size)
            #if canImport(Darwin)
                let (modified, changed) = (information.st_mtimespec, information.st_ctimespec)
            #else
                let (modified, changed) = (information.st_mtim, information.st_ctim)
            #endif
            times = [
                Int(modified.tv_sec), Int(modified.tv_nsec), Int(changed.tv_sec), Int(changed.tv_nsec),
            ]
        }
    }

    /// The state of a file; `nil` where there is none.
    package static func state(of path: String) -> State? {
        var information = stat()
        return unsafe stat(path, &information) == 0 ? State(information) : nil
    }

    /// Keeps others from changing what a file says while `body` reads and writes it.
    ///
    /// The lock is on a file beside it, for writing replaces the file.
    package static func locked<T, E: Error>(
        _ path: String, failure: (FileError) -> E, _ body: () throws(E) -> T
    ) throws(E) -> T {
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe open("\(path).lock", flags, 0o600)
        guard descriptor >= 0 else {
            throw failure(FileError(path: path, reason: "cannot be locked: \(SystemError(errno))"))
        }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw failure(FileError(path: path, reason: "cannot be locked: \(SystemError(errno))"))
            }
        }
        return try body()
    }
}
