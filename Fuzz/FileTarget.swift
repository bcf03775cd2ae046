import Datasets
import Fagure
import Foundation
import Ground
import Tensor

/// Files of one format, read as programs read them.
struct FileTarget: Target {
    private let format: String
    private let folder: String
    /// Inputs that are read, beside some from the field that are not.
    private let corpus: [[UInt8]]

    init(_ format: String, folder: String) throws {
        self.format = format
        self.folder = folder
        corpus = try FileTarget.corpus(format)
        try File.write(FileTarget.idx([3], 1), to: "\(folder)/labels")
    }

    mutating func feed(_ random: inout Randomness) async throws -> Tally {
        let bytes = changed(&random)
        let isAccepted =
            switch format {
            case "csv": read(csv: bytes, &random)
            case "model": read(model: bytes)
            case "schema": read(schema: bytes)
            default: read(arrays: bytes)
            }
        return Tally(tried: 1, accepted: isAccepted ? 1 : 0)
    }

    // MARK: Changing

    private func changed(_ random: inout Randomness) -> [UInt8] {
        let bytes = random.pick(corpus), other = random.pick(corpus)
        switch format {
        case "csv": return Mutation.changed(bytes, beside: other, words: FileTarget.cellWords, &random)
        case "schema": return Mutation.changed(bytes, beside: other, words: FileTarget.schemaWords, &random)
        case "safetensors", "model": return headed(bytes, other, &random)
        case "npz" where random.once(in: 2): return archive(&random)
        case "idx" where random.once(in: 3):
            let changed = Mutation.changed(bytes, beside: other, &random)
            return Packing.gzip(changed)
        case "npy" where random.once(in: 2):
            // Most of an NPY file is numbers; what can go wrong is before them.
            let head = Mutation.changed(
                Array(bytes.prefix(128)), beside: other, words: FileTarget.headWords, &random)
            return head + bytes.dropFirst(128)
        default: return Mutation.changed(bytes, beside: other, words: FileTarget.headWords, &random)
        }
    }

    /// A safetensors file whose head is changed and still has the length it says, half of the time.
    private func headed(_ bytes: [UInt8], _ other: [UInt8], _ random: inout Randomness) -> [UInt8] {
        let count = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard !random.once(in: 3), count > 0, bytes.count >= 8 + count else {
            return Mutation.changed(bytes, beside: other, words: FileTarget.headWords, &random)
        }
        let head = Mutation.changed(
            Array(bytes[8..<8 + count]), beside: Array(other.dropFirst(8)), words: FileTarget.headWords,
            &random)
        return (0..<8).map { UInt8(truncatingIfNeeded: head.count >> (8 * $0)) } + head
            + bytes.dropFirst(8 + count)
    }

    /// A whole archive of arrays that are not.
    private func archive(_ random: inout Randomness) -> [UInt8] {
        let arrays = (try? FileTarget.corpus("npy")) ?? []
        var names = ["x", "y", "z"]
        if random.once(in: 4) { names = ["x", "x", "../y"] }
        return Packing.zip(
            names.prefix(1 + random.below(3)).map { name in
                let bytes = random.pick(arrays)
                let changed =
                    random.once(in: 3)
                    ? bytes
                    : Mutation.changed(
                        bytes, beside: random.pick(arrays), words: FileTarget.headWords, &random)
                return (name: name + ".npy", bytes: changed)
            })
    }

