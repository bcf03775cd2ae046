/// What readers and partitions accept at most: everything foreign is bounded here.
package enum DatasetLimits {
    /// Bytes of one file, after decompression.
    package static let fileByteCountMaximum = 1 << 30
    /// Bytes read in one go, so that a file is never held twice.
    package static let chunkByteCount = 1 << 20
    /// Columns of a CSV file.
    package static let csvColumnCountMaximum = 65_536
    /// Distinct values a label of whole numbers may have and still be taken for classes unasked.
    package static let guessedClassCountMaximum = 20
    /// Distinct values a label may have when it is text, or when classes are asked for.
    package static let classCountMaximum = 1_000
    /// Distinct texts a feature may have and still be taken for categories unasked.
    package static let guessedCategoryCountMaximum = 20
    /// Numbers that one row may be packed into.
    package static let encodedWidthMaximum = 1 << 20
    /// Numbers of the packed column of one table: categories are wider there than in a file.
    package static let packedElementCountMaximum = 1 << 30
    /// Bytes of a schema's file.
    package static let schemaByteCountMaximum = 1 << 23
    /// Bytes of a name: what the wire protocol takes.
    package static let nameByteCountMaximum = 256
    /// Bytes of a remark in a schema.
    package static let noteByteCountMaximum = 1 << 12
    /// Records looked at to find out how a CSV file is written.
    package static let dialectRecordCountMaximum = 20
    /// Bytes of the head of an NPY file.
    package static let npyHeaderByteCountMaximum = 1 << 16
    /// Members of an NPZ file.
    package static let zipMemberCountMaximum = 4_096
    /// UTF-8 bytes of a site's name: with `site:` before it, it must fit a partition's name on the wire.
    package static let siteByteCountMaximum = 251
    /// Shards of one data set.
    package static let shardCountMaximum = 1_000_000
    /// Names and cells quoted in an error: more would drown the sentence.
    package static let quotedNameCountMaximum = 12
    /// Characters of a foreign text quoted in an error.
    package static let quotedLengthMaximum = 40
    /// Rows a column of numbers must count, one by one, to be taken for an identifier.
    static let countedRowCountMinimum = 5
}
