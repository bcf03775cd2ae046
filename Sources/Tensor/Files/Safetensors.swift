import Ground

/// Named tensors in one file, in the safetensors format that PyTorch, JAX and others read and write.
///
/// The file is an 8-byte little-endian length, a JSON header of that length, and the tensors' bytes one after
/// another. Equal contents give equal bytes: tensors are ordered by element size (largest first, so that each
/// is aligned), then by name, and metadata by key.
public struct Safetensors: Sendable, Hashable {
    /// The longest header read or written: 16 MiB, for a model's file holds the schema of its data set.
    public static let headerByteCountMaximum = 1 << 24
    /// The largest file read: 4 GiB.
    public static let byteCountMaximum = 4 << 30

    /// The tensors by name.
    public var tensors: [String: TensorValue]
    /// What else the file says, such as who wrote it.
    public var metadata: [String: String]

    /// Puts the contents of a file together.
    public init(_ tensors: [String: TensorValue], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// Reads a file.
    ///
    /// - Throws: `TensorError.invalidFile` saying what is wrong with it, and where.
    /// - Complexity: O(bytes).
    public init(contentsOf path: String) throws(TensorError) {
        let bytes: [UInt8]
        do {
            bytes = try File.read(path, byteCountMaximum: Safetensors.byteCountMaximum)
        } catch {
            throw TensorError(error)
        }
        try self.init(decoding: bytes, path: path)
    }

    /// Writes a file: under another name first, then renamed, so that no reader ever sees half of it.
    ///
    /// - Throws: `TensorError.invalidFile` with what the system said, or when the header would be too long.
    /// - Complexity: O(bytes).
    public func write(to path: String) throws(TensorError) {
        let bytes = try encoded(path: path)
        do {
            try File.write(bytes, to: path)
        } catch {
            throw TensorError(error)
        }
    }

    /// The file as bytes.
    ///
    /// - Throws: `TensorError.limitExceeded` when the header would be too long, `.invalidFile` for a tensor
    ///   of the name the format keeps for metadata.
    /// - Complexity: O(bytes).
    public func encoded() throws(TensorError) -> [UInt8] {
        try encoded(path: "safetensors")
    }

    /// Reads a file's bytes.
    ///
    /// - Parameter path: the name errors use.
    /// - Throws: `TensorError.invalidFile` saying what is wrong, and where.
    /// - Complexity: O(bytes).
    public init(decoding bytes: [UInt8], path: String = "safetensors") throws(TensorError) {
        let header = try SafetensorsHeader(bytes, path: path)
        var tensors: [String: TensorValue] = [:]
        for entry in header.entries {
            let start = header.dataStart + entry.range.lowerBound
            let slice = Array(bytes[start..<start + entry.range.count])
            tensors[entry.name] = TensorValue(entry.type, filled: Storage(elements: slice))
        }
        self.init(tensors, metadata: header.metadata)
    }

    private func encoded(path: String) throws(TensorError) -> [UInt8] {
        guard tensors[SafetensorsHeader.metadataKey] == nil else {
            throw .invalidFile(
                path: path, reason: "no tensor can be named '\(SafetensorsHeader.metadataKey)'")
        }
        let ordered = tensors.sorted { left, right in
            let sizes = (left.value.elementType.byteCount, right.value.elementType.byteCount)
            return sizes.0 == sizes.1
                ? left.key.utf8.lexicographicallyPrecedes(right.key.utf8) : sizes.0 > sizes.1
        }
        var header = SafetensorsHeader(metadata: metadata)
        for (name, value) in ordered { header.append(name, value.type) }
        var bytes = try header.encoded()
        bytes.reserveCapacity(bytes.count + header.dataByteCount)
        for (_, value) in ordered { value.storage.append(to: &bytes) }
        return bytes
    }
}

extension TensorError {
    /// What is wrong with a file, as an error of this room.
    init(_ error: FileError) { self = .invalidFile(path: error.path, reason: error.reason) }
}
