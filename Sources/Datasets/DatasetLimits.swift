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
    /// Shards of one data set.
    package static let shardCountMaximum = 1_000_000
    /// Names and cells quoted in an error: more would drown the sentence.
    package static let quotedNameCountMaximum = 12
    /// Characters of a foreign text quoted in an error.
    package static let quotedLengthMaximum = 40
}
