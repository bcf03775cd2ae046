/// Every maximum of the protocol, each with its reason. Times are in milliseconds.
package enum ProtocolLimits {
    /// A control body: a catalogue of ten thousand shards fits.
    package static let bodyByteCountMaximum = 8 << 20
    /// Control bodies shorter than this are not compressed.
    package static let deflatedByteCountMinimum = 4 << 10
    /// One frame, which is one ZeroMQ message: a control body, or records of jobs. Also libzmq's MAXMSGSIZE, so that
    /// a hostile length cannot reserve memory.
    package static let frameByteCountMaximum = 9 << 20
    /// A job's body that travels in its record: with inline tensors it is on a line of 40 kB/s for less than a second.
    package static let jobBodyByteCountMaximum = 16 << 10
    /// A job's body that is attached: its graphs and names, never tensors.
    package static let attachedBodyByteCountMaximum = 16 << 20
    /// Tensors of a job that travel in its record.
    package static let inlineByteCountMaximum = 16 << 10
    /// Bytes of an attachment in one piece.
    package static let pieceByteCountMaximum = 1 << 20
    /// The least a piece is cut to, on slow lines.
    package static let pieceByteCountMinimum = 4 << 10
    /// Bytes of an attachment, and of all of a record: what most machines have of memory is below.
    package static let attachmentByteCountMaximum = 16 << 30
    /// Attachments of one record; more tensors than this share them.
    package static let attachmentsMaximum = 1_024
    /// Records that go to one peer together: beyond it a copy is no cheaper than another frame.
    package static let bundleByteCountMaximum = 64 << 10
    /// What a line may have on its way at least, and before anything is known of it.
    package static let windowByteCountMinimum = 16 << 10
    /// What a line may have on its way at most.
    package static let windowByteCountMaximum = 8 << 20
    /// How long a line may take for what is on its way, beside its own delay: what a heartbeat waits.
    package static let windowMilliseconds = 500
    /// Bytes heard after which the other side is told; less than the least window, or both would wait.
    package static let untoldByteCountMaximum = 8 << 10
    /// Tensors up to this size travel together in one frame: below it a copy costs less than a frame.
    package static let packedTensorByteCountMaximum = 16 << 10

    /// Names of workers and data sets, and every other short text, in UTF-8 bytes.
    package static let nameByteCountMaximum = 256
    /// Messages of failures and reasons, in UTF-8 bytes; longer ones are cut.
    package static let textByteCountMaximum = 4_096
    /// Data sets one worker may announce.
    package static let datasetsMaximum = 1_024
    /// Columns of a data set.
    package static let columnsMaximum = 65_536
    /// Classes of a label.
    package static let classesMaximum = 65_536
    /// Rows of one part of a shard: they are numbered in 32 bits, and the rows of all shards there can be add up
    /// to fewer than 2⁶³.
    package static let rowsMaximum = Int(Int32.max)
    /// Bytes of the digest of public data.
    package static let digestByteCount = 32
    /// Bytes of a public key.
    package static let keyByteCount = 32
    /// Differences of two schemas that are said, and names of a list: more would drown the sentence.
    package static let differencesMaximum = 8
    /// Numbers of a status.
    package static let readingsMaximum = 1_024
    /// Remarks of a welcome.
    package static let remarksMaximum = 16
    /// Shards one worker may announce: a simulation holds thousands.
    package static let shardsMaximum = 65_536

    /// Bytes with a name that are kept for jobs to come, however little the jobs before needed.
    public static let contentByteCountMinimum = 8 << 20
    /// Jobs one worker holds at once, queued or running; more are refused as overload.
    package static let workerJobsMaximum = 4_096
    /// Jobs the broker keeps account of at once.
    package static let brokerJobsMaximum = 1 << 20

    /// How long a worker keeps a trainer's objects after it last heard of the trainer: longer than a broker takes to
    /// restart, short enough that a dead trainer's tensors do not stay overnight.
    package static let objectLeaseMilliseconds: Int64 = 60_000
    /// How often a trainer with objects at a worker shows that it still needs them: three chances a lease.
    package static let objectRenewalMilliseconds: Int64 = 20_000
    /// Objects a worker keeps for one trainer.
    package static let objectsMaximum = 1 << 20

    /// How often a peer shows it is there.
    package static let heartbeatMilliseconds: Int64 = 1_000
    /// Silence after which the other side is gone: long enough for a machine that swaps, short enough for a person.
    package static let silenceMilliseconds: Int64 = 8_000
    /// How long a hello waits for its welcome before it is said again.
    package static let helloRetryMilliseconds: Int64 = 500
    /// How long a trainer waits, after the broker restarted, for a shard's workers to come back before its job fails.
    package static let returnGraceMilliseconds: Int64 = 15_000
}
