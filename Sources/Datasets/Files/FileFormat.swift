/// What a file of rows is written in, told by its first bytes.
enum FileFormat {
    case csv
    case npy
    case npz
    case safetensors
    case idx

    private static let textEndings = [".csv", ".tsv", ".txt"]

    /// Looks at a file's bytes, after decompression.
    init(_ bytes: [UInt8]) {
        if bytes.starts(with: NPYFile.magic) {
            self = .npy
        } else if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04])
            || bytes.starts(with: [0x50, 0x4B, 0x05, 0x06])
        {
            self = .npz
        } else if IDXFile.isHead(bytes) {
            self = .idx
        } else if bytes.count >= 9, bytes[8] == UInt8(ascii: "{"), bytes[3..<8].allSatisfy({ $0 == 0 }) {
            self = .safetensors
        } else {
            self = .csv
        }
    }

    /// Refuses files that are known to be none of these, or another than their name says.
    func check(_ bytes: [UInt8], path: String) throws(DatasetError) {
        let name = path.lowercased()
        let isText = FileFormat.textEndings.contains { name.hasSuffix($0) || name.hasSuffix($0 + ".gz") }
        if case .idx = self, isText {
            throw .invalidFile(path: path, reason: "IDX, though its name says that it is text")
        }
        guard case .csv = self else { return }
        if bytes.first == 0 {
            throw .invalidFile(
                path: path, reason: "no text: it begins with a byte of zero; expected CSV in UTF-8")
        }
        if bytes.starts(with: Array("PAR1".utf8)) {
            throw .invalidFile(path: path, reason: "Parquet, which is not read: write it as CSV or NPZ")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw .invalidFile(path: path, reason: "text in UTF-16, expected UTF-8: save it as CSV UTF-8")
        }
        for ending in [".npy", ".npz", ".safetensors", ".xlsx"] where name.hasSuffix(ending) {
            throw .invalidFile(path: path, reason: "not \(ending.dropFirst()), though its name says so")
        }
    }
}
