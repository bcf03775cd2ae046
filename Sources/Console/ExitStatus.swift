#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a program ends, for scripts to read: sysexits.h where it has a word for it, 128 + the signal's number otherwise.
package enum ExitStatus: Int32, Sendable {
    /// All was done.
    case done = 0
    /// The work itself failed: a loss that is not a number, a job that no worker could run.
    case failed = 1
    /// The flags make no sense (EX_USAGE).
    case usage = 64
    /// The data is not what it should be (EX_DATAERR).
    case badData = 65
    /// No broker, or no port to listen on (EX_UNAVAILABLE).
    case unreachable = 69
    /// The system gives the program less than it needs (EX_OSERR).
    case limited = 71
    /// The work was done, but its results could not be written where they were wanted (EX_IOERR).
    case outputLost = 74
    /// The other side will not have us (EX_NOPERM).
    case refused = 77
    /// Ended by SIGINT.
    case interrupted = 130
    /// Ended by SIGTERM before the work was done.
    case terminated = 143
}

extension ExitStatus {
    /// Ends the process at once, and leaves out what libraries do when a process ends: a compute thread may still
    /// be in the middle of a kernel, and would find the kernel's memory gone.
    ///
    /// What was printed must have been written: nothing is flushed but the log's count of lines held back.
    package func leave() -> Never {
        ConsoleLog.flush()
        exitNow(rawValue)
    }
}

/// Ends the process at once.
func exitNow(_ code: Int32) -> Never { _exit(code) }
