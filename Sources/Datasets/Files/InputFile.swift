import CZlib
import Foundation
import Ground

/// A regular file read from its start to its end, decompressed on the way where it is gzip.
///
/// Gzip is told by its first two bytes, so that `x.gz` and `x` are read by the same code; a name that ends in
/// `.gz` on a file that is not gzip is an error. Decompressed bytes live in a file without a name, in memory
/// on Linux, and are read from there a chunk at a time: nothing is held twice.
struct InputFile {
    /// The path, for errors.
    let path: String
    /// The number of bytes after decompression.
    let byteCount: Int
    private let handle: FileHandle

    /// Opens a file and decompresses it where needed.
    ///
    /// - Throws: `DatasetError.fileNotFound` (with `advice`), `unreadableFile`, `invalidFile` or
    ///   `fileTooLarge`.
    init(
        path: String, advice: String? = nil, byteCountMaximum limit: Int = DatasetLimits.fileByteCountMaximum
    ) throws(DatasetError) {
        let handle = try InputFile.open(path, advice: advice)
        let size = Int(fagure_regular_file_size(handle.fileDescriptor))
        guard size >= 0 else { throw .unreadableFile(path: path, reason: "not a regular file") }
        self.path = path
        if try InputFile.isGzip(handle, path: path) {
            (self.handle, self.byteCount) = try Gzip.decompress(handle, path: path, limit: limit)
        } else {
            guard !path.hasSuffix(".gz") else {
                throw .invalidFile(path: path, reason: "not gzip, though its name says so")
            }
            guard size <= limit else { throw .fileTooLarge(path: path, limit: limit) }
            (self.handle, self.byteCount) = (handle, size)
        }
    }

    /// Reads as many bytes as asked for, or throws.
    ///
    /// - Throws: `DatasetError.invalidFile` when the file ends before.
    func read(byteCount count: Int) throws(DatasetError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let chunkByteCount = min(count - bytes.count, DatasetLimits.chunkByteCount)
            let chunk = try InputFile.read(handle, upTo: chunkByteCount, path: path)
            guard !chunk.isEmpty else { throw .invalidFile(path: path, reason: "ends before it should") }
            bytes.append(contentsOf: chunk)
        }
        return bytes
    }

    private static func open(_ path: String, advice: String?) throws(DatasetError) -> FileHandle {
        do {
            let descriptor = try File.descriptor(of: path)
            return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        } catch {
            guard FileManager.default.fileExists(atPath: path) else {
                throw .fileNotFound(path: path, advice: advice)
            }
            throw .unreadableFile(path: path, reason: error.reason)
        }
    }

    /// Unpacks a member of a ZIP file into memory.
    ///
    /// - Throws: `DatasetError.invalidFile` when truncated, corrupt or of another length than it says.
    func member(_ member: ZipArchive.Member) throws(DatasetError) -> [UInt8] {
        let target = try Gzip.anonymousFile(path: path)
        let (source, offset) = (handle.fileDescriptor, Int64(member.offset))
        let result =
            member.isDeflated
            ? fagure_unpack(
                source, offset, Int64(member.packedByteCount), target.fileDescriptor, Int64(member.byteCount))
            : fagure_copy(source, offset, Int64(member.packedByteCount), target.fileDescriptor)
        guard result.byte_count == Int64(member.byteCount), result.crc == member.crc else {
            throw .invalidFile(path: path, reason: "\(quoted(member.name)) is truncated or corrupt")
        }
        try InputFile.rewind(target, path: path)
        var bytes: [UInt8] = []
        while bytes.count < member.byteCount {
            let chunk = try InputFile.read(target, upTo: DatasetLimits.chunkByteCount, path: path)
            guard !chunk.isEmpty else { throw .invalidFile(path: path, reason: "ends before it should") }
            bytes.append(contentsOf: chunk)
        }
        return bytes
    }

    /// Looks at the first two bytes and goes back to the start.
    private static func isGzip(_ handle: FileHandle, path: String) throws(DatasetError) -> Bool {
        let magic = try read(handle, upTo: 2, path: path)
        try rewind(handle, path: path)
        return magic == Data(Gzip.magic)
    }

    private static func read(
        _ handle: FileHandle, upTo count: Int, path: String
    ) throws(DatasetError) -> Data {
        do {
            return try handle.read(upToCount: count) ?? Data()
        } catch {
            throw .unreadableFile(path: path, reason: "reading failed")
        }
    }

    /// Sets a file back to its first byte.
    static func rewind(_ handle: FileHandle, path: String) throws(DatasetError) {
        do {
            try handle.seek(toOffset: 0)
        } catch {
            throw .unreadableFile(path: path, reason: "cannot be read from its start again")
        }
    }
}
