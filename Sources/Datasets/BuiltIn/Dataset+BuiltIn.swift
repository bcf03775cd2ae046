import Foundation

extension Dataset {
    /// The data sets known by name.
    public enum BuiltIn: String, Sendable, CaseIterable {
        /// Four rows of two numbers: the tutorial's.
        case toy
        /// 1,797 hand-written digits of 8×8 pixels, part of the library.
        case digits
        /// 70,000 images of clothes of 28×28 pixels, read from files.
        case fashionMNIST = "fashion-mnist"
    }

    /// Loads a data set known by name.
    ///
    /// - Parameters:
    ///   - name: `toy`, `digits` or `fashion-mnist`.
    ///   - folder: Where the files of a data set that needs some are; looked up unless given.
    ///   - environment: Where the look-up reads `FAGURE_FASHION_MNIST`; the process's unless given.
    /// - Throws: `DatasetError.unknownDataset`, which lists what there is; for a missing file, how to get it.
    public static func load(
        named name: String, folder: String? = nil, environment: [String: String]? = nil
    ) throws(DatasetError) -> Dataset {
        let environment = environment ?? ProcessInfo.processInfo.environment
        return switch BuiltIn(rawValue: name) {
        case .toy: try toy().known(isPublic: true)
        case .digits: try digits().known(isPublic: true)
        case .fashionMNIST:
            try fashionMNIST(folder: fashionMNISTFolder(folder, environment: environment)).known(
                isPublic: false)
        case nil: throw .unknownDataset(name: name, known: BuiltIn.allCases.map(\.rawValue))
        }
    }
}
