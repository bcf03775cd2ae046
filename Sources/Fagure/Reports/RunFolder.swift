import Foundation
import Ground
public import Tensor

/// The folder a run leaves its results in: `history.jsonl`, a line for each round and a last one, and
/// `model.safetensors`.
///
/// Nothing in it is touched before the run begins: one that never does leaves the one before it as it was.
/// Nothing is written through a symbolic link, nor to a pipe or a device.
public final class RunFolder: Sendable {
    /// The folder.
    public let path: String
    /// The open history, once there is a line in it.
    private let history = Lock<History?>(nil)

    /// A descriptor that is closed with its last owner.
    private final class History: Sendable {
        let file: FileHandle
        init(_ descriptor: Int32) { file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true) }
        var descriptor: Int32 { file.fileDescriptor }
    }

    /// Makes the folder where it is missing, and looks whether it may be written to.
    ///
    /// - Parameter overwrites: Whether a run that is there may be replaced.
    /// - Throws: `TensorError.invalidFile` naming what could not be made, or what is there.
    public init(_ path: String, overwrites: Bool = false) throws(TensorError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .invalidFile(path: path, reason: "cannot be made: \(error.localizedDescription)")
        }
        var found: [String] = []
        for file in [historyPath, modelPath] where try RunFolder.isThere(file) {
            found.append(URL(fileURLWithPath: file).lastPathComponent)
        }
        guard found.isEmpty || overwrites else {
            throw .invalidFile(
                path: path,
                reason: "holds a run already (\(found.joined(separator: " and "))): name another folder, "
                    + "or allow it to be replaced with --overwrite")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw .invalidFile(path: path, reason: "cannot be written: Permission denied")
        }
    }

    /// Where the history goes.
    public var historyPath: String { file("history.jsonl") }

    /// Where the model goes.
    public var modelPath: String { file("model.safetensors") }

    private func file(_ name: String) -> String {
        URL(fileURLWithPath: path).appendingPathComponent(name).path
    }

    /// Adds an event to the history, if it belongs there; it is on its way to the disk when this returns.
    ///
    /// The first one replaces a run that is there. The end of a run that never began is none: it would stand in the
    /// way of the next.
    ///
    /// - Throws: `TensorError.invalidFile` where the disk does not take it; what follows may be written again.
    public func write(_ event: RunEvent) throws(TensorError) {
        guard let json = event.json else { return }
        do throws(FileError) {
            let open = try history.withLock { history throws(FileError) -> History? in
                if history == nil, !event.isEnd { history = try begin() }
                return history
            }
            guard let history = open else { return }
            do throws(SystemError) {
                try Descriptor.append(Array("\(json)\n".utf8), to: history.descriptor)
            } catch {
                throw FileError(path: historyPath, reason: "cannot be written: \(error)")
            }
        } catch {
            throw .invalidFile(path: error.path, reason: error.reason)
        }
    }

    /// Begins a history in place of the one that is there, and takes its model away: what is in the folder is of
    /// one run.
    private func begin() throws(FileError) -> History {
        if try File.isThere(modelPath) { try File.remove(modelPath) }
        if try File.isThere(historyPath) { try File.write([], to: historyPath) }
        return History(try File.openToAppend(historyPath))
    }

    /// Writes the model: whole or not at all.
    ///
    /// - Throws: `TensorError.invalidFile`.
    public func write(_ model: TrainedModel) throws(TensorError) {
        try model.file.write(to: modelPath)
    }

    private static func isThere(_ path: String) throws(TensorError) -> Bool {
        do {
            return try File.isThere(path)
        } catch {
            throw .invalidFile(path: error.path, reason: error.reason)
        }
    }
}

extension RunEvent {
    fileprivate var isEnd: Bool { if case .done = self { true } else { false } }
}
