import ArgumentParser
import Console
import Datasets
import Fagure
import Ground

/// `trainer predict`: what a trained model says of the rows of a file.
struct Predict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Writes what a trained model says of the rows of a file, as CSV.",
        discussion: """
            Columns are found by their names, in whatever order; a label may be among them, and columns the model \
            does not know are passed over. A class is written as row,class,probability:NAME and so on, a number as \
            row,value; rows are counted from 1, those that were left out for a missing value too. It needs neither \
            broker nor workers. Exit codes: 0 done, 64 wrong usage, 65 a model or rows that cannot be read, 74 \
            results that could not be written.
            """)

    @Option(help: "The model: model.safetensors in the --output folder of a run. [FAGURE_MODEL]")
    var model: String?

    @Option(help: "The rows: CSV, NPY, NPZ, safetensors or IDX. [FAGURE_DATA]")
    var data: String?

    @Option(help: "The file to write. By default standard output. [FAGURE_OUTPUT]")
    var output: String?

    @ArgumentParser.Flag(help: "Replace --output where it is there. [FAGURE_OVERWRITE]")
    var overwrite = false

    @Option(
        help:
            "What stands between the cells of CSV: ',', ';' or tab. By default found out. [FAGURE_DELIMITER]")
    var delimiter: String?

    @Option(
        help:
            "What stands before the fraction of numbers in CSV: '.' or ','. By default found out. [FAGURE_DECIMAL]"
    )
    var decimal: String?

    func run() async throws {
        let settings: PredictSettings
        do {
            settings = try PredictSettings(self)
        } catch {
            throw ValidationError("\(error)")
        }
        try checkOutput(settings)
        let predictions: Predictions, rows: FileTable
        do throws(ModelError) {
            let model = try TrainedModel(contentsOf: settings.model)
            (predictions, rows) = try model.predict(contentsOf: settings.file)
        } catch {
            Program.complain("trainer", "\(error)")
            throw ExitCode(ExitStatus.badData.rawValue)
        }
        for notice in rows.notices { StandardStream.errors.line(notice) }
        try write(predictions, rows, settings)
        tell(predictions, rows)
    }

    /// Looks, before anything is computed, whether the result would take the place of something.
    private func checkOutput(_ settings: PredictSettings) throws {
        guard let path = settings.output, !settings.overwrites else { return }
        do throws(FileError) {
            guard try File.isThere(path) else { return }
            Program.complain(
                "trainer",
                "\(path) is there already: name another file, or allow it to be replaced "
                    + "with --overwrite")
        } catch {
            Program.complain("trainer", "\(error)")
        }
        throw ExitCode(ExitStatus.badData.rawValue)
    }

    private func write(_ predictions: Predictions, _ rows: FileTable, _ settings: PredictSettings) throws {
        if let path = settings.output {
            do throws(ModelError) {
                return try predictions.write(
                    to: path, rowNumbers: rows.rowNumbers)
            } catch {
                Program.complain("trainer", "\(error)")
                throw ExitCode(ExitStatus.outputLost.rawValue)
            }
        }
        let stream = StandardStream.output
        // Class names are text from outside: as they are for a program, fit to be shown for a person.
        let isShown = stream.isTerminal
        func put(_ line: String) { if isShown { stream.line(line) } else { stream.write("\(line)\n") } }
        put(predictions.csvHeader)
        for (row, number) in zip(predictions.indices, rows.rowNumbers) {
            put(predictions.csvLine(ofRow: row, number: number))
        }
        guard stream.hasLost else { return }
        Program.complain("trainer", Train.lostOutput)
        throw ExitCode(ExitStatus.outputLost.rawValue)
    }

    /// How good the predictions are, where the file has the labels.
    private func tell(_ predictions: Predictions, _ rows: FileTable) {
        guard let correct = predictions.correctCount(rows.table) else { return }
        let accuracy = (Double(correct) / Double(predictions.count) * 10_000).rounded() / 10_000
        StandardStream.errors.line(
            "\(correct) of \(predictions.count) rows have the label predicted, accuracy \(accuracy)"
        )
    }
}

/// What `trainer predict` was told: flags first, then the environment.
struct PredictSettings {
    let model: String
    let file: DataFile
    let output: String?
    let overwrites: Bool

    init(_ flags: Predict) throws {
        let words = Words()
        guard let model = words.value(flags.model, "model") else {
            throw SettingFault("--model is missing: the model.safetensors of a run")
        }
        guard let data = words.value(flags.data, "data") else {
            throw SettingFault("--data is missing: the file of rows to predict for")
        }
        self.model = model
        output = words.value(flags.output, "output")
        overwrites = try words.isSet(flags.overwrite, "overwrite")
        file = DataFile(
            data, delimiter: try words.delimiter(flags.delimiter, "delimiter"),
            decimalMark: try words.decimalMark(flags.decimal, "decimal"))
    }
}
