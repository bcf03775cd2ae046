import Ground
package import ZMQ

extension AllowList {
    private static let kind = "fagure peers 1"
    private static let absent = "-"
    private static let revoked = "revoked"

    /// Reads a list.
    ///
    /// - Throws: `KeyError` that names the line: a role, a key or a name that is none, a key or name that is let in
    ///   twice, a key everybody knows; also for a file that others may read.
    package init(contentsOf path: String) throws(KeyError) {
        let file = try TextFile(
            path, kind: Self.kind, byteCountMaximum: KeyLimits.listByteCountMaximum, isSecret: true)
        self.init()
        var keys: Set<CurvePublicKey> = [], names: Set<String> = []
        for line in file.lines {
            let entry: Entry
            do throws(LineFault) {
                entry = try Self.entry(line.text)
                if let key = entry.key, !keys.insert(key).inserted {
                    throw LineFault("its key is listed twice")
                }
                if case .revoked = entry.standing {
                } else if !names.insert(entry.name).inserted {
                    throw LineFault("'\(entry.name)' is listed twice")
                }
            } catch {
                throw .malformed(path: path, line: line.number, reason: VisibleText.line(error.reason))
            }
            add(entry)
        }
    }

    private struct LineFault: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private static func entry(_ text: Substring) throws(LineFault) -> Entry {
        let words = text.split(separator: " ", maxSplits: 3)
        guard words.count == 4 else { throw LineFault("expected a role, a key or -, a date and a name") }
        let (word, since, name) = (String(words[0]), String(words[2]), String(words[3]))
        if let fault = KeyName.fault(of: name) { throw LineFault("the name \(fault)") }
        let role = KeyRole(rawValue: word)
        guard role != nil || word == revoked else {
            throw LineFault(
                "there is no role '\(VisibleText.shortened(word, to: 20))', expected \(KeyRole.names)")
        }
        if words[1] == absent, let role { return Entry(standing: .invited(role), since: since, name: name) }
        guard let key = try? CurvePublicKey(String(words[1])) else {
            throw LineFault("the key of \(name) is no public key of 40 characters")
        }
        guard let role else { return Entry(standing: .revoked(key), since: since, name: name) }
        guard !key.isPublished else {
            throw LineFault("the key of \(name) \(CurvePublicKey.publishedReason)")
        }
        return Entry(
            standing: .enrolled(Credential(key: key, name: name, role: role)), since: since, name: name)
    }

    /// The list as it is written.
    package var text: String {
        let lines = entries.map { entry in
            let (word, key) =
                switch entry.standing {
                case .invited(let role): (role.rawValue, Self.absent)
                case .enrolled(let credential): (credential.role.rawValue, credential.key.text)
                case .revoked(let key): (Self.revoked, key.text)
                }
            return "\(word) \(key) \(entry.since) \(entry.name)\n"
        }
        return
            "\(Self.kind)\n# role, key (- until it comes back), since, name; a running broker sees changes at once\n"
            + lines.joined()
    }

    /// Reads a list, changes it and writes it, while nobody else does.
    ///
    /// The old list stays where the new one cannot be written whole.
    @discardableResult
    package static func change<T>(
        at path: String, _ body: (inout AllowList) throws(KeyError) -> T
    ) throws(KeyError) -> T {
        try File.locked(path, failure: { KeyError.unwritable($0) }) { () throws(KeyError) in
            var list = try AllowList(contentsOf: path)
            let result = try body(&list)
            do throws(FileError) {
                try File.write(Array(list.text.utf8), to: path, mode: 0o600)
            } catch {
                throw .unwritable(error)
            }
            return result
        }
    }
}

extension AllowList.Entry {
    /// The key, once there is one.
    package var key: CurvePublicKey? {
        switch standing {
        case .invited: nil
        case .enrolled(let credential): credential.key
        case .revoked(let key): key
        }
    }
}
