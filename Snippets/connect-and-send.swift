// Sends a tensor to a worker, computes on it there, and brings the answer back.
import Fagure
import Tensor

let session = try await Session.embedded()
let bob = try await session.addWorker("bob")

// snippet.send
let here: Tensor = [1, 2, 3, 4]
let x = try await here.send(to: bob)
print(x)  // float32 [4] at bob
print(here)  // [1.0, 2.0, 3.0, 4.0]
// snippet.end

// snippet.compute
let y = x * 2 + 1  // recorded, not computed: no message is sent
print(y, try y.shape)  // float32 [4] at bob, known without asking
print(try await y.get())  // [3.0, 5.0, 7.0, 9.0]
// snippet.end
await session.close()
