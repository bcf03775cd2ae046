import Console
import Fagure
import Ground
import Logging
import Tensor

/// Where a run's events go: a bar on a terminal, plain lines elsewhere, JSON lines where asked for, and the
/// run's folder, whatever becomes of the others.
final class RunOutput: Sendable {
    private struct State {
        var bar: ProgressBar?
        /// Files of the folder that lack something.
        var lacking: Set<String> = []
    }

    private let isJSON: Bool
    private let isQuiet: Bool
    private let folder: RunFolder?
    private let logger: Logger
    private let state: Lock<State>
    private let start = ContinuousClock.now
    private let stream = StandardStream.output

    /// Makes the folder, if there is to be one.
    ///
    /// - Throws: `TensorError.invalidFile` where it cannot be written to, or holds a run already.
    init(_ settings: TrainSettings) throws(TensorError) {
        isJSON = settings.isJSON
        isQuiet = settings.isQuiet
        folder =
            if let path = settings.output {
                try RunFolder(path, overwrites: settings.overwrites)
            } else {
                nil
            }
        logger = ConsoleLog.logger("trainer", level: isQuiet ? .warning : .info)
        let isDrawn = StandardStream.output.canRedraw && !isJSON && !isQuiet
        state = Lock(State(bar: isDrawn ? ProgressBar(epochs: settings.configuration.epochs) : nil))
    }

    /// Says something that is no event of the run.
    func notice(_ text: String) {
        take(.waiting(text))
    }

    /// Takes an event.
    func take(_ event: RunEvent) {
        keep("history.jsonl") { folder throws(TensorError) in try folder.write(event) }
        if draw({ $0.write(event, at: $1, columns: $2) }) { return }
        if isJSON, let json = event.json { return stream.write("\(json)\n") }
        guard let text = event.text else { return }
        if event.isResult, !isJSON {
            if case .epoch = event, isQuiet { return }
            stream.line(text)
        } else if event.isWarning {
            logger.warning("\(text)")
        } else {
            logger.info("\(text)")
        }
    }

    /// Writes the model and the last line, which names the model's file only if it is there.
    ///
    /// - Returns: Whether the folder lacks something, which was said.
    func finish(_ outcome: RunOutcome) -> Bool {
        var summary = outcome.summary
        if let model = outcome.model, let folder {
            let isWritten = keep("model.safetensors") { folder throws(TensorError) in try folder.write(model)
            }
            if isWritten { summary.modelPath = folder.modelPath }
        }
        take(.done(summary))
        let lacking = state.withLock { $0.lacking }
        guard let folder, !lacking.isEmpty else { return false }
        close()
        Program.complain(
            "trainer",
            "\(folder.path) lacks results: \(lacking.sorted().joined(separator: " and ")) "
                + "could not be written as it should")
        return true
    }

    /// Takes the bar away; what comes later is plain lines.
    func close() {
        _ = draw { bar, _, columns in bar.end(columns: columns) }
        state.withLock { $0.bar = nil }
    }

    /// Does something with the folder: a full disk costs what it did not take, and neither the run nor what comes
    /// later.
    @discardableResult
    private func keep(_ file: String, _ body: (RunFolder) throws(TensorError) -> Void) -> Bool {
        guard let folder else { return true }
        do throws(TensorError) {
            try body(folder)
            return true
        } catch {
            let isFirst = state.withLock { $0.lacking.insert(file).inserted }
            if isFirst, !draw({ $0.write(line: "\(error)", at: $1, columns: $2) }) {
                logger.error("\(error)")
            }
            return false
        }
    }

    /// Draws on the bar, if there is one; in order, for what is drawn depends on what was.
    private func draw(_ body: (inout ProgressBar, Double, Int?) -> String) -> Bool {
        state.withLock { state in
            guard var bar = state.bar else { return false }
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            stream.write(body(&bar, Double(seconds) + Double(attoseconds) * 1e-18, stream.columns))
            state.bar = bar
            return true
        }
    }
}
