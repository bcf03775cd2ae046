import Ground

/// The folder of a broker's keys: its own, and the list of who is let in.
package struct BrokerKeys: Sendable, Hashable {
    /// Where it is.
    package let folder: String

    /// Names a folder; nothing is read.
    package init(_ folder: String) { self.folder = folder }

    /// The broker's own keys.
    package var keyPath: String { "\(folder)/broker.key" }
    /// Who is let in.
    package var listPath: String { "\(folder)/peers" }

    /// Makes the folder, keys and a list of nobody.
    ///
    /// - Throws: `KeyError` where there are keys already; they are left as they are.
    package func create() throws(KeyError) -> KeyFile {
        let file = try KeyFile()
        do throws(FileError) {
            try File.makeSecretFolder(folder)
            // The list first: keys without a list would be no keys to begin with.
            if File.state(of: listPath) == nil {
                try File.createSecret(Array(AllowList().text.utf8), at: listPath)
            }
        } catch {
            throw .unwritable(error)
        }
        try file.create(at: keyPath)
        return file
    }

    /// Reads the broker's own keys.
    package func key() throws(KeyError) -> KeyFile {
        let file: KeyFile
        do throws(KeyError) {
            file = try KeyFile(contentsOf: keyPath)
        } catch .unreadable(let error) where File.state(of: keyPath) == nil {
            throw .unreadable(
                FileError(
                    path: error.path, reason: error.reason + "; `broker keygen --keys \(folder)` makes one"))
        }
        guard file.membership == nil else {
            throw .refused("\(keyPath) is a site's key, expected a broker's: `broker keygen` makes one")
        }
        return file
    }
}
