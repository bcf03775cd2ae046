import Tensor

/// Makes a shape or value, with a fault in it becoming one of the table.
func checked<Value>(_ value: @autoclosure () throws(TensorError) -> Value) throws(DatasetError) -> Value {
    do {
        return try value()
    } catch {
        throw .invalidTable(reason: "\(error)")
    }
}
