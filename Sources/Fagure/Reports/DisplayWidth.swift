extension String {
    /// How many columns of a terminal the text takes: two for characters of East Asian scripts and pictures, none
    /// for marks that stand on others.
    var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

    /// The text cut to so many columns, with an ellipsis where something is missing.
    func clipped(to columns: Int) -> String {
        guard displayWidth > columns else { return self }
        guard columns > 0 else { return "" }
        var (clipped, width) = ("", 0)
        for character in self {
            width += character.displayWidth
            guard width < columns else { break }
            clipped.append(character)
        }
        return clipped + "…"
    }
}

extension Character {
    fileprivate var displayWidth: Int {
        // A picture put together of several, such as a flag, takes as much room as one. The halfwidth voicing marks
        // belong to the character before them, but have a column of their own.
        unicodeScalars.reduce(0) { width, scalar in
            (0xFF9E...0xFF9F).contains(scalar.value) ? width + 1 : max(width, scalar.displayWidth)
        }
    }
}

extension Unicode.Scalar {
    /// The widest blocks of UAX #11, in ranges that hold few others.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F1E6...0x1F1FF,
        0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]

    fileprivate var displayWidth: Int {
        if isASCII { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        case .format: return value == 0xAD ? 1 : 0
        default: break
        }
        let isWide = properties.isEmojiPresentation || Unicode.Scalar.wide.contains { $0.contains(value) }
        return isWide ? 2 : 1
    }
}
