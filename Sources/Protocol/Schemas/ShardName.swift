/// What a shard is called among those of its data set.
public enum ShardName: Sendable, Hashable {
    /// One part of a data set that everyone has: which, from 0, of how many.
    case part(index: Int, of: Int)
    /// Somebody's own rows, whole.
    case site(String)

    /// What is drawn for a shard is keyed by this, whoever else takes part: a part's index, or 32 bits of a
    /// site's name (FNV-1a over its UTF-8 bytes).
    public var drawKey: UInt32 {
        switch self {
        case .part(let index, _):
            UInt32(truncatingIfNeeded: index)
        case .site(let name):
            name.utf8.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        }
    }
}

extension ShardName: Comparable {
    /// The order updates are folded in: parts by index; sites after them, by name, digits in it by their value.
    public static func < (left: ShardName, right: ShardName) -> Bool {
        switch (left, right) {
        case (.part(let left, let leftCount), .part(let right, let rightCount)):
            (left, leftCount) < (right, rightCount)
        case (.part, .site): true
        case (.site, .part): false
        case (.site(let left), .site(let right)): isOrdered(Array(left.utf8), Array(right.utf8))
        }
    }

    /// Compares byte by byte, runs of digits as numbers: `ward9` before `ward10`. Names that differ in zeros
    /// before a number alone are told apart by their bytes.
    private static func isOrdered(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        var (l, r) = (left[...], right[...])
        while let first = l.first, let second = r.first {
            guard isDigit(first), isDigit(second) else {
                guard first == second else { return first < second }
                (l, r) = (l.dropFirst(), r.dropFirst())
                continue
            }
            let (a, b) = (l.prefix(while: isDigit), r.prefix(while: isDigit))
            let (x, y) = (a.drop { $0 == zero }, b.drop { $0 == zero })
            guard x.count == y.count else { return x.count < y.count }
            guard x.elementsEqual(y) else { return x.lexicographicallyPrecedes(y) }
            (l, r) = (l.dropFirst(a.count), r.dropFirst(b.count))
        }
        guard l.isEmpty, r.isEmpty else { return l.isEmpty }
        return left.lexicographicallyPrecedes(right)
    }

    private static let zero = UInt8(ascii: "0")

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= zero && byte <= zero + 9 }
}

extension ShardName: CustomStringConvertible {
    /// Such as `2/4`, or `north`.
    public var description: String {
        switch self {
        case .part(let index, let count): "\(index)/\(count)"
        case .site(let name): name
        }
    }
}
