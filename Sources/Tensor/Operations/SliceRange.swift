/// The part of one axis that a slice keeps, as an operation's attributes name it.
struct SliceRange: CustomStringConvertible {
    /// The stop that stands for the end of the axis, whatever its size.
    static let end = Int.max

    private let start: Int
    private let stop: Int
    private let step: Int

    init(_ start: Int, _ stop: Int, _ step: Int) {
        self.start = start
        self.stop = stop
        self.step = step
    }

    /// How many elements of an axis it keeps; `nil` where it does not lie within the axis.
    func count(of size: Int) -> Int? {
        let first = SliceRange.position(start, of: size)
        let last = stop == SliceRange.end ? size : SliceRange.position(stop, of: size)
        guard step >= 1, first >= 0, first <= last, last <= size else { return nil }
        return first == last ? 0 : (last - first - 1) / step + 1
    }

    /// An index counted from the first element, negative ones from the end.
    static func position(_ index: Int, of size: Int) -> Int {
        index < 0 ? index + size : index
    }

    /// What was asked for, such as `2..<6` or `0... by 2`.
    var description: String {
        "\(start)\(stop == SliceRange.end ? "..." : "..<\(stop)")\(step == 1 ? "" : " by \(step)")"
    }
}
