import Ground

/// Foreign text as an error shows it: cut where it is long, without what would move a terminal's cursor.
func shortened(_ text: String) -> String {
    VisibleText.shortened(text, to: DatasetLimits.quotedLengthMaximum)
}

/// Foreign text in quotation marks.
func quoted(_ text: String) -> String { "'\(shortened(text))'" }

/// A list of names as an error shows it: the first few.
func listed(_ names: [String]) -> String {
    names.lazy.map(shortened).listed(atMost: DatasetLimits.quotedNameCountMaximum)
}

/// Such as `1 row` or `2 rows`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
