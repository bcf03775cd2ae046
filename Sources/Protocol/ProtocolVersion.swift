/// A version of the protocol: majors do not understand each other, minors do.
package struct ProtocolVersion: Sendable, Hashable, CustomStringConvertible {
    /// What must be equal.
    package let major: UInt8
    /// What may differ.
    package let minor: UInt8

    /// What this build speaks.
    package static let current = ProtocolVersion(major: 2, minor: 0)
    /// The majors this build speaks, lowest and highest.
    package static let supported: ClosedRange<UInt32> = 2...2

    /// Such as `2.0`.
    package var description: String { "\(major).\(minor)" }

    /// The highest major both sides speak, or `nil` where there is none.
    package static func highestCommon(_ theirs: ClosedRange<UInt32>) -> UInt32? {
        let common = supported.clamped(to: theirs)
        return supported.overlaps(theirs) ? common.upperBound : nil
    }
}
