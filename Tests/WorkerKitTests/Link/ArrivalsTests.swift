import Ground
import Protocol
import Testing

@testable import Link

@Suite("What arrives at a peer, and what it keeps")
struct ArrivalsTests {
    private static let megabyte = 1 << 20

    /// Takes a job with a named attachment, and all of its bytes where they are asked for.
    ///
    /// - Returns: whether they were.
    private func fetch(_ number: UInt64, _ byteCount: Int, job: UInt64, _ arrivals: inout Arrivals) -> Bool {
        let header = Header(.dispatch, job: JobID(high: 1, low: job), attempt: 1, epoch: 7)
        var events: [Arrivals.Event] = []
        let attachment = Attachment(byteCount: byteCount, name: ContentName(1, 2, 3, number))
        arrivals.begin(header, [attachment], body: [], inline: nil, &events)
        var isAsked = false
        if case .want(_, let extent) = events.first {
            isAsked = true
            let bytes = Storage(elements: [UInt8](repeating: UInt8(number), count: extent.count))
            let isExpected = bytes.withBytes {
                arrivals.take(extent, of: header.job, attempt: 1, $0, &events)
            }
            #expect(isExpected)
        }
        guard case .complete(let message) = events.last else {
            Issue.record("job \(job) is not complete")
            return isAsked
        }
        #expect(
            message.frames[0].elements(as: UInt8.self) == [UInt8](repeating: UInt8(number), count: byteCount))
        return isAsked
    }

    @Test("of bytes with a name those of late are kept: twice what the largest job needed, some MiB at least")
    func kept() {
        var arrivals = Arrivals(byteCountMaximum: 1 << 30, contentByteCountMaximum: 1 << 30)
        let small = 3 * Self.megabyte, large = 5 * Self.megabyte
        // Two of three MB have room in eight: the last ones need not come again, the first must. A job of five makes
        // room for ten.
        let course: [(number: UInt64, byteCount: Int, isAsked: Bool)] = [
            (0, small, true), (1, small, true), (2, small, true), (2, small, false), (1, small, false),
            (0, small, true), (3, large, true), (4, large, true), (3, large, false), (4, large, false),
            (0, small, true), (3, large, true),
        ]
        for (job, step) in course.enumerated() {
            let isAsked = fetch(step.number, step.byteCount, job: UInt64(job), &arrivals)
            #expect(isAsked == step.isAsked, "step \(job)")
        }
    }

    @Test("no more is kept than there is room for, whatever jobs need")
    func bounded() {
        var arrivals = Arrivals(byteCountMaximum: 1 << 30, contentByteCountMaximum: 4 * Self.megabyte)
        let asked = ([1, 2, 2, 1] as [UInt64]).enumerated().map { job, number in
            fetch(number, 3 * Self.megabyte, job: UInt64(job), &arrivals)
        }
        #expect(asked == [true, true, false, true])
    }

    @Test("what was offered is withdrawn once, by its attempt or a later one")
    func withdrawn() {
        var supplies = Supplies()
        let job = JobID(high: 1, low: 1), part = TensorFrame.whole(Storage(byteCount: 10))
        var withdrawn: [Bool] = []
        withdrawn.append(supplies.withdraw(job, attempt: 9))
        supplies.offer([part], of: job, attempt: 2)
        for attempt in [1, 2, 2] as [UInt32] { withdrawn.append(supplies.withdraw(job, attempt: attempt)) }
        #expect(withdrawn == [false, false, true, false])
        #expect(supplies.isEmpty)
    }
}
