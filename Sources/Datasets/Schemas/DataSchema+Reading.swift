import Tensor

extension DataSchema {
    /// Reads a schema's file.
    ///
    /// - Throws: `DatasetError.invalidSchema` naming file, line and key, what was expected and what came; else as
    ///   for any file.
    public init(contentsOf path: String) throws(DatasetError) {
        let file = try InputFile(path: path, byteCountMaximum: DatasetLimits.schemaByteCountMaximum)
        guard let text = String(validating: try file.read(byteCount: file.byteCount), as: UTF8.self) else {
            throw .invalidSchema(file: path, line: nil, reason: "not UTF-8")
        }
        try self.init(yaml: text, file: path)
    }

    /// Reads a schema's text.
    ///
    /// - Parameter file: The name errors use.
    /// - Throws: `DatasetError.invalidSchema` naming file, line and key, what was expected and what came.
    public init(yaml text: String, file: String = "schema") throws(DatasetError) {
        let root = try SchemaReader.read(text, file: file)
        let members = try root.members(["dataset", "features", "label", "missing", "ignore", "test"])
        var features: [Feature] = []
        for reader in try members.required("features").elements() { features.append(try Feature(reader)) }
        var ignore: [String] = []
        if let reader = members["ignore"] { ignore = try reader.texts() }
        let label = try Label(try members.required("label"))
        do {
            try self.init(
                dataset: members["dataset"]?.text(), features: features, label: label,
                missing: members["missing"].map { reader throws(DatasetError) in try Missing(reader) }
                    ?? .refuse,
                ignore: ignore,
                test: members["test"].map { reader throws(DatasetError) in try TestCut(reader) } ?? .standard)
        } catch {
            // What no single line is to blame for is known only once the whole has been put together.
            guard case .invalidSchema(_, nil, let reason) = error else { throw error }
            throw .invalidSchema(file: file, line: nil, reason: reason)
        }
    }
}

extension DataSchema.Feature {
    fileprivate init(_ reader: SchemaReader) throws(DatasetError) {
        let members = try reader.members(["name", "kind", "categories", "shape", "type", "unit", "note"])
        let name = try members.required("name").text()
        let kind = try members.required("kind")
        let isShaped = members["shape"] != nil
        switch (try kind.text(), members["categories"]) {
        case ("categories", let names?):
            try members.refuse(["shape", "type"], beside: "categories")
            self.init(
                name: name, kind: .categories(try names.texts()), unit: try members.text("unit"),
                note: try members.text("note"))
        case ("categories", nil):
            throw kind.fault("kind is categories, so categories: [...] is expected beside it")
        case ("number", _?):
            throw kind.fault("kind is number, but there are categories beside it")
        case ("number", nil):
            if !isShaped { try members.refuse(["type"], beside: "a number without a shape") }
            var tensor: Kind?
            if let shape = members["shape"] {
                tensor = .tensor(
                    shape: try shape.shape(), type: try members["type"]?.elementType() ?? .float32)
            }
            self.init(
                name: name, kind: tensor ?? .number, unit: try members.text("unit"),
                note: try members.text("note"))
        case (let word, _):
            throw kind.fault("expected number or categories, got \(quoted(word))")
        }
    }
}

extension DataSchema.Label {
    fileprivate init(_ reader: SchemaReader) throws(DatasetError) {
        let members = try reader.members(["name", "kind", "classes", "unit", "note"])
        let kind = try members.required("kind")
        let kinds: Kind
        switch (try kind.text(), members["classes"]) {
        case ("classes", let names?): kinds = .classes(try names.texts())
        case ("classes", nil): throw kind.fault("kind is classes, so classes: [...] is expected beside it")
        case ("number", nil): kinds = .number
        case ("number", _?): throw kind.fault("kind is number, but there are classes beside it")
        case (let word, _): throw kind.fault("expected number or classes, got \(quoted(word))")
        }
        self.init(
            name: try members.required("name").text(), kind: kinds, unit: try members.text("unit"),
            note: try members.text("note"))
    }
}

extension DataSchema.Missing {
    fileprivate init(_ reader: SchemaReader) throws(DatasetError) {
        let word = try reader.text()
        guard let missing = DataSchema.Missing(rawValue: word) else {
            let known = DataSchema.Missing.allCases.map(\.rawValue).joined(separator: ", ")
            throw reader.fault("expected one of \(known), got \(quoted(word))")
        }
        self = missing
    }
}

extension DataSchema.TestCut {
    fileprivate init(_ reader: SchemaReader) throws(DatasetError) {
        let members = try reader.members(["share", "seed", "by", "stratified"])
        let standard = DataSchema.TestCut.standard
        self.init(
            share: try members["share"]?.share() ?? standard.share,
            seed: try members["seed"]?.wholeNumber() ?? standard.seed,
            by: try members["by"]?.text(),
            stratified: try members["stratified"]?.boolean() ?? standard.stratified)
    }
}
