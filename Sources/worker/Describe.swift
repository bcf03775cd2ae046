import ArgumentParser
import Console
import Datasets

/// `worker describe FILE`: writes the schema of a file, for its sites to share and correct.
struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract:
            "Infers the schema of a file and prints it as YAML; what was decided goes to standard error.",
        discussion: """
            Read it, correct it, and give it to every site: worker --schema patients.yaml --data north.csv. The \
            rows of the file are not in it, but names, categories and classes are. Ends with 65 for a file that cannot \
            be read, 74 where the schema could not be written.
            """)

    @Argument(help: "The file: CSV, NPY, NPZ, safetensors or IDX.")
    var file: String

    @Option(help: "The name of the data set. By default the file's.")
    var dataset: String?

    @OptionGroup var flags: FileFlags

    func run() async throws {
        let data: DataFile
        do {
            data = try Settings.file(file, dataset: dataset, flags)
        } catch {
            throw ValidationError("\(error)")
        }
        do throws(DatasetError) {
            let inference = try DataSchema.infer(file: data)
            for decision in inference.decisions { StandardStream.errors.line(decision) }
            if data.dataset == nil, let name = inference.schema.dataset {
                StandardStream.errors.line(
                    "data set \(name): named after the file, --dataset gives another name")
            }
            for line in inference.schema.yaml.split(separator: "\n", omittingEmptySubsequences: false) {
                StandardStream.output.line(String(line))
            }
        } catch {
            throw failure("\(error)", .badData)
        }
        try checkOutput()
    }
}
