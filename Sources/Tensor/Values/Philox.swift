/// A counter-based random number generator: Philox 4x32-10.
///
/// The numbers are a function of what they are for: the run's seed, the round, the shard and the purpose.
/// Nothing is shared and nothing depends on the order in which workers draw, so the same run gives the same
/// bits everywhere.
///
/// Not for keys or for noise that must hide something: whoever knows the seed knows the numbers.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public struct Philox: RandomNumberGenerator, Sendable {
    /// What numbers are drawn for; each purpose has numbers of its own.
    public struct Purpose: RawRepresentable, Sendable, Hashable {
        // Part of what makes a run repeatable: never reuse a number.
        /// First weights.
        public static let initialization = Purpose(rawValue: 1)
        /// The order of a shard's rows.
        public static let shuffle = Purpose(rawValue: 2)
        /// Which rows a shard gets, and which are held out.
        public static let partition = Purpose(rawValue: 3)
        /// Which shards take part.
        public static let selection = Purpose(rawValue: 4)
        /// Samples made up for tests and benchmarks.
        public static let samples = Purpose(rawValue: 5)
        /// What a job has a worker draw.
        public static let draws = Purpose(rawValue: 6)

        /// The number that stands for the purpose.
        public let rawValue: UInt32

        /// A purpose of one's own.
        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }
    }

    private let key: SIMD2<UInt32>
    private var counter: SIMD4<UInt32>
    private var block = SIMD4<UInt32>()
    private var used = 4

    /// Starts a sequence of 2³⁴ numbers of 32 bits, different for different arguments.
    public init(seed: UInt64, round: UInt32 = 0, shard: UInt32 = 0, purpose: Purpose) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        counter = SIMD4(0, purpose.rawValue, round, shard)
    }

    /// The next 32 random bits.
    @inline(__always)
    public mutating func nextWord() -> UInt32 {
        if used == 4 {
            block = Philox.block(counter: counter, key: key)
            counter.x &+= 1
            used = 0
        }
        defer { used += 1 }
        return block[used]
    }

    /// The next 64 random bits, the lower half drawn first.
    public mutating func next() -> UInt64 {
        let low = UInt64(nextWord())
        return low | UInt64(nextWord()) << 32
    }

    /// Ten rounds of Philox on a counter: 128 random bits.
    package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (c0, c1, c2, c3) = (counter.x, counter.y, counter.z, counter.w)
        var (k0, k1) = (key.x, key.y)
        for _ in 0..<10 {
            let left = UInt64(c0) &* 0xD251_1F53
            let right = UInt64(c2) &* 0xCD9E_8D57
            (c0, c1, c2, c3) = (
                UInt32(truncatingIfNeeded: right >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: right),
                UInt32(truncatingIfNeeded: left >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: left)
            )
            // Weyl sequences of the golden ratio and of √3 − 1.
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return SIMD4(c0, c1, c2, c3)
    }
}
