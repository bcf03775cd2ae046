import SwiftProtobuf

/// One number a broker tells of itself, named as in its metrics.
public struct Reading: Sendable, Hashable {
    /// Such as `fagure_jobs`.
    public let name: String
    /// What tells it from others of its name, such as `state`; empty where nothing must.
    public let label: String
    /// What the label says, such as `running`.
    public let kind: String
    /// The number: a count, bytes or seconds, as the name says.
    public let value: Double

    /// The only reading of a name.
    public init(_ name: String, _ value: Double) { self.init(name, "", "", value) }

    /// One of several readings of a name.
    public init(_ name: String, _ label: String, _ kind: String, _ value: Double) {
        (self.name, self.label, self.kind, self.value) = (name, label, kind, value)
    }
}

/// What a broker tells of itself: what there is now, and what it has counted since it started.
public struct BrokerStatus: Sendable, Hashable {
    /// The numbers, those of one name together.
    public var readings: [Reading]

    /// Puts a status together.
    public init(_ readings: [Reading] = []) { self.readings = readings }

    /// The number of a name and kind; 0 where the broker does not say it.
    ///
    /// - Complexity: O(readings).
    public subscript(_ name: String, _ kind: String = "") -> Double {
        readings.first { $0.name == name && $0.kind == kind }?.value ?? 0
    }

    /// All of a name, in the broker's order.
    public func readings(of name: String) -> [Reading] { readings.filter { $0.name == name } }
}

extension BrokerStatus: ControlBody {
    package init(decoding bytes: [UInt8]) throws(ProtocolError) {
        let wire = try parse(WireStatus.self, bytes)
        try check("readings", wire.readings.count, ProtocolLimits.readingsMaximum)
        self.init()
        for reading in wire.readings {
            try checkName("a reading's name", reading.name)
            try check("a reading's label", reading.label.utf8.count, ProtocolLimits.nameByteCountMaximum)
            try check("a reading's kind", reading.kind.utf8.count, ProtocolLimits.nameByteCountMaximum)
            readings.append(Reading(reading.name, reading.label, reading.kind, reading.value))
        }
    }

    package func encoded() -> [UInt8] {
        var wire = WireStatus()
        wire.readings = readings.map { reading in
            var wire = WireReading()
            (wire.name, wire.label) = (reading.name, reading.label)
            (wire.kind, wire.value) = (reading.kind, reading.value)
            return wire
        }
        return serialise(wire)
    }
}
