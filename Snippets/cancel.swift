// A task that is cancelled cancels its job; what the worker keeps is unharmed.
import Fagure
import Tensor

let session = try await Session.embedded()
let bob = try await session.addWorker("bob")

// snippet.cancel
let x = try await Tensor([Float](repeating: 0.001, count: 1_000_000), shape: [1_000, 1_000]).send(to: bob)
var power = x
for _ in 0..<1_000 { power = power.matmul(x) }

let total = power.sum()
let task = Task { try await total.get() }
task.cancel()
do {
    print(try await task.value)
} catch RemoteError.cancelled {
    print("cancelled")
}
print("x is still there, its sum is", try await x.sum().get())
// snippet.end
await session.close()
