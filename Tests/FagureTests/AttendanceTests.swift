import Protocol
import Testing

@testable import Fagure

@Suite("Which shards are wanted and away")
struct AttendanceTests {
    private let north = ShardReference(dataset: "patients", site: "north")
    private let south = ShardReference(dataset: "patients", site: "south")

    @Test("who is away is so since it was missed first, until it returns")
    func away() {
        var attendance = Attendance()
        attendance.look({ _ in false }, at: 1)
        #expect(attendance.away == [])
        attendance.want([south, north])
        attendance.look({ $0 == south }, at: 10)
        attendance.look({ $0 == south }, at: 15)
        #expect(attendance.away == [north])
        #expect(attendance.absence(of: north, at: 18) == 8 && attendance.absence(of: south, at: 18) == 0)
        attendance.look({ _ in true }, at: 20)
        #expect(attendance.away == [] && attendance.absence(of: north, at: 30) == 0)
    }

    @Test("who was given up is lacked until it returns, who is dismissed is not")
    func givenUp() {
        var attendance = Attendance()
        attendance.want([south, north])
        attendance.look({ _ in false }, at: 10)
        attendance.giveUp(north, at: 20)
        #expect(attendance.away == [south] && attendance.lacking == [north])
        attendance.dismiss(south)
        #expect(attendance.away == [])
        attendance.look({ _ in true }, at: 30)
        #expect(attendance.lacking == [])
        attendance.look({ _ in false }, at: 40)
        #expect(attendance.away == [north] && attendance.absence(of: north, at: 41) == 1)
    }
}
