package import Keys
import ZMQ

/// What a broker is told that lets in listed keys only.
package struct AccessConfiguration: Sendable {
    /// The broker's keys.
    let keys: CurveKeyPair
    /// Where the list of who is let in is.
    package let listPath: String
    /// The list as it was read when the broker began.
    let list: AllowList
    /// Keys that are on no list, to try whether they are let in.
    var stranger: CurveCredentials

    /// Reads a folder of keys; before the first context of libzmq lives, for keys are made.
    ///
    /// - Throws: `KeyError` for keys or a list that cannot be used.
    package init(_ folder: BrokerKeys) throws(KeyError) {
        let own = try folder.key()
        keys = own.keys
        listPath = folder.listPath
        list = try AllowList(contentsOf: folder.listPath)
        stranger = CurveCredentials(keys: try KeyFile().keys, serverKey: own.publicKey)
    }

    /// How many keys are let in.
    package var peerCount: Int { list.count }
}

/// Why a broker with keys must not be listened to.
package enum AccessFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Somebody who is on no list got in.
    case letIn(String)
    /// Whether anybody would get in was not found out.
    case unproven(String)

    /// One sentence.
    package var description: String {
        switch self {
        case .letIn(let who):
            "the broker let in \(who), which it must not: the libzmq it runs with does not ask who is let in"
        case .unproven(let reason):
            "whether strangers are kept out could not be tried: \(reason)"
        }
    }
}
