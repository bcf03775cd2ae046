import Ground
package import Tensor

/// The IDX format of MNIST and its kin: a big-endian head that gives type and sizes, then the elements.
///
/// Bytes 0 and 1 are zero, byte 2 is the element type, byte 3 the number of axes; then one 32-bit size per
/// axis. Only unsigned bytes are read, which is what images and labels are stored as.
package struct IDXFile {
    private static let unsignedByte: UInt8 = 0x08

    /// The sizes along each axis.
    package let shape: Shape
    /// The path, for errors.
    package var path: String { file.path }
    private let file: InputFile

    /// Whether a file begins as IDX does: two zeros, one of its element types, a number of axes.
    static func isHead(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 4 && bytes[0] == 0 && bytes[1] == 0 && [8, 9, 11, 12, 13, 14].contains(bytes[2])
            && bytes[3] > 0
    }

    /// Opens a file, plain or gzip, and reads its head.
    ///
    /// - Throws: `DatasetError.invalidFile` when the head is not IDX or the sizes do not fit the file's
    ///   length, else as for any file.
    package init(path: String, advice: String? = nil) throws(DatasetError) {
        let file = try InputFile(path: path, advice: advice)
        guard file.byteCount >= 4 else { throw .invalidFile(path: path, reason: "too short to be IDX") }
        let magic = try file.read(byteCount: 4)
        guard magic[0] == 0, magic[1] == 0 else { throw .invalidFile(path: path, reason: "not an IDX file") }
        guard magic[2] == IDXFile.unsignedByte else {
            throw .invalidFile(
                path: path, reason: "IDX of element type \(magic[2]), only 8 (unsigned bytes) is read")
        }
        let rank = Int(magic[3])
        guard rank >= 1, rank <= Shape.rankMaximum else {
            throw .invalidFile(
                path: path, reason: "IDX with \(rank) axes, allowed are 1 to \(Shape.rankMaximum)")
        }
        self.file = file
        self.shape = try IDXFile.shape(of: file, rank: rank)
    }

    private static func shape(of file: InputFile, rank: Int) throws(DatasetError) -> Shape {
        let headByteCount = 4 + 4 * rank
        guard file.byteCount >= headByteCount else {
            throw .invalidFile(path: file.path, reason: "truncated in its IDX head")
        }
        let bytes = try file.read(byteCount: 4 * rank)
        let dimensions = (0..<rank).map { axis in
            bytes[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        let shape: Shape
        do {
            shape = try Shape(dimensions)
        } catch {
            throw .invalidFile(path: file.path, reason: "\(error)")
        }
        let expected = headByteCount + shape.elementCount
        guard file.byteCount == expected else {
            let fault = file.byteCount < expected ? "truncated" : "longer than its head says"
            throw .invalidFile(
                path: file.path,
                reason: "\(fault): \(shape) needs \(expected) bytes, there are \(file.byteCount)")
        }
        return shape
    }

    /// Reads the elements, once, as they are stored.
    ///
    /// - Complexity: O(bytes); holds one chunk besides the result.
    package func elements() throws(DatasetError) -> TensorValue {
        let storage = Storage(byteCount: shape.elementCount)
        var offset = 0
        while offset < shape.elementCount {
            let count = min(DatasetLimits.chunkByteCount, shape.elementCount - offset)
            let chunk = try file.read(byteCount: count)
            storage.write(chunk, atByteOffset: offset)
            offset += count
        }
        return try checked(TensorValue(ValueType(.uint8, shape), storage: storage))
    }

    /// Reads the elements, once, as an array: for labels, which are few.
    ///
    /// - Complexity: O(bytes).
    package func bytes() throws(DatasetError) -> [UInt8] {
        try file.read(byteCount: shape.elementCount)
    }
}

extension Storage {
    /// Writes bytes that the caller has made room for. Only for whoever just made the storage.
    fileprivate func write(_ bytes: [UInt8], atByteOffset start: Int) {
        withMutableBytes { target in
            // By index: without optimisation an iterator costs eight times as much.
            for index in 0..<bytes.count {
                target.storeBytes(of: bytes[index], toByteOffset: start + index, as: UInt8.self)
            }
        }
    }
}
