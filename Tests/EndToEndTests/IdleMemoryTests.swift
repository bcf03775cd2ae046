#if os(Linux)
    import Fagure
    import Foundation
    import Tensor
    import Testing

    @Suite("Memory of an idle worker", .serialized, .timeLimit(.minutes(5)))
    struct IdleMemoryTests {
        /// How much more than before a worker may have once large results have left: what the C library keeps, a few
        /// plans.
        static let bound = 32 << 20

        /// A number of bytes the system keeps for a process, such as `VmRSS` or `VmHWM`.
        private static func byteCount(_ key: String, of process: Int32) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(key):") })
            let number = try #require(
                line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first)
            return try #require(Int(number)) << 10
        }

        /// Parts of at most 24 MiB are where the C library keeps what is freed, larger ones are mapped alone.
        @Test(
            "what a worker took for a large result it gives back",
            arguments: [(parts: 1, side: 7_000), (parts: 10, side: 2_400)])
        func givenBack(_ parts: Int, _ side: Int) async throws {
            try await withProcesses(["bob": ["--object-memory", "64"]]) { fleet, session in
                let bob = try await session.worker("bob"), process = fleet.workers[0].identifier
                let ones = [Float](repeating: 1, count: side)
                let column = try await Tensor(ones, shape: [side, 1]).send(to: bob)
                let row = try await Tensor(ones, shape: [1, side]).send(to: bob)
                let before = try Self.byteCount("VmRSS", of: process)
                let results = try await get((0..<parts).map { column * row + Float($0) })
                #expect(try results.map { try $0.floats[side] } == (0..<parts).map { Float($0 + 1) })
                #expect(try Self.byteCount("VmHWM", of: process) > before + parts * side * side * 4)
                // It is given back when nothing has run for a while; asking what it keeps is no work.
                while try Self.byteCount("VmRSS", of: process) > before + Self.bound {
                    _ = try await bob.objects
                }
            }
        }
    }
#endif
