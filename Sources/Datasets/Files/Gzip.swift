import CZlib
import Foundation

/// Decompression of gzip by zlib, from one file to another without a name.
enum Gzip {
    /// The first two bytes of every gzip file.
    static let magic: [UInt8] = [0x1f, 0x8b]

    /// Decompresses a file from where it stands to its end.
    ///
    /// The result stands at its first byte. One or more gzip members follow each other; anything else after
    /// them is corruption.
    ///
    /// - Throws: `DatasetError.invalidFile` when truncated or corrupt; `fileTooLarge`; `unreadableFile`.
    static func decompress(
        _ source: FileHandle, path: String, limit: Int
    ) throws(DatasetError) -> (FileHandle, byteCount: Int) {
        let target = try anonymousFile(path: path)
        let count = Int(fagure_gunzip(source.fileDescriptor, target.fileDescriptor, Int64(limit)))
        guard count >= 0 else { throw failure(code: count, path: path, limit: limit) }
        try InputFile.rewind(target, path: path)
        return (target, count)
    }

    /// Decompresses bytes that are part of this program.
    ///
    /// - Throws: As `decompress(_:path:limit:)`; `name` stands for the path.
    static func decompress(_ bytes: [UInt8], name: String, limit: Int) throws(DatasetError) -> [UInt8] {
        let source = try anonymousFile(path: name)
        do {
            try source.write(contentsOf: Data(bytes))
        } catch {
            throw .unreadableFile(path: name, reason: "no room to decompress it")
        }
        try InputFile.rewind(source, path: name)
        let (target, count) = try decompress(source, path: name, limit: limit)
        do {
            return [UInt8](try target.read(upToCount: count) ?? Data())
        } catch {
            throw .unreadableFile(path: name, reason: "reading failed")
        }
    }

    /// A file without a name, in memory on Linux, for bytes on their way.
    static func anonymousFile(path: String) throws(DatasetError) -> FileHandle {
        let descriptor = fagure_anonymous_file()
        guard descriptor >= 0 else { throw .unreadableFile(path: path, reason: "no room to decompress it") }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private static func failure(code: Int, path: String, limit: Int) -> DatasetError {
        switch code {
        case FAGURE_GUNZIP_TRUNCATED: .invalidFile(path: path, reason: "truncated gzip")
        case FAGURE_GUNZIP_CORRUPT: .invalidFile(path: path, reason: "corrupt gzip")
        case FAGURE_GUNZIP_TOO_LARGE: .fileTooLarge(path: path, limit: limit)
        case FAGURE_GUNZIP_READ_FAILED: .unreadableFile(path: path, reason: "reading failed")
        default: .unreadableFile(path: path, reason: "no room to decompress it")
        }
    }
}
