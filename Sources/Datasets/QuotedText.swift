/// Foreign text as an error shows it: cut where it is long, without what would move a terminal's cursor.
func shortened(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let short = scalars.prefix(DatasetLimits.quotedLengthMaximum)
    let visible = String(String.UnicodeScalarView(short.map { isVisible($0) ? $0 : " " }))
    return short.endIndex < scalars.endIndex ? visible + "…" : visible
}

/// Foreign text in quotation marks.
func quoted(_ text: String) -> String { "'\(shortened(text))'" }

/// A list of names as an error shows it: the first few.
func listed(_ names: [String]) -> String {
    let limit = DatasetLimits.quotedNameCountMaximum
    let shown = names.prefix(limit).map(shortened).joined(separator: ", ")
    return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
}

private func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    default: true
    }
}
