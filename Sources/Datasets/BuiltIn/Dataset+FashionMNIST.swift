import Foundation
import Tensor

extension Dataset {
    /// Where Debian's package puts the files.
    package static let fashionMNISTDefaultFolder = "/usr/share/datasets/fashion-mnist"

    /// The names of the classes, in order of their index.
    package static let fashionMNISTClasses = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
    ]

    private static let fashionMNISTVariable = "FAGURE_FASHION_MNIST"
    private static let advice = """
        Fashion-MNIST comes with Debian's package dataset-fashion-mnist \
        (apt-get install dataset-fashion-mnist); elsewhere put its four IDX files in a folder \
        and name that in \(fashionMNISTVariable)
        """

    /// The folder to read: the one given, else the environment's, else Debian's.
    static func fashionMNISTFolder(_ folder: String?, environment: [String: String]) -> String {
        folder ?? environment[fashionMNISTVariable].flatMap { $0.isEmpty ? nil : $0 }
            ?? fashionMNISTDefaultFolder
    }

    /// Reads the four files, plain or gzip: `pixels` uint8 [28, 28] as stored, `label` int32; 60,000 and
    /// 10,000 rows.
    ///
    /// Any set of the same form will do (MNIST has the same files).
    static func fashionMNIST(folder: String) throws(DatasetError) -> Dataset {
        try Dataset(
            name: BuiltIn.fashionMNIST.rawValue,
            tags: ["images", "classification"],
            train: try fashionMNISTPart("train", in: folder),
            test: try fashionMNISTPart("t10k", in: folder),
        )
    }

    private static func fashionMNISTPart(_ part: String, in folder: String) throws(DatasetError) -> Table {
        let images = try IDXFile(path: path(of: "\(part)-images-idx3-ubyte", in: folder), advice: advice)
        let labels = try IDXFile(path: path(of: "\(part)-labels-idx1-ubyte", in: folder), advice: advice)
        guard images.shape.rank == 3, labels.shape.rank == 1, images.shape[0] == labels.shape[0] else {
            throw .invalidFile(
                path: images.path,
                reason: "images \(images.shape) and labels \(labels.shape) do not belong together")
        }
        let pixels = Column(
            name: "pixels",
            role: .feature,
            elementType: .uint8,
            rowShape: try checked(Shape(Array(images.shape.dimensions.dropFirst()))),
        )
        let label = Column(name: "label", role: .label, elementType: .int32, classes: fashionMNISTClasses)
        return try Table(
            schema: Schema([pixels, label]),
            values: [images.elements(), classIndices(labels)],
        )
    }

    private static func classIndices(_ labels: IDXFile) throws(DatasetError) -> TensorValue {
        let bytes = try labels.bytes()
        if let row = bytes.firstIndex(where: { Int($0) >= fashionMNISTClasses.count }) {
            throw .invalidFile(
                path: labels.path,
                reason: "label \(bytes[row]) in row \(row), allowed are 0 to \(fashionMNISTClasses.count - 1)"
            )
        }
        return try checked(TensorValue(bytes.map { Int32($0) }))
    }

    /// The plain file where it is there, else the gzip one, which then names what is missing.
    private static func path(of name: String, in folder: String) -> String {
        let plain = URL(fileURLWithPath: folder).appendingPathComponent(name).path
        return FileManager.default.fileExists(atPath: plain) ? plain : plain + ".gz"
    }
}
