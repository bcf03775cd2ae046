import SwiftProtobuf

extension DatasetDescription {
    init(_ wire: WireDataset) throws(ProtocolError) {
        try checkName("a data set's name", wire.name)
        try check("columns", wire.columns.count, ProtocolLimits.columnsMaximum)
        try check("tags", wire.tags.count, ProtocolLimits.columnsMaximum)
        for tag in wire.tags { try checkName("a tag", tag) }
        guard let missing = MissingCells(wire.missing) else {
            throw .malformed("data set \(wire.name) says of missing cells what this version does not know")
        }
        guard wire.digest.isEmpty || wire.digest.count == ProtocolLimits.digestByteCount else {
            throw .malformed("data set \(wire.name) has a digest of \(wire.digest.count) bytes, expected 32")
        }
        var columns: [ColumnDescription] = []
        for column in wire.columns { columns.append(try ColumnDescription(column)) }
        let count = columns.reduce(0) { $0 + $1.features.count }
        try check("features", count, ProtocolLimits.columnsMaximum)
        self.init(
            name: wire.name, tags: wire.tags, columns: columns, missing: missing, digest: Array(wire.digest))
    }

    var wire: WireDataset {
        var wire = WireDataset()
        wire.name = name
        wire.tags = tags
        wire.columns = columns.map(\.wire)
        wire.missing = missing.wire
        wire.digest.append(contentsOf: digest)
        return wire
    }
}

extension MissingCells {
    fileprivate init?(_ wire: WireMissing) {
        switch wire {
        case .refuse: self = .refuse
        case .mean: self = .mean
        case .zero: self = .zero
        case .dropRow: self = .dropRow
        case .UNRECOGNIZED: return nil
        }
    }

    fileprivate var wire: WireMissing {
        switch self {
        case .refuse: .refuse
        case .mean: .mean
        case .zero: .zero
        case .dropRow: .dropRow
        }
    }
}

extension ColumnDescription {
    init(_ wire: WireColumn) throws(ProtocolError) {
        try checkName("a column's name", wire.name)
        try check("classes", wire.classes.count, ProtocolLimits.classesMaximum)
        try check("axes", wire.dimensions.count, 7)
        try check("a unit", wire.unit.utf8.count, ProtocolLimits.nameByteCountMaximum)
        let role: ColumnRole
        switch wire.role {
        case .feature: role = .feature
        case .label: role = .label
        default: throw .malformed("column \(wire.name) is neither feature nor label")
        }
        guard (1...4).contains(wire.elementType) else {
            throw .malformed("column \(wire.name) has unknown element type \(wire.elementType)")
        }
        var dimensions: [Int] = []
        for size in wire.dimensions {
            try check("a dimension of column \(wire.name)", Int(clamping: size), Int(Int32.max))
            dimensions.append(Int(size))
        }
        var features: [FeatureDescription] = []
        for feature in wire.features { features.append(try FeatureDescription(feature)) }
        let width = features.reduce(0) { $0 + $1.width }
        guard features.isEmpty || dimensions == [width] else {
            throw .malformed(
                "column \(wire.name) packs \(width) numbers, but a row of it has the shape \(dimensions)")
        }
        self.init(
            name: wire.name, role: role, elementType: UInt8(wire.elementType), dimensions: dimensions,
            classes: wire.classes, features: features, unit: wire.unit)
    }

    var wire: WireColumn {
        var wire = WireColumn()
        wire.name = name
        wire.role = role == .feature ? .feature : .label
        wire.elementType = UInt32(elementType)
        wire.dimensions = dimensions.map { UInt64(clamping: $0) }
        wire.classes = classes
        wire.features = features.map(\.wire)
        wire.unit = unit
        return wire
    }
}

extension FeatureDescription {
    init(_ wire: WireFeature) throws(ProtocolError) {
        try checkName("a feature's name", wire.name)
        try check("categories", wire.categories.count, ProtocolLimits.classesMaximum)
        try check("a unit", wire.unit.utf8.count, ProtocolLimits.nameByteCountMaximum)
        switch wire.kind {
        case .number:
            self.init(name: wire.name, kind: .number, unit: wire.unit)
        case .categories:
            self.init(name: wire.name, kind: .categories(wire.categories), unit: wire.unit)
        case .unspecified, .UNRECOGNIZED:
            throw .malformed("feature \(wire.name) is neither a number nor categories")
        }
    }

    var wire: WireFeature {
        var wire = WireFeature()
        wire.name = name
        wire.unit = unit
        switch kind {
        case .number:
            wire.kind = .number
        case .categories(let names):
            wire.kind = .categories
            wire.categories = names
        }
        return wire
    }
}

extension ShardDescription {
    init(_ wire: WireShard) throws(ProtocolError) {
        try checkName("a data set's name", wire.dataset)
        try checkName("a partition", wire.partition)
        guard wire.index < wire.count else {
            throw .malformed("shard \(wire.index)/\(wire.count) of \(wire.dataset) is out of range")
        }
        let reference = ShardReference(
            dataset: wire.dataset, partition: wire.partition, index: Int(wire.index), count: Int(wire.count))
        guard reference.site.map({ !$0.isEmpty && wire.count == 1 }) ?? true else {
            throw .malformed("\(reference.partition) of \(wire.dataset) is not the one part of a named site")
        }
        for rows in [wire.trainRows, wire.heldOutRows] {
            try check("rows of \(reference)", Int(clamping: rows), ProtocolLimits.rowsMaximum)
        }
        self.init(
            reference: reference, trainRows: Int(wire.trainRows), heldOutRows: Int(wire.heldOutRows),
            schema: wire.schema.isEmpty ? .none : SchemaHash(try Identifier(wire.schema)),
            releaseRowsMinimum: Int(wire.releaseRowsMinimum), leftOut: clip(wire.leftOut))
    }

    var wire: WireShard {
        var wire = WireShard()
        wire.dataset = reference.dataset
        wire.partition = reference.partition
        wire.index = UInt32(clamping: reference.index)
        wire.count = UInt32(clamping: reference.count)
        wire.trainRows = UInt64(clamping: trainRows)
        wire.heldOutRows = UInt64(clamping: heldOutRows)
        if schema != .none { wire.schema.append(contentsOf: schema.identifier.bytes) }
        wire.releaseRowsMinimum = UInt32(clamping: releaseRowsMinimum)
        wire.leftOut = leftOut
        return wire
    }
}
