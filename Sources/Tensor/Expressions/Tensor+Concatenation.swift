// Concatenation.
extension Tensor {
    /// Tensors one after another along an axis, all other sizes equal; a negative axis counts from the end.
    ///
    /// It is computed where the tensors are. What does not fit is reported where the value is needed: shapes and
    /// element types that differ.
    public static func concatenated(
        _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        guard !tensors.isEmpty else {
            return .failing(
                .valueMismatch(name: "concatenate", expected: "at least one tensor", got: "none"),
                Origin(file: file, line: line))
        }
        return .applying(.concatenate(axis: axis), to: tensors, file: file, line: line)
    }

    /// This tensor, then another along an axis; see the function of several.
    public func concatenated(
        with other: Tensor, axis: Int = 0, file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        .concatenated([self, other], axis: axis, file: file, line: line)
    }
}
