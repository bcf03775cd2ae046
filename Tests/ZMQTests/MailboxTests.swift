import Testing

@testable import ZMQ

@Suite struct MailboxTests {
    @Test("only the first push to a sleeping loop asks for a wake-up")
    func wake() {
        let mailbox = Mailbox()
        #expect(mailbox.push {} == .queued)
        #expect(mailbox.prepareToSleep() == false)
        var items: [Mailbox.Item] = []
        mailbox.drain(into: &items)
        #expect(items.count == 1)
        #expect(mailbox.prepareToSleep() == true)
        #expect(mailbox.push {} == .wake)
        #expect(mailbox.push {} == .queued)
    }

    @Test("a loop that was woken by its sockets and has drained does not wake itself")
    func awake() {
        let mailbox = Mailbox()
        var items: [Mailbox.Item] = []
        #expect(mailbox.prepareToSleep() == true)
        mailbox.drain(into: &items)
        #expect(mailbox.push {} == .queued)
    }

    @Test("a closed mailbox refuses closures but takes what must not be lost, behind the last closure")
    func close() {
        let mailbox = Mailbox()
        #expect(mailbox.close(with: {}) == .queued)
        #expect(mailbox.push {} == .refused)
        #expect(mailbox.close(with: {}) == .refused)
        #expect(mailbox.pushAlways(.work {}) == .queued)
    }

    @Test("a thread may end only when nothing is left, and the next push asks for another")
    func retire() {
        let mailbox = Mailbox()
        _ = mailbox.push {}
        #expect(mailbox.retire {} == false)
        var items: [Mailbox.Item] = []
        mailbox.drain(into: &items)
        #expect(mailbox.retire {} == true)
        #expect(mailbox.pushAlways(.work {}) == .orphaned)
        #expect(mailbox.pushAlways(.work {}) == .queued)
    }
}
