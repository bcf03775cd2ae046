/// Lets one note through in an interval, and counts those it held back.
struct NoticeGate {
    private let intervalMilliseconds: Int64
    private var openAt: Int64 = .min
    private var heldBack = 0

    init(intervalMilliseconds: Int64) {
        self.intervalMilliseconds = intervalMilliseconds
    }

    /// The text to log now, with the number of those held back since the last one; `nil` for one to hold
    /// back.
    mutating func admit(_ text: @autoclosure () -> String, at now: Int64) -> String? {
        guard now >= openAt else {
            heldBack += 1
            return nil
        }
        defer { heldBack = 0 }
        openAt = now + intervalMilliseconds
        return heldBack == 0 ? text() : "\(text()) (and \(heldBack) more since the last such line)"
    }
}
