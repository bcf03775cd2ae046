internal import Ground

/// What other threads want the loop to do, first come first served.
///
/// The loop says when it is about to sleep, and only the first push after that asks for a wake-up. The loop
/// itself never sleeps while it pushes, so it never wakes itself.
struct Mailbox: ~Copyable, Sendable {
    /// One thing to do.
    @safe enum Item {
        /// A job of an actor that lives on the loop.
        case job(UnownedJob)
        /// A piece of a task that runs here.
        case task(UnownedJob, UnownedTaskExecutor)
        /// A closure.
        case work(@Sendable () -> Void)
    }

    /// What the pusher has to do.
    enum Push {
        /// Nothing: the loop is awake.
        case queued
        /// Wake the loop.
        case wake
        /// Start a thread: the loop's own has ended.
        case orphaned
        /// Nothing was taken: the mailbox is closed.
        case refused
    }

    // Not private: swiftc 6.3.1 emits a broken module for a private type in a `Lock` here.
    struct State {
        var items: [Item] = []
        var isSleeping = false
        var isClosed = false
        var hasThread = true
    }

    private let state = Lock(State())

    /// Adds a closure, unless the mailbox is closed.
    func push(_ work: @escaping @Sendable () -> Void) -> Push {
        state.withLock { state in
            guard !state.isClosed else { return .refused }
            return Self.add(.work(work), to: &state)
        }
    }

    /// Adds something that must not be lost, closed or not: a job, or news of the loop's own end.
    func pushAlways(_ item: Item) -> Push {
        state.withLock { state in Self.add(item, to: &state) }
    }

    /// Closes the mailbox and adds a last closure, behind all that was accepted.
    func close(with last: @escaping @Sendable () -> Void) -> Push {
        state.withLock { state in
            guard !state.isClosed else { return .refused }
            state.isClosed = true
            return Self.add(.work(last), to: &state)
        }
    }

    /// Exchanges an empty array for what is in the mailbox, keeping both arrays' memory in use.
    func drain(into items: inout [Item]) {
        state.withLock { state in
            state.isSleeping = false
            swap(&state.items, &items)
        }
    }

    /// Whether the loop may sleep; from now on the first push asks for a wake-up.
    func prepareToSleep() -> Bool {
        state.withLock { state in
            state.isSleeping = state.items.isEmpty
            return state.isSleeping
        }
    }

    /// Whether the thread may end because nothing is left; `body` runs before anyone can start the next
    /// thread.
    func retire(_ body: () -> Void) -> Bool {
        state.withLock { state in
            guard state.items.isEmpty else { return false }
            state.hasThread = false
            body()
            return true
        }
    }

    private static func add(_ item: Item, to state: inout State) -> Push {
        state.items.append(item)
        guard state.hasThread else {
            state.hasThread = true
            return .orphaned
        }
        guard state.isSleeping else { return .queued }
        state.isSleeping = false
        return .wake
    }
}
