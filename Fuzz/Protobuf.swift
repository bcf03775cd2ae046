/// A serialised message as its fields, so that one can be changed and the lengths around it still be right.
struct Protobuf {
    private enum Value {
        case varint(UInt64)
        /// Four or eight bytes.
        case fixed([UInt8])
        case bytes([UInt8])
    }

    private struct Field {
        var number: UInt64
        var value: Value
    }

    private var fields: [Field] = []

    /// Reads what can be read; `nil` for bytes that are no message.
    private init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let key = Protobuf.takeVarint(&rest), key >> 3 > 0,
                let value = Protobuf.take(key & 7, &rest)
            else { return nil }
            fields.append(Field(number: key >> 3, value: value))
        }
    }

    /// A message with some changes, in it or in messages it holds: one, as often as more.
    static func changed(_ bytes: [UInt8], beside other: [UInt8], _ random: inout Randomness) -> [UInt8] {
        var bytes = bytes
        repeat { bytes = changed(bytes, beside: other, depth: 0, &random) } while random.once(in: 2)
        return Array(bytes.prefix(Mutation.byteCountMaximum))
    }

    private static func changed(
        _ bytes: [UInt8], beside other: [UInt8], depth: Int, _ random: inout Randomness
    ) -> [UInt8] {
        guard depth < 8, var message = Protobuf(bytes), !message.fields.isEmpty, !random.once(in: 12) else {
            return Mutation.changed(bytes, beside: other, &random)
        }
        let index = random.below(message.fields.count)
        switch random.below(16) {
        case 0: message.fields.remove(at: index)
        case 1: message.repeatField(index, &random)
        case 2: message.fields.swapAt(index, random.below(message.fields.count))
        case 3: message.fields[index].number = 1 + UInt64(random.below(24))
        case 4:
            // A field of another message; its meaning here is another, too.
            if let stranger = Protobuf(other)?.fields, !stranger.isEmpty {
                message.fields.insert(random.pick(stranger), at: index)
            }
        default: message.changeValue(index, beside: other, depth: depth, &random)
        }
        return message.encoded
    }

    private mutating func repeatField(_ index: Int, _ random: inout Randomness) {
        let times = random.once(in: 24) ? random.below(5_000) : 1 + random.below(2)
        let field = fields[index]
        guard Protobuf(fields: [field]).encoded.count * times <= Mutation.byteCountMaximum else { return }
        fields.insert(contentsOf: repeatElement(field, count: times), at: index)
    }

    private mutating func changeValue(
        _ index: Int, beside other: [UInt8], depth: Int, _ random: inout Randomness
    ) {
        switch fields[index].value {
        case .varint(let number):
            let near = number &+ UInt64(bitPattern: Int64(random.below(5) - 2))
            fields[index].value = .varint(random.once(in: 2) ? near : random.pick(Mutation.numbers))
        case .fixed(let bytes):
            let number = random.once(in: 2) ? random.pick(Mutation.numbers) : random.next()
            fields[index].value = .fixed(
                bytes.indices.map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) })
        case .bytes(let bytes):
            fields[index].value = .bytes(
                Protobuf.isMessage(bytes)
                    ? Protobuf.changed(bytes, beside: other, depth: depth + 1, &random)
                    : Protobuf.changedNumbers(bytes, beside: other, &random))
        }
    }

    /// Texts are bytes; lists of numbers may be packed into bytes as well.
    private static func changedNumbers(
        _ bytes: [UInt8], beside other: [UInt8], _ random: inout Randomness
    ) -> [UInt8] {
        guard random.once(in: 2) else { return Mutation.changed(bytes, beside: other, &random) }
        var rest = bytes[...], numbers: [UInt64] = []
        while let number = takeVarint(&rest) { numbers.append(number) }
        guard rest.isEmpty, !numbers.isEmpty else { return Mutation.changed(bytes, beside: other, &random) }
        let index = random.below(numbers.count)
        switch random.below(4) {
        case 0: numbers.remove(at: index)
        case 1: numbers.insert(random.pick(Mutation.numbers), at: index)
        case 2: numbers[index] = UInt64(random.below(12))
        default: numbers[index] = random.pick(Mutation.numbers)
        }
        return numbers.flatMap(varint)
    }

    private static func isMessage(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 2 && Protobuf(bytes) != nil
    }

    private init(fields: [Field]) { self.fields = fields }

    private var encoded: [UInt8] {
        fields.flatMap { field -> [UInt8] in
            switch field.value {
            case .varint(let number): Protobuf.varint(field.number << 3) + Protobuf.varint(number)
            case .fixed(let bytes):
                Protobuf.varint(field.number << 3 | (bytes.count == 8 ? 1 : 5)) + bytes
            case .bytes(let bytes):
                Protobuf.varint(field.number << 3 | 2) + Protobuf.varint(UInt64(bytes.count)) + bytes
            }
        }
    }

    private static func take(_ kind: UInt64, _ rest: inout ArraySlice<UInt8>) -> Value? {
        switch kind {
        case 0: return takeVarint(&rest).map { .varint($0) }
        case 1: return take(8, &rest).map { .fixed($0) }
        case 5: return take(4, &rest).map { .fixed($0) }
        case 2:
            guard let count = takeVarint(&rest) else { return nil }
            return take(Int(clamping: count), &rest).map { .bytes($0) }
        default: return nil
        }
    }

    private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    private static func takeVarint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for (index, byte) in rest.prefix(10).enumerated() {
            number |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte < 0x80 {
                rest = rest.dropFirst(index + 1)
                return number
            }
        }
        return nil
    }

    private static func varint(_ number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = [], rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
