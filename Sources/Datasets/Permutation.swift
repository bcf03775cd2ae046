import Tensor

/// What rows are drawn for: part of the key, so that two draws by one seed have nothing in common.
enum DrawPurpose: UInt32 {
    // Part of what makes a run repeatable: never reuse a number.
    case partition = 0
    case holdOut = 1
}

/// The rows `0..<count` in random order: the same for the same seed and purpose, on every machine.
///
/// - Complexity: O(count).
func permutation(of count: Int, seed: UInt64, purpose: DrawPurpose) -> [Int32] {
    var philox = Philox(seed: seed, round: purpose.rawValue, purpose: .partition)
    return philox.permutation(count)
}