    private static let cellWords = [
        ",", ";", "\t", "\n", "\r", "\r\n", "\"", "\"\"", "\u{FEFF}", "NA", "?", "nan", "inf", "-inf",
        "1e999",
        "-1e-999", "0x1p3", "1,5", "1.000,5", "+", "-", ".", "e", "9223372036854775808", "\0", "é", " ",
        "sick", "outcome", "2024-01-31", "1e38", "3.5e38", "00", "\n\n",
    ]
    private static let schemaWords = [
        "&a ", "*a", "<<: ", "!!binary ", "!!int ", "- ", ": ", "? ", "{", "}", "[", "]", "|", ">", "\n",
        "  ", "#",
        "---\n", "...\n", "%YAML 1.1\n", "~", "null", "yes", "0x10", "1e999", "-1", "18446744073709551616",
        "0.5",
        "name", "kind", "number", "categories", "classes", "shape", "[0]", "[4294967296, 4294967296]", "\"",
        "'",
        "\t", "\0", "\u{FEFF}", "label: ", "features: ", "test: ",
    ]
    private static let headWords = [
        "{", "}", "[", "]", "(", ")", ",", ":", "\"", "'", "\\u0000", "\\ud800", "-1", "0", "1e3",
        "9223372036854775807", "18446744073709551616", "4294967296", "F32", "I64", "BF16", "U8", "shape",
        "dtype",
        "data_offsets", "__metadata__", "<f8", ">i2", "|b1", "<U4", "|O", "fortran_order", "True", "False",
        "descr",
        "null", "[[[[[[[[", "\n", " ", "\u{93}NUMPY",
    ]

    // MARK: Reading

    private func read(csv bytes: [UInt8], _ random: inout Randomness) -> Bool {
        var file = DataFile(
            "\(folder)/input", label: random.once(in: 8) ? "age" : "outcome", dataset: "input")
        if random.once(in: 8) { file.delimiter = random.pick([",", ";", "\t", "|"]) }
        if random.once(in: 8) { file.decimalMark = random.pick([".", ","]) }
        if random.once(in: 8) { file.labelKind = random.pick([.number, .classes(["sick", "well"])]) }
        return write(bytes) && isRead(file)
    }

    private func read(arrays bytes: [UInt8]) -> Bool {
        let file = DataFile(
            "\(folder)/input", label: "y", labelKind: format == "idx" ? .classes(nil) : .automatic,
            dataset: "input", labels: "\(folder)/labels")
        guard write(bytes) else { return false }
        let isRead = isRead(file)
        switch format {
        case "idx": return (try? IDXFile(path: file.path).elements()) != nil
        case "safetensors": return (try? Safetensors(contentsOf: file.path)) != nil
        default: return isRead
        }
    }

    private func read(model bytes: [UInt8]) -> Bool {
        guard write(bytes), let model = try? TrainedModel(contentsOf: "\(folder)/input") else { return false }
        return (try? model.predict(contentsOf: DataFile(FileTarget.site))) != nil
    }

    private func read(schema bytes: [UInt8]) -> Bool {
        guard write(bytes), let schema = try? DataSchema(contentsOf: "\(folder)/input") else { return false }
        // What a schema writes, it reads.
        _ = try? Dataset.load(file: DataFile(FileTarget.site), schema: schema)
        guard let again = try? DataSchema(yaml: schema.yaml) else {
            preconditionFailure("a schema does not read what it writes: \(schema.yaml)")
        }
        precondition(again == schema, "a schema reads something else than it wrote: \(schema.yaml)")
        return true
    }

