import Tensor

/// What is wrong with a schema, before it is known where it stands.
struct SchemaFault: Error {
    let reason: String
}

extension DataSchema {
    /// Checks all that types do not: names, lists, sizes.
    func check() throws(SchemaFault) {
        if let dataset { try checkName(dataset, "dataset") }
        guard !features.isEmpty else { throw SchemaFault(reason: "features is empty, expected at least one") }
        let limit = DatasetLimits.csvColumnCountMaximum
        guard features.count <= limit, ignore.count <= limit else {
            throw SchemaFault(reason: "more than the \(limit) columns allowed")
        }
        var uses: [String: String] = [:]
        for feature in features {
            try feature.check()
            try note(feature.name, as: "a feature", in: &uses)
        }
        try label.check()
        try note(label.name, as: "the label", in: &uses)
        for name in ignore {
            try checkName(name, "a name in ignore")
            try note(name, as: "ignored", in: &uses)
        }
        try checkWidth()
        try checkTest()
    }

    private func note(
        _ name: String, as use: String, in uses: inout [String: String]
    ) throws(SchemaFault) {
        if let other = uses.updateValue(use, forKey: name) {
            throw SchemaFault(reason: "\(quoted(name)) is named twice: it is \(other) and \(use)")
        }
    }

    private func checkWidth() throws(SchemaFault) {
        let tensors = features.filter(\.isTensor)
        guard tensors.isEmpty || tensors.count == features.count else {
            throw SchemaFault(
                reason:
                    "features with a shape (\(listed(tensors.map(\.name)))) stand beside features without one"
            )
        }
        guard tensors.isEmpty else { return }
        // No overflow: at most 65,536 features of at most 1,000 categories.
        let width = features.reduce(0) { $0 + $1.width }
        guard width <= DatasetLimits.encodedWidthMaximum else {
            throw SchemaFault(
                reason: "a row is \(width) numbers wide, the limit is \(DatasetLimits.encodedWidthMaximum)")
        }
    }

    private func checkTest() throws(SchemaFault) {
        guard test.share >= 0, test.share < 1 else {
            throw SchemaFault(reason: "share is \(test.share), expected a number from 0, but less than 1")
        }
        if let by = test.by { try checkName(by, "by") }
        guard !test.stratified || label.classes != nil else {
            throw SchemaFault(reason: "stratified is true, but the label has no classes")
        }
    }
}

extension DataSchema.Feature {
    fileprivate func check() throws(SchemaFault) {
        try checkName(name, "a feature's name")
        try checkText(unit, "the unit of feature \(quoted(name))")
        try checkText(note, "the note of feature \(quoted(name))", limit: DatasetLimits.noteByteCountMaximum)
        switch kind {
        case .number: return
        case .categories(let names): try checkList(names, "categories of feature \(quoted(name))")
        case .tensor(let shape, _):
            guard shape.elementCount > 0, shape.rank < Shape.rankMaximum else {
                throw SchemaFault(
                    reason:
                        "feature \(quoted(name)) has the shape \(shape), expected at least one element and "
                        + "at most \(Shape.rankMaximum - 1) axes")
            }
        }
    }
}

extension DataSchema.Label {
    fileprivate func check() throws(SchemaFault) {
        try checkName(name, "the label's name")
        try checkText(unit, "the unit of label \(quoted(name))")
        try checkText(note, "the note of label \(quoted(name))", limit: DatasetLimits.noteByteCountMaximum)
        if case .classes(let names) = kind { try checkList(names, "classes of label \(quoted(name))") }
    }
}

private func checkList(_ names: [String], _ what: String) throws(SchemaFault) {
    guard !names.isEmpty else { throw SchemaFault(reason: "\(what) are empty, expected at least one") }
    guard names.count <= DatasetLimits.classCountMaximum else {
        throw SchemaFault(
            reason: "\(what) are \(names.count), the limit is \(DatasetLimits.classCountMaximum)")
    }
    var seen = Set<String>()
    for name in names {
        try checkName(name, "one of the \(what)")
        guard seen.insert(name).inserted else {
            throw SchemaFault(reason: "\(what): \(quoted(name)) is there twice")
        }
    }
}

private func checkName(_ name: String, _ what: String) throws(SchemaFault) {
    guard !name.isEmpty else { throw SchemaFault(reason: "\(what) is empty") }
    try checkText(name, what)
}

private func checkText(
    _ text: String, _ what: String, limit: Int = DatasetLimits.nameByteCountMaximum
) throws(SchemaFault) {
    guard text.utf8.count <= limit else {
        throw SchemaFault(reason: "\(what) has \(text.utf8.count) bytes, the limit is \(limit)")
    }
    guard text.unicodeScalars.first != "\u{FEFF}" else {
        throw SchemaFault(reason: "\(what) begins with a byte order mark, which readers of YAML drop")
    }
    guard !text.utf8.contains(0) else { throw SchemaFault(reason: "\(what) has a NUL in it") }
}
