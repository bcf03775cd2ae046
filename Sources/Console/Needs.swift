import Ground

/// What a program needs of the system before it makes its first thread or socket: libzmq, Dispatch and the compute
/// threads end the process, or wait for ever, where they do not get it.
package struct Needs: Sendable, Hashable {
    /// Files that must be free to open: sockets, events, data.
    package var openFiles: Int
    /// Files that are of use beyond that; the soft limit is raised so far where it may be.
    package var openFilesOfUse: Int
    /// Bytes of addresses.
    package var addressByteCount: Int
    /// Threads that must be free to start.
    package var threads: Int

    /// What every program needs.
    ///
    /// Files, measured with libzmq 4.3.4: 19 open at once (3 standard streams; 7 of Dispatch; libzmq's for its
    /// threads, a socket, its monitor and a connection). 32 leave some for data and what is written.
    ///
    /// Addresses, measured on two cores: up to 730 MB in use, below 650 MB a thread may not start. 180 MB are
    /// libraries; each thread has a stack of 8 or 16 MiB, and the C library sets 64 MiB aside for what it allocates
    /// (128 MiB while it does so).
    ///
    /// Threads, counted on two cores while a run went on: 8 in each program (the first; libzmq's reaper and input; the
    /// loop; a compute thread; Dispatch's). libzmq and Dispatch end the process where one cannot be started.
    package static let any = Needs(
        openFiles: 32, openFilesOfUse: 1_024, addressByteCount: 1 << 30, threads: 16)

    /// What a program with compute threads of its own needs.
    ///
    /// - Parameters:
    ///   - threads: Compute threads in all. Each beyond two takes 16 MiB of stack and 64 MiB of the C library's.
    ///   - workers: How many workers are in this process, each with a compute thread among those: 3 files each (a
    ///     socket, its monitor, what listens to that).
    package static func computing(threads: Int, workers: Int = 0) -> Needs {
        var needs = any
        needs.openFiles += 3 * workers
        needs.openFilesOfUse = max(needs.openFilesOfUse, needs.openFiles)
        needs.addressByteCount += max(0, threads - 2) * (80 << 20)
        needs.threads += threads
        return needs
    }

    /// Raises what may be raised.
    ///
    /// - Returns: What is not given, as the end of a sentence that begins with the program's name; `nil` where
    ///   all is.
    package func lack() -> String? {
        let limit = ProcessLimits.openFiles(raisedTo: openFilesOfUse)
        return Needs.lackOfFiles(needed: openFiles, limit: limit, taken: Needs.inherited.count { $0 < limit })
            ?? Needs.lackOfAddresses(needed: addressByteCount, limit: ProcessLimits.addressByteCount)
            ?? Needs.lackOfThreads(needed: threads, found: ProcessLimits.startableThreads(atMost: threads))
    }

    /// Files that were open when this was first asked, before the program opened any, but for the three standard
    /// streams.
    private static let inherited = ProcessLimits.openFiles(untilFree: 1_024).filter { $0 > 2 }

    /// What is wrong with a limit of open files.
    static func lackOfFiles(needed: Int, limit: Int, taken: Int) -> String? {
        guard limit - taken < needed else { return nil }
        let inherited = taken > 0 ? ", of which \(taken) are taken already" : ""
        return "needs at least \(needed) open files, the limit here is \(limit)\(inherited): "
            + "raise it with `ulimit -n \(needed + taken)`"
    }

    /// What is wrong with a limit of addresses.
    static func lackOfAddresses(needed: Int, limit: Int) -> String? {
        guard limit < needed else { return nil }
        return "needs at least \(needed >> 20) MiB of address space, the limit here is \(limit >> 20) MiB: "
            + "raise it with `ulimit -v \(needed >> 10)`, or `ulimit -v unlimited`"
    }

    /// What is wrong with a limit of threads.
    static func lackOfThreads(needed: Int, found: Int) -> String? {
        guard found < needed else { return nil }
        return
            "needs to start \(needed) threads, \(found) could be started: raise what `ulimit -u` shows, "
            + "or the limit of tasks of its control group"
    }
}

extension Needs {
    /// Ends the process, with a line that says why, where the system does not give what is needed.
    package func require(of program: String) {
        guard let lack = lack() else { return }
        Program.complain(program, lack)
        ExitStatus.limited.leave()
    }
}
