import Ground

/// What memory a process may use: its machine's, or its control group's where that is less.
package enum MachineMemory {
    /// What is assumed where the system does not say: 4 GiB.
    static let unknown = 4 << 30

    /// The bytes this process may use.
    package static func byteCount() -> Int {
        byteCount { path in
            // Files of the kernel have no length; a few lines are more than they hold.
            File.lines(path, byteCountMaximum: 64 << 10)
        }
    }

    /// The bytes, as files tell.
    static func byteCount(reading read: (String) -> [String]?) -> Int {
        let total = read("/proc/meminfo")?.lazy.compactMap(kibibytes).first
        let groups = read("/proc/self/cgroup") ?? []
        let limits = groups.flatMap(folders).compactMap { read($0)?.first.flatMap { Int($0) } }
        return limits.filter { $0 > 0 }.reduce(total ?? unknown) { min($0, $1) }
    }

    /// The total in a line such as `MemTotal:       24602356 kB`.
    private static func kibibytes(_ line: String) -> Int? {
        let words = line.split(separator: " ")
        guard words.count == 3, words[0] == "MemTotal:", words[2] == "kB", let count = Int(words[1]),
            count > 0, count <= Int.max >> 10
        else { return nil }
        return count << 10
    }

    /// The files that may hold a limit for a line such as `0::/a/b` or `4:memory:/a/b`: those of the group, of
    /// all it lies in, and of the root, which is the group itself inside a container.
    private static func folders(_ line: String) -> [String] {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return [] }
        let isSecond = parts[0] == "0" && parts[1].isEmpty
        guard isSecond || parts[1].split(separator: ",").contains("memory") else { return [] }
        let (root, name) =
            isSecond
            ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        var folder = root, files = ["\(root)/\(name)"]
        for step in parts[2].split(separator: "/").prefix(32) where step != ".." {
            folder += "/\(step)"
            files.append("\(folder)/\(name)")
        }
        return files
    }
}
