import Foundation
import Ground
import Tensor

/// Named arrays of a file, or of a file and its neighbour with the labels.
struct ArrayFile {
    /// The file, for errors.
    let path: String
    /// The arrays by their names; one alone, without a name, is `x`.
    private let arrays: [String: ArrayData]

    /// Reads NPY, NPZ, safetensors or IDX.
    init(_ bytes: [UInt8], _ input: InputFile, _ file: DataFile, format: FileFormat) throws(DatasetError) {
        self.path = file.path
        switch format {
        case .npz: self.arrays = try ArrayFile.members(bytes, input)
        case .safetensors: self.arrays = try ArrayFile.tensors(bytes, path: file.path)
        case .npy, .idx:
            var arrays = ["x": try ArrayFile.single(bytes, path: file.path, format: format)]
            if let labels = ArrayFile.neighbour(of: file, format: format) {
                let input = try InputFile(path: labels)
                let bytes = try input.read(byteCount: input.byteCount)
                arrays["y"] = try ArrayFile.single(bytes, path: labels, format: FileFormat(bytes))
            }
            self.arrays = arrays
        case .csv: throw .invalidFile(path: file.path, reason: "not a file of arrays")
        }
    }

    /// The array of a feature: by its name, or `x` where it is the only one.
    func feature(_ name: String, isOnly: Bool) -> ArrayData? { arrays[name] ?? (isOnly ? arrays["x"] : nil) }

    /// The array of the label: by its name, or `y`.
    func label(_ name: String) -> ArrayData? { arrays[name] ?? arrays["y"] }

    /// The names of the arrays there are.
    var names: [String] { arrays.keys.sorted() }

    private static func single(
        _ bytes: [UInt8], path: String, format: FileFormat
    ) throws(DatasetError) -> ArrayData {
        switch format {
        case .npy: return try NPYFile(bytes, path: path).array
        case .idx:
            let file = try IDXFile(path: path)
            return ArrayData(shape: file.shape, elements: .bytes(try file.bytes()))
        case .csv, .npz, .safetensors:
            throw .invalidFile(path: path, reason: "expected one array, NPY or IDX")
        }
    }

    private static func members(_ bytes: [UInt8], _ input: InputFile) throws(DatasetError) -> [String:
        ArrayData]
    {
        var arrays: [String: ArrayData] = [:]
        var total = 0
        for member in try ZipArchive(bytes, path: input.path).members where member.name.hasSuffix(".npy") {
            // Counted before it is unpacked: many small members can be one large file.
            total += member.byteCount
            guard total <= DatasetLimits.fileByteCountMaximum else {
                throw .fileTooLarge(path: input.path, limit: DatasetLimits.fileByteCountMaximum)
            }
            let name = String(member.name.dropLast(".npy".count))
            let path = "\(input.path)(\(shortened(member.name)))"
            let array = try NPYFile(try input.member(member), path: path).array
            guard arrays.updateValue(array, forKey: name) == nil else {
                throw .invalidFile(path: input.path, reason: "two arrays are called \(quoted(name))")
            }
        }
        return arrays
    }

    private static func tensors(_ bytes: [UInt8], path: String) throws(DatasetError) -> [String: ArrayData] {
        let file: Safetensors
        do {
            file = try Safetensors(decoding: bytes, path: path)
        } catch {
            throw .invalidFile(path: path, reason: "\(error)")
        }
        var arrays: [String: ArrayData] = [:]
        for (name, value) in file.tensors { arrays[name] = try ArrayData(value) }
        return arrays
    }

    /// The file of labels: the one told, else one called like the features' but for `x` or `images`.
    private static func neighbour(of file: DataFile, format: FileFormat) -> String? {
        if let labels = file.labels { return labels }
        let url = URL(fileURLWithPath: file.path)
        let name = url.lastPathComponent
        let swaps = [
            ("images-idx3", "labels-idx1"), ("images", "labels"), ("x.", "y."), ("X.", "y."), ("x_", "y_"),
            ("X_", "y_"),
        ]
        for (from, to) in swaps {
            guard let range = name.range(of: from) else { continue }
            let path = url.deletingLastPathComponent()
                .appendingPathComponent(name.replacingCharacters(in: range, with: to)).path
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        return nil
    }
}
