/// Numbered members in numbered chains, each member in one chain at most.
///
/// Doubly linked lists in flat arrays: every change is O(1) and allocates only when a number is larger than
/// any before.
struct Chains: ~Copyable, Sendable {
    private static let nobody: Int32 = -1

    private struct Link {
        var next = Chains.nobody
        var previous = Chains.nobody
        var chain = Chains.nobody
    }

    private var heads: [Int32] = []
    private var counts: [Int32] = []
    private var links: [Link] = []

    /// The newest member of a chain.
    func first(of chain: Int32) -> Int32? {
        Int(chain) < heads.count ? Chains.known(heads[Int(chain)]) : nil
    }

    /// The member that joined the same chain before this one.
    func next(after member: Int32) -> Int32? {
        Int(member) < links.count ? Chains.known(links[Int(member)].next) : nil
    }

    /// The chain a member is in.
    func chain(of member: Int32) -> Int32? {
        Int(member) < links.count ? Chains.known(links[Int(member)].chain) : nil
    }

    /// How many members a chain has.
    func count(of chain: Int32) -> Int {
        Int(chain) < counts.count ? Int(counts[Int(chain)]) : 0
    }

    /// Puts a member into a chain, and takes it out of the one it was in.
    mutating func insert(_ member: Int32, into chain: Int32) {
        remove(member)
        while links.count <= Int(member) { links.append(Link()) }
        while heads.count <= Int(chain) {
            heads.append(Chains.nobody)
            counts.append(0)
        }
        let next = heads[Int(chain)]
        links[Int(member)] = Link(next: next, previous: Chains.nobody, chain: chain)
        if next != Chains.nobody { links[Int(next)].previous = member }
        heads[Int(chain)] = member
        counts[Int(chain)] += 1
    }

    /// Takes a member out of its chain; does nothing when it is in none.
    mutating func remove(_ member: Int32) {
        guard let chain = chain(of: member) else { return }
        let link = links[Int(member)]
        if link.previous == Chains.nobody {
            heads[Int(chain)] = link.next
        } else {
            links[Int(link.previous)].next = link.next
        }
        if link.next != Chains.nobody { links[Int(link.next)].previous = link.previous }
        links[Int(member)] = Link()
        counts[Int(chain)] -= 1
    }

    private static func known(_ number: Int32) -> Int32? { number == nobody ? nil : number }
}
