import Testing

@testable import BrokerKit

@Suite("Log throttle")
struct LogThrottleTests {
    @Test("admits a burst, then one line in an interval, and tells what it left out")
    func throttles() {
        var throttle = LogThrottle(intervalMilliseconds: 10, burst: 3)
        #expect((0..<5).map { _ in throttle.admit(at: 100) } == [0, 0, 0, nil, nil])
        #expect(throttle.admit(at: 109) == nil)
        #expect(throttle.admit(at: 110) == 3)
        #expect(throttle.admit(at: 110) == nil)
        #expect(throttle.admit(at: 1_000) == 1)
    }
}
