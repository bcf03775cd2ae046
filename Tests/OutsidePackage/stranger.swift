// What strangers write first, as they write it: at the top level, with numbers of whatever type they have.
import Fagure

let session = try await Session.embedded()
let bob = try await session.addWorker("bob")
let x = try await Tensor([1, 2, 3, 4]).send(to: bob)
print(try await (x + 1).get())
print(try await (2 * x - 0.5).copy().get())

let rate = 0.5, count = 3, exponent: Float = 2
let y = (x * rate / count - rate + count) ** exponent
var z = rate - y
z *= rate
z -= 1
z = z.maximum(rate).minimum(count).greater(than: rate)
print(try await z.get())

let model = try Sequential(Linear(4, 2, seed: 1), ReLU(), Linear(2, 1, seed: 2))
let rows = Tensor.random([8, 4], seed: 1) + Tensor.ones([8, 4]) * rate
print(model)
print(model(rows))
print(try await get(model(rows).mean(), model).0)
print(try Tensor.concatenated([rows[0], rows[-1]]).sum().item())
await session.close()
