/// Values in numbered places; a place that was freed is used again, so that numbers stay small.
struct Slab<Element>: ~Copyable {
    private var places: [Element] = []
    private var taken: [Bool] = []
    private var free: [Int32] = []
    private let vacant: Element

    /// An empty slab.
    ///
    /// - Parameter vacant: what lies in free places, so that they hold on to nothing.
    init(vacant: Element) { self.vacant = vacant }

    /// How many places are taken.
    var count: Int { places.count - free.count }

    /// All numbers given out so far, free ones too; ask `isTaken` when walking them.
    var numbers: Range<Int32> { 0..<Int32(places.count) }

    /// Whether a number stands for a value.
    func isTaken(_ number: Int32) -> Bool { taken[Int(number)] }

    /// The value in a place that is taken.
    subscript(number: Int32) -> Element {
        _read { yield places[Int(number)] }
        _modify { yield &places[Int(number)] }
    }

    /// Puts a value into a free place and returns its number.
    mutating func insert(_ element: Element) -> Int32 {
        if let number = free.popLast() {
            places[Int(number)] = element
            taken[Int(number)] = true
            return number
        }
        places.append(element)
        taken.append(true)
        return Int32(places.count - 1)
    }

    /// Frees a place that is taken.
    mutating func remove(_ number: Int32) {
        precondition(taken[Int(number)], "place \(number) is free already")
        places[Int(number)] = vacant
        taken[Int(number)] = false
        free.append(number)
    }
}

extension Slab: Sendable where Element: Sendable {}
