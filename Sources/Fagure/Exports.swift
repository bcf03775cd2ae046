// `import Fagure` is all a program needs: tensors, layers, optimizers, data sets and metrics are part of what its
// functions take and return, so whoever uses one uses the others. `Protocol` stays apart; only those who look
// at a `Failure`'s code need it.
@_exported public import Datasets
@_exported public import Federation
@_exported public import Tensor
