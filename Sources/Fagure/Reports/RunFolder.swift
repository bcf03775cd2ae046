import Foundation
public import Tensor

/// The folder a run leaves its results in: `history.jsonl`, a line for each round and a last one, and
/// `model.safetensors`.
public struct RunFolder: Sendable {
    /// The folder.
    public let path: String
    private let history: FileHandle

    /// Makes the folder where it is missing and begins a new history.
    ///
    /// - Throws: `TensorError.invalidFile` naming what could not be made.
    public init(_ path: String) throws(TensorError) {
        self.path = path
        let url = URL(fileURLWithPath: path).appendingPathComponent("history.jsonl")
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data().write(to: url)
            history = try FileHandle(forWritingTo: url)
        } catch {
            throw .invalidFile(path: path, reason: "cannot be written: \(error.localizedDescription)")
        }
    }

    /// Where the model goes.
    public var modelPath: String {
        URL(fileURLWithPath: path).appendingPathComponent("model.safetensors").path
    }

    /// Adds an event to the history, if it belongs there; it is on its way to the disk when this returns.
    ///
    /// - Throws: `TensorError.invalidFile` where the disk does not take it.
    public func write(_ event: RunEvent) throws(TensorError) {
        guard let json = event.json else { return }
        do {
            try history.write(contentsOf: Data("\(json)\n".utf8))
        } catch {
            throw .invalidFile(
                path: "\(path)/history.jsonl", reason: "cannot be written: \(error.localizedDescription)")
        }
    }

    /// Writes the model: whole or not at all.
    ///
    /// - Throws: `TensorError.invalidFile`.
    public func write(_ model: TrainedModel) throws(TensorError) {
        try model.file.write(to: modelPath)
    }
}
