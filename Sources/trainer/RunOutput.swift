import Console
import Fagure
import Foundation
import Logging
import Synchronization
import Tensor

/// Where a run's events go: a bar on a terminal, plain lines elsewhere, JSON lines where asked for, and the
/// run's folder.
final class RunOutput: Sendable {
    private let isJSON: Bool
    private let isQuiet: Bool
    private let folder: RunFolder?
    private let logger: Logger
    private let bar: Mutex<ProgressBar?>
    /// The first thing the folder did not take.
    private let fault = Mutex<TensorError?>(nil)

    init(_ settings: TrainSettings) throws(TensorError) {
        isJSON = settings.isJSON
        isQuiet = settings.isQuiet
        if let path = settings.output { folder = try RunFolder(path) } else { folder = nil }
        logger = ConsoleLog.logger("trainer", level: isQuiet ? .error : .info)
        let isTerminal = isatty(STDOUT_FILENO) == 1 && !isJSON && !isQuiet
        bar = Mutex(isTerminal ? ProgressBar(epochs: settings.configuration.epochs) : nil)
    }

    /// Says something that is no event of the run.
    func notice(_ text: String) {
        take(.waiting(text))
    }

    /// Takes an event.
    func take(_ event: RunEvent) {
        keep { folder throws(TensorError) in try folder.write(event) }
        if let drawn = bar.withLock({ $0?.write(event) }) { return write(drawn) }
        if isJSON, let json = event.json { return write("\(json)\n") }
        guard let text = event.text else { return }
        if event.isResult, !isJSON {
            if case .epoch = event, isQuiet { return }
            write("\(text)\n")
        } else {
            logger.info("\(text)")
        }
    }

    /// Writes the model and the last line.
    ///
    /// - Throws: what the folder did not take.
    func finish(_ outcome: RunOutcome) throws(TensorError) {
        var summary = outcome.summary
        if let model = outcome.model, let folder {
            keep { folder throws(TensorError) in try folder.write(model) }
            summary.modelPath = folder.modelPath
        }
        take(.done(summary))
        if let end = bar.withLock({ $0?.end() }) { write(end) }
        if let fault = fault.withLock({ $0 }) { throw fault }
    }

    /// Does something with the folder, unless it has failed before: a full disk must not stop a run.
    private func keep(_ body: (RunFolder) throws(TensorError) -> Void) {
        guard let folder, fault.withLock({ $0 == nil }) else { return }
        do throws(TensorError) {
            try body(folder)
        } catch {
            fault.withLock { $0 = error }
            logger.error("\(error)")
        }
    }

    private func write(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}
