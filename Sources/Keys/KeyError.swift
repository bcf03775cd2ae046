package import Ground

/// Why a file of keys cannot be used, or a change of who is let in not be made.
package enum KeyError: Error, Sendable, Hashable {
    /// A file that cannot be read, or must not be.
    case unreadable(FileError)
    /// A file that cannot be written.
    case unwritable(FileError)
    /// A file that is not what it should be; the line from 1, or `nil` for all of it.
    case malformed(path: String, line: Int?, reason: String)
    /// Something that may not be asked for.
    case refused(String)
}

extension KeyError: CustomStringConvertible {
    /// The file and the line, what was expected and what came; never what a secret is.
    package var description: String {
        switch self {
        case .unreadable(let error), .unwritable(let error): "\(error)"
        case .malformed(let path, let line?, let reason): "\(path):\(line): \(reason)"
        case .malformed(let path, nil, let reason): "\(path): \(reason)"
        case .refused(let reason): reason
        }
    }
}
