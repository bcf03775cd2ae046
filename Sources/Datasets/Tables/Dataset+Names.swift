extension Dataset {
    /// Refuses a data set that would tell, by being announced, texts that stand in too few rows.
    ///
    /// Names of categories and classes are announced. Those that a schema's author wrote down may be; those that were
    /// found in the rows only if there are enough of these.
    ///
    /// - Parameter rowsMinimum: The fewest rows anything may be about that leaves.
    /// - Throws: `DatasetError.invalidTable` with both numbers.
    package func checkNames(rowsMinimum: Int) throws(DatasetError) {
        let rows = train.rowCount + (test?.rowCount ?? 0)
        guard isInferred, !isPublic, rows < rowsMinimum, tellsNames else { return }
        throw .invalidTable(
            reason:
                "data set \(quoted(name)) has \(counted(rows, "row")), fewer than the \(rowsMinimum) of "
                + "--release-rows-min: the names of categories and classes found in them would be announced; give them "
                + "in a schema that may be read by all")
    }

    private var tellsNames: Bool {
        schema.columns.contains { column in
            !(column.classes ?? []).isEmpty
                || column.features.contains { if case .categories = $0.kind { true } else { false } }
        }
    }
}
