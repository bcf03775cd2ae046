import Tensor

/// What is known of values that the closed list of a program's sums is about.
///
/// Statistics and right answers are no losses in form, so what may be summed of them is listed: the cells of a
/// column, whether they are there, how far they are from a constant, and whether a model's choice is right.
/// Whatever else is made of such values is judged by the rule alone.
enum RowCell: Hashable, Sendable {
    /// A finite open value that stays the same for a whole program.
    case constant
    /// The cells of a column, in whatever type and shape.
    case column
    /// The same times a constant.
    case scaled
    /// 1 where a cell of a column is there, as it is stored, 0 where it is missing.
    case presence
    /// The difference from a constant, times a constant.
    case deviation
    /// Its magnitude.
    case distance
    /// Its square.
    case square
    /// Which class a model finds likeliest, for each row.
    case choice
    /// Whether that is the row's label.
    case hit
    /// Where in its plane the largest of each window lies.
    case place
    /// One of the others, but for the last two, summed over all rows of a batch.
    case statistic
    /// A sum over all rows of a batch of what was made of each without regard to the others.
    case total

    /// Whether it is a number in each cell, of which a missing one may be replaced by a constant.
    fileprivate var isNumber: Bool {
        switch self {
        case .column, .scaled, .deviation, .distance, .square: true
        case .constant, .presence, .choice, .hit, .place, .statistic, .total: false
        }
    }

    /// Whether its magnitude and square are on the list.
    fileprivate var isSigned: Bool { self == .column || self == .scaled || self == .deviation }
}

extension RowRule {
    /// What the closed list knows of the value.
    var cell: RowCell? {
        switch operation {
        case .reshape, .reshapeLike, .transpose: isChosen(0) ? nil : cell(0)
        case .cast(let elementType): keptCell(in: elementType)
        case .multiply: product(cell(0), cell(1))
        case .divide: cell(1) == .constant ? product(cell(0), .constant) : nil
        case .add: moved(cell(0), cell(1)) ?? moved(cell(1), cell(0)) ?? totalOfTwo
        case .subtract: moved(cell(0), cell(1)) ?? totalOfTwo
        case .addProduct:
            cell(0) == .constant ? product(cell(1), cell(2)).flatMap { moved($0, .constant) } : nil
        case .abs: cell(0)?.isSigned == true ? .distance : nil
        case .power(let exponent): exponent == 2 && cell(0)?.isSigned == true ? .square : nil
        case .equal: equality
        case .select:
            choosesOwnCells && cell(1)?.isNumber == true && cell(2) == .constant ? cell(1) : nil
        case .argmax(let axis):
            smallestBatch != nil && form(0).isRows && inputs[0].source.isModelled && !isChosen(0)
                && Shape.resolve(axis: axis, rank: dimensions(0).count) != 0 ? .choice : nil
        case .maxPool: output.elementType == .int64 ? .place : nil
        case .sum(let axes, _):
            isSummedOverRows(axes) ? sumOfRows : cell(0) == .total || cell(0) == .statistic ? cell(0) : nil
        case .softmaxCrossEntropy(.sum):
            informing.contains(where: \.source.isPooled) ? nil : .total
        default: nil
        }
    }

    /// How many values a class index can have, where that is known.
    var classCount: Int? {
        if case .maxPool = operation, cell == .place { return dimensions(0).dropFirst(2).reduce(1, *) }
        return keepsClasses ? inputs.first?.classCount : nil
    }

    /// Whether class indices stay what they are.
    private var keepsClasses: Bool {
        switch operation {
        case .reshape, .reshapeLike, .transpose: true
        // To uint8 numbers saturate, and stay below as well.
        case .cast(let elementType): elementType != .float32 && types.first?.elementType != .float32
        default: false
        }
    }

    /// Whether a model's choices, or which are right, would be used otherwise than to count these: they single
    /// rows out.
    func misusesChoice(_ cell: RowCell?) -> Bool {
        guard inputs.indices.contains(where: isChosen) else { return false }
        if case .sum(let axes, _) = operation, self.cell(0) == .hit { return !isSummedOverRows(axes) }
        return cell != .hit
    }

    /// Whether it would be used where a largest lies, other than to go there: that singles rows out.
    var misusesPlace: Bool {
        let places = inputs.indices.filter { cell($0) == .place }
        switch operation {
        case .takePlanes, .scatterPlanes: return !places.isEmpty && places != [1]
        default: return !places.isEmpty
        }
    }

    /// Whether it would be used which cells are missing, other than to count them or to replace these very cells.
    var misusesPresence: Bool {
        guard inputs.indices.contains(where: { cell($0) == .presence }) else { return false }
        if case .sum(let axes, _) = operation { return !isSummedOverRows(axes) }
        return !choosesOwnCells
    }

    /// Whether of the cells of a column those that are missing are replaced by something that is no rows.
    var choosesOwnCells: Bool {
        guard case .select = operation, cell(0) == .presence, let own = inputs[0].origin else { return false }
        return inputs[1].origin == own && !form(2).isRows && form(2) != .secret
            && [dimensions(0), dimensions(1)].allSatisfy { $0 == output.shape.dimensions }
    }

    /// Which value's cells these are, in the same places; nothing where they were broadcast.
    var origin: Graph.ValueID? {
        switch operation {
        case .reshape, .reshapeLike, .transpose:
            return id
        default:
            let rows = inputs.indices.filter { form($0).isRows }
            let isInPlace = rows.allSatisfy { dimensions($0) == output.shape.dimensions }
            let origins = Set(rows.map { inputs[$0].origin })
            return isInPlace && origins.count == 1 ? origins.first ?? nil : nil
        }
    }

    private func cell(_ index: Int) -> RowCell? { index < inputs.count ? inputs[index].cell : nil }

    private func isChosen(_ index: Int) -> Bool { cell(index) == .choice || cell(index) == .hit }

    private func isSummedOverRows(_ axes: [Int]?) -> Bool {
        form(0).isRows && Shape.resolve(axes: axes, rank: dimensions(0).count)?.contains(0) == true
    }

    /// A number cut to a whole one is compared with its neighbours, so only whole ones become whole.
    private func keptCell(in elementType: ElementType) -> RowCell? {
        guard cell(0) == .column, elementType != .uint8 else { return nil }
        return elementType == .float32 || types.first?.elementType != .float32 ? .column : nil
    }

    private var sumOfRows: RowCell? {
        if cell(0)?.isNumber == true || cell(0) == .presence { return .statistic }
        return inputs[0].source.isPooled ? nil : .total
    }

    private var totalOfTwo: RowCell? { cell(0) == .total && cell(1) == .total ? .total : nil }

    private func product(_ left: RowCell?, _ right: RowCell?) -> RowCell? {
        if isOfOne, left == right, left?.isSigned == true, operation == .multiply { return .square }
        guard left == .constant || right == .constant else { return nil }
        let other = left == .constant ? right : left
        return switch other {
        case .column, .scaled: .scaled
        case .deviation, .total, .statistic: other
        default: nil
        }
    }

    private func moved(_ cells: RowCell?, _ offset: RowCell?) -> RowCell? {
        offset == .constant && cells?.isSigned == true ? .deviation : nil
    }

    private var equality: RowCell? {
        if isOfOne, cell(0) == .column { return .presence }
        let cells = [cell(0), cell(1)]
        return cells == [.choice, .column] || cells == [.column, .choice] ? .hit : nil
    }
}
