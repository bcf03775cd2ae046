#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system lets this process have at most, as `ulimit` shows and sets it.
package enum ProcessLimits {
    /// How many files may be open at once, once the soft limit was raised as far as wanted and allowed.
    ///
    /// - Parameter wanted: how many are of use; a limit that is higher is left as it is.
    package static func openFiles(raisedTo wanted: Int) -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(openFilesResource, &limit) == 0 else { return .max }
        let raised = min(rlim_t(max(0, wanted)), limit.rlim_max)
        if limit.rlim_cur < raised {
            let before = limit.rlim_cur
            limit.rlim_cur = raised
            if unsafe setrlimit(openFilesResource, &limit) != 0 { limit.rlim_cur = before }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// The numbers of files that are open already, whoever opened them, from the lowest on.
    ///
    /// - Parameter enough: how many free numbers end the search: a limit may be in the millions.
    package static func openFiles(untilFree enough: Int) -> [Int32] {
        var taken: [Int32] = []
        var free = 0
        var descriptor: Int32 = 0
        while free < enough {
            if fcntl(descriptor, F_GETFD) < 0 { free += 1 } else { taken.append(descriptor) }
            descriptor += 1
        }
        return taken
    }

    /// How many bytes of addresses the process may use, whether there is memory behind them or not.
    package static var addressByteCount: Int {
        var limit = rlimit()
        guard unsafe getrlimit(addressResource, &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many threads can be started now, beside those there are: as many as were asked for, or fewer.
    ///
    /// The system has a limit for the user, another for the group of processes, and counts both while others come and
    /// go: so it is tried. The threads end before this returns.
    package static func startableThreads(atMost wanted: Int) -> Int {
        // They live until all have been started, or the first would be gone before the last.
        let (gate, ended) = (Semaphore(), Semaphore())
        var count = 0
        while count < wanted,
            SystemThread.start(
                stackByteCount: 256 << 10,
                {
                    gate.wait(); ended.post()
                }) == 0
        { count += 1 }
        for _ in 0..<count { gate.post() }
        for _ in 0..<count { ended.wait() }
        return count
    }

    #if canImport(Glibc)
        // An enumeration of C there, a number elsewhere.
        private static var openFilesResource: Int32 { Int32(bitPattern: RLIMIT_NOFILE.rawValue) }
        private static var addressResource: Int32 { Int32(bitPattern: RLIMIT_AS.rawValue) }
    #else
        private static var openFilesResource: Int32 { RLIMIT_NOFILE }
        private static var addressResource: Int32 { RLIMIT_AS }
    #endif
}
