/// A seeded source of everything a run does: SplitMix64, as Steele, Lea and Flood gave it.
struct Randomness: RandomNumberGenerator {
    private var state: UInt64

    /// The source of one input of a run; inputs can be repeated one by one.
    init(seed: UInt64, input: UInt64) {
        state = seed &* 0x9e37_79b9_7f4a_7c15 ^ input
        state = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number below a count; 0 where there is nothing to choose from.
    mutating func below(_ count: Int) -> Int { count > 0 ? Int.random(in: 0..<count, using: &self) : 0 }

    /// Whether something that happens once in so many times happens now.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }

    /// One of some things.
    mutating func pick<T>(_ things: [T]) -> T { things[below(things.count)] }
}
