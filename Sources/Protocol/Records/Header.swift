/// What every record begins with: 80 bytes, little-endian, all the broker reads of a job.
///
/// The first eight bytes keep their meaning in every version, so that peers of different versions can tell
/// each other so. How long the parts behind it are, and what the sender has heard, a `Record` knows.
package struct Header: Sendable, Hashable {
    /// The number of bytes.
    package static let byteCount = 80
    /// `FGR\n` read as a little-endian word: the first four bytes of every record.
    package static let magic: UInt32 = 0x0A52_4746

    /// Flags a header may carry; unknown bits are refused.
    package struct Flags: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The target is a worker's session, not a shard.
        package static let targetsSession = Flags(rawValue: 1)
        /// A dispatch another worker passed on: it may only ask for tensors to be kept.
        package static let transferred = Flags(rawValue: 2)
        /// The body is the first attachment.
        package static let bodyIsAttached = Flags(rawValue: 4)
        /// The body is compressed (RFC 1950).
        package static let bodyIsDeflated = Flags(rawValue: 8)
        /// Every flag this version knows.
        static let known: Flags = [.targetsSession, .transferred, .bodyIsAttached, .bodyIsDeflated]
    }

    /// The major version of the protocol the sender speaks; differing majors do not understand each other.
    package var major: UInt8 = ProtocolVersion.current.major
    /// The minor version; differing minors do.
    package var minor: UInt8 = ProtocolVersion.current.minor
    /// What the record is.
    package var command: Command
    /// How to read the target and the body.
    package var flags: Flags = []
    /// The broker's run: drawn when it starts, told in `welcome`, repeated by peers; 0 before that.
    package var epoch: UInt64 = 0
    /// The job, or `none`.
    package var job: JobID = .none
    /// Submit: the shard's key or the worker's session. Dispatch: the owner, which stands for the trainer's session.
    /// Transfer: the session of the worker it goes to. Otherwise `none`.
    package var target: Identifier = .none
    /// Which of the job's attempts this belongs to, from 1; 0 where there is no job.
    package var attempt: UInt32 = 0
    /// How long the job may take from now, in milliseconds; 0 for no limit. Relative, so that clocks need not agree.
    package var deadlineMilliseconds: UInt32 = 0
    /// Where the receiver keeps the job, as it said itself; 0 where it did not.
    package var slot: UInt32 = 0
    /// Failed: how long it is until another try is worth it, in milliseconds; 0 where nobody knows.
    package var waitMilliseconds: UInt32 = 0

    /// A header for a command; the rest is zero.
    package init(_ command: Command) { self.command = command }

    /// A header for a command about a job.
    package init(_ command: Command, job: JobID, attempt: UInt32, epoch: UInt64) {
        self.command = command
        self.job = job
        self.attempt = attempt
        self.epoch = epoch
    }
}

extension Header {
    /// Reads the header a record begins with.
    ///
    /// - Throws: `ProtocolError`: fewer than 80 bytes, wrong magic, another major version, unknown command or flags,
    ///   or reserved bytes that are not zero.
    package init(decoding bytes: Span<UInt8>) throws(ProtocolError) {
        // Who speaks another version may have shorter headers: it is to hear which versions there are.
        guard bytes.count >= 8 else {
            throw .malformed("a header has \(Header.byteCount) bytes, got \(bytes.count)")
        }
        guard bytes.word32(at: 0) == Header.magic else { throw .notFagure }
        let version = bytes.word32(at: 4)
        major = UInt8(truncatingIfNeeded: version)
        minor = UInt8(truncatingIfNeeded: version >> 8)
        guard major == ProtocolVersion.current.major else {
            throw .unsupportedVersion(major: major, minor: minor)
        }
        guard bytes.count >= Header.byteCount else {
            throw .malformed("a header has \(Header.byteCount) bytes, got \(bytes.count)")
        }
        let code = UInt8(truncatingIfNeeded: version >> 16)
        guard let command = Command(rawValue: code) else { throw .unknownCommand(code) }
        self.command = command
        flags = Flags(rawValue: UInt8(truncatingIfNeeded: version >> 24))
        guard Flags.known.isSuperset(of: flags) else { throw .malformed("unknown flags \(flags.rawValue)") }
        guard bytes.word32(at: 12) >> 16 == 0 else { throw .malformed("reserved bytes are not zero") }
        epoch = bytes.word64(at: 24)
        job = Identifier(high: bytes.word64(at: 32), low: bytes.word64(at: 40))
        target = Identifier(high: bytes.word64(at: 48), low: bytes.word64(at: 56))
        attempt = bytes.word32(at: 64)
        deadlineMilliseconds = bytes.word32(at: 68)
        slot = bytes.word32(at: 72)
        waitMilliseconds = bytes.word32(at: 76)
    }

    /// Writes the header; the words that belong to the record are left as they are.
    package func encode(into bytes: inout MutableRawSpan) {
        let version =
            UInt32(major) | UInt32(minor) << 8 | UInt32(command.rawValue) << 16 | UInt32(flags.rawValue) << 24
        bytes.store(word32: Header.magic, at: 0)
        bytes.store(word32: version, at: 4)
        bytes.store(word64: epoch, at: 24)
        bytes.store(word64: job.high, at: 32)
        bytes.store(word64: job.low, at: 40)
        bytes.store(word64: target.high, at: 48)
        bytes.store(word64: target.low, at: 56)
        bytes.store(word32: attempt, at: 64)
        bytes.store(word32: deadlineMilliseconds, at: 68)
        bytes.store(word32: slot, at: 72)
        bytes.store(word32: waitMilliseconds, at: 76)
    }
}
