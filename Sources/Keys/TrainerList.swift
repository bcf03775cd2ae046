package import ZMQ

/// The trainers a worker's owner lets ask it anything: names, or public keys.
package struct TrainerList: Sendable, Hashable {
    private var names: Set<String> = []
    private var keys: Set<CurvePublicKey> = []

    /// Reads a list, one name or public key a line; lines that begin with `# ` are passed over.
    ///
    /// - Throws: `KeyError` for a list of nobody, which would be a worker nobody may use.
    package init(contentsOf path: String) throws(KeyError) {
        let file = try TextFile(
            path, kind: nil, byteCountMaximum: KeyLimits.trainersByteCountMaximum, isSecret: false)
        // Else its lines would pass for names, and the worker would wait for trainers nobody is called.
        if let first = file.lines.first, first.text.hasPrefix("fagure ") {
            throw .malformed(
                path: path, line: first.number,
                reason: "is a file of another kind ('\(first.text)'), expected a name or key a line")
        }
        for line in file.lines {
            let text = String(line.text)
            if let key = try? CurvePublicKey(text) {
                guard !key.isPublished else {
                    throw .malformed(path: path, line: line.number, reason: CurvePublicKey.publishedReason)
                }
                keys.insert(key)
            } else {
                if let fault = KeyName.fault(of: text) {
                    throw .malformed(path: path, line: line.number, reason: "the name \(fault)")
                }
                names.insert(text)
            }
        }
        guard !names.isEmpty || !keys.isEmpty else {
            throw .malformed(path: path, line: nil, reason: "names no trainer, expected a name or key a line")
        }
    }

    /// Takes names and keys.
    package init(names: Set<String> = [], keys: Set<CurvePublicKey> = []) {
        self.names = names
        self.keys = keys
    }

    /// Whether a trainer is on it.
    package func allows(name: String, key: CurvePublicKey) -> Bool {
        names.contains(name) || keys.contains(key)
    }
}
