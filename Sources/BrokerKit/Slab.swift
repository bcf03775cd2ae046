/// Values in numbered slots; a slot that was freed is used again, so that numbers stay small.
struct Slab<Element>: ~Copyable {
    private var slots: [Element] = []
    private var taken: [Bool] = []
    private var free: [Int32] = []
    private let vacant: Element

    /// An empty slab.
    ///
    /// - Parameter vacant: what lies in free slots, so that they hold on to nothing.
    init(vacant: Element) { self.vacant = vacant }

    /// How many slots are taken.
    var count: Int { slots.count - free.count }

    /// All numbers given out so far, free ones too; ask `isTaken` when walking them.
    var numbers: Range<Int32> { 0..<Int32(slots.count) }

    /// Whether a number stands for a value.
    func isTaken(_ number: Int32) -> Bool { taken[Int(number)] }

    /// The value in a slot that is taken.
    subscript(number: Int32) -> Element {
        _read { yield slots[Int(number)] }
        _modify { yield &slots[Int(number)] }
    }

    /// Puts a value into a free slot and returns its number.
    mutating func insert(_ element: Element) -> Int32 {
        if let number = free.popLast() {
            slots[Int(number)] = element
            taken[Int(number)] = true
            return number
        }
        slots.append(element)
        taken.append(true)
        return Int32(slots.count - 1)
    }

    /// Frees a slot that is taken.
    mutating func remove(_ number: Int32) {
        precondition(taken[Int(number)], "slot \(number) is free already")
        slots[Int(number)] = vacant
        taken[Int(number)] = false
        free.append(number)
    }
}

extension Slab: Sendable where Element: Sendable {}