    private func isRead(_ file: DataFile) -> Bool {
        do throws(DatasetError) {
            let data = try Dataset.load(file: file)
            guard let schema = data.contract else { return true }
            _ = try? Dataset.table(file: file, schema: schema)
            return true
        } catch {
            // What is said of a file must be fit to be said.
            precondition(!"\(error)".isEmpty)
            return false
        }
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        // Not by `File`, which waits for the disk.
        (try? Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/input"))) != nil
    }

    // MARK: What is changed

    private static let site = "Tests/Fixtures/cases/sites/east/patients.csv"

    private static func corpus(_ format: String) throws -> [[UInt8]] {
        switch format {
        case "csv":
            return try ["dialects", "labels", "sites", "numbers"].flatMap { folder in
                try files("Tests/Fixtures/cases/\(folder)", ".csv").map { lines(of: $0) }
            }
        case "idx": return [([3], 1), ([3, 2, 3], 1), ([0], 0), ([3, 1, 1, 5], 9)].map(idx)
        case "npy":
            let numbers = [npy("<f4", "(3, 2)", 24), npy("|u1", "(3,)", 3), npy(">i8", "(3, 1, 2)", 48)]
            return try files("Tests/Fixtures/arrays", ".npy") + numbers
        case "npz":
            let arrays = try corpus("npy")
            return try files("Tests/Fixtures/arrays", ".npz")
                + [Packing.zip([("x.npy", arrays[0]), ("y.npy", npy("|u1", "(3,)", 3))])]
        case "safetensors": return [try tensors().encoded(), try model().encoded()]
        case "model": return [try model().encoded()]
        default:
            let schema = try DataSchema.infer(file: DataFile(site, label: "outcome")).schema
            return [Array(schema.yaml.utf8), Array(handWritten.utf8), Array(images.utf8)]
        }
    }

    /// The files of a folder and those below it, in the order of their names.
    private static func files(_ folder: String, _ ending: String) throws -> [[UInt8]] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        let files = try names.filter { $0.hasSuffix(ending) }.sorted()
            .map { try File.read("\(folder)/\($0)", byteCountMaximum: 1 << 20) }
        guard !files.isEmpty else {
            throw Fault("\(folder) has no \(ending); run it in the project's folder")
        }
        return files
    }

    /// The first lines: more rows are no more to find, and take longer.
    private static func lines(of file: [UInt8]) -> [UInt8] {
        let part = file.prefix(1_500), ends: [UInt8] = [10, 13]
        return Array(part.prefix(through: part.lastIndex { ends.contains($0) } ?? part.endIndex - 1))
    }

    private static func idx(_ dimensions: [Int], _ value: UInt8) -> [UInt8] {
        [0, 0, 8, UInt8(dimensions.count)]
            + dimensions.flatMap { size in
                (0..<4).reversed().map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
            }
            + [UInt8](repeating: value, count: dimensions.reduce(1, *))
    }

    /// An array of ones, or what bytes of 1 are in its type.
    private static func npy(_ type: String, _ shape: String, _ byteCount: Int) -> [UInt8] {
        let head = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n".utf8)
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(head.count), 0] + head
            + [UInt8](repeating: 1, count: byteCount)
    }

    private static func tensors() throws -> Safetensors {
        Safetensors(
            [
                "x": try TensorValue([1, 2, 3, 4, 5, 6, 7, 8] as [Float], shape: [4, 2]),
                "y": try TensorValue([0, 1, 0, 1] as [Int64]),
            ], metadata: ["format": "pt", "é": "\"\\\n"])
    }

    private static func model() throws -> Safetensors {
        let schema = try DataSchema.infer(file: DataFile(site, label: "outcome", dataset: "patients")).schema
        let metadata = [
            "format": "fagure", "dataset": "patients", "model": "logistic", "feature": "features",
            "label": "outcome", "formula": "(x - input.mean) * input.scale", "version": "3",
            "classes": #"["sick","well"]"#, "parameters": #"["0.weight","0.bias"]"#, "schema": schema.yaml,
        ]
        let count = schema.features.count, zeros = [Float](repeating: 0, count: count)
        let file = Safetensors(
            [
                "input.mean": try TensorValue(zeros), "input.scale": try TensorValue(zeros.map { $0 + 1 }),
                "0.weight": try TensorValue(zeros + zeros, shape: [2, count]),
                "0.bias": try TensorValue([0, 0] as [Float]),
            ], metadata: metadata)
        _ = try TrainedModel(file).predict(contentsOf: DataFile(site))
        return file
    }

    private static let images = """
        features: [{name: image, kind: number, shape: [28, 28], type: uint8}]
        label: {name: digit, kind: classes, classes: ["0", "1", "2"]}
        test: {share: 0}

        """
    private static let handWritten = """
        dataset: patients
        features:
          - {name: age, kind: number, unit: years, note: "at the first visit"}
          - name: sex
            kind: categories
            categories: [f, m]
        label: {name: outcome, kind: classes, classes: [sick, well]}
        missing: mean
        ignore: [id]
        test: {share: 0.25, seed: 3, by: patient_id, stratified: true}

        """
}
