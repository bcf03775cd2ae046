import Protocol
import SwiftProtobuf
import Tensor
import TestSupport
import Testing

@testable import Jobs

/// SwiftProtobuf is the oracle of what is written and read by hand.
@Suite("Plain outcomes by hand")
struct PlainOutcomeTests {
    private static let types: [ElementType] = [.float32, .int32, .int64, .uint8]

    private func outcome(_ random: inout SplitMix64) throws -> PlainOutcome {
        let names = ["", "loss", "θ", String(repeating: "n", count: 200)]
        let outputs = try (0..<Int.random(in: 0...4, using: &random)).map { _ in
            let dimensions = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                [0, 1, 127, 128, 300, 16_384].randomElement(using: &random) ?? 1
            }
            // As many as a shape may have elements.
            let shape = try Shape(dimensions.reduce(1) { $0 * max(1, $1) } < 1 << 30 ? dimensions : [7])
            let type = try #require(Self.types.randomElement(using: &random))
            return PlainOutcome.Output(
                name: try #require(names.randomElement(using: &random)),
                place: TensorPlace(
                    type: ValueType(type, shape), frame: UInt32(Int.random(in: 0...200, using: &random)),
                    offset: UInt64(Int.random(in: 0...9, using: &random)) << 30))
        }
        let seconds = try #require([0, 0.25, 1e-6, -0.0, .infinity].randomElement(using: &random))
        return PlainOutcome(outputs: outputs, seconds: seconds)
    }

    private func wire(_ outcome: PlainOutcome) -> JobOutcome {
        made(JobOutcome()) {
            $0.seconds = outcome.seconds
            $0.outputs = outcome.outputs.map { output in
                made(JobNamedTensor()) {
                    $0.name = output.name
                    $0.tensor = output.place.wire
                }
            }
        }
    }

    @Test("they are the bytes SwiftProtobuf writes, and come back as they were")
    func writing() throws {
        var random = SplitMix64(seed: 11)
        for _ in 0..<500 {
            let outcome = try outcome(&random)
            let bytes: [UInt8] = try wire(outcome).serializedBytes()
            #expect(outcome.bytes == bytes)
            let back = try #require(PlainOutcome(bytes))
            #expect(wire(back) == wire(outcome))
        }
    }

    @Test("what is read of damaged bytes is what SwiftProtobuf reads, or nothing")
    func damaged() throws {
        var random = SplitMix64(seed: 12)
        var readCount = 0
        for _ in 0..<20_000 {
            var bytes = try outcome(&random).bytes
            guard !bytes.isEmpty else { continue }
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            case 1: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            default:
                bytes.insert(
                    .random(in: 0...255, using: &random), at: Int.random(in: bytes.indices, using: &random))
            }
            guard let read = PlainOutcome(bytes) else { continue }
            readCount += 1
            // As bytes: seconds that are no number do not equal themselves.
            let again: [UInt8] = try JobOutcome(serializedBytes: bytes).serializedBytes()
            #expect(read.bytes == again)
        }
        #expect(readCount > 1_000)
    }

    @Test("what it has no words for is left to SwiftProtobuf")
    func others() throws {
        let sums = made(JobOutcome()) { $0.sums = [JobNamedTensor()] }
        let objects = made(JobOutcome()) { $0.objects = [JobHeldObject()] }
        let parts = made(JobOutcome()) { $0.parts = [JobPartOutcome()] }
        for wire in [sums, objects, parts] {
            #expect(PlainOutcome(try wire.serializedBytes()) == nil)
        }
        // A number longer than it must be, and a field that comes too late.
        #expect(PlainOutcome([0x0A, 0x84, 0x00, 0x12, 0x02, 0x08, 0x01]) == nil)
        #expect(PlainOutcome([0x19, 0, 0, 0, 0, 0, 0, 0, 0, 0x0A, 0x00]) == nil)
    }
}
