from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
DISTRIBUTION_NORMAL: Distribution
DISTRIBUTION_UNIFORM: Distribution
DISTRIBUTION_UNSPECIFIED: Distribution
PART_HELD_OUT: Part
PART_TRAIN: Part
PART_UNSPECIFIED: Part

class Body(_message.Message):
    __slots__ = ["job"]
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ["name", "part", "shard"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    SHARD_FIELD_NUMBER: _ClassVar[int]
    name: str
    part: Part
    shard: Shard
    def __init__(self, shard: _Optional[_Union[Shard, _Mapping]] = ..., part: _Optional[_Union[Part, str]] = ..., name: _Optional[str] = ...) -> None: ...

class Constant(_message.Message):
    __slots__ = ["dimensions", "element_type", "elements"]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    ELEMENTS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    dimensions: _containers.RepeatedScalarFieldContainer[int]
    element_type: int
    elements: bytes
    def __init__(self, element_type: _Optional[int] = ..., dimensions: _Optional[_Iterable[int]] = ..., elements: _Optional[bytes] = ...) -> None: ...

class Fold(_message.Message):
    __slots__ = ["columns", "constants", "finish", "finish_inputs", "part", "schedule", "shards", "states", "step"]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    CONSTANTS_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    FINISH_INPUTS_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    constants: _containers.RepeatedScalarFieldContainer[int]
    finish: GraphReference
    finish_inputs: _containers.RepeatedScalarFieldContainer[int]
    part: Part
    schedule: Schedule
    shards: _containers.RepeatedCompositeFieldContainer[FoldShard]
    states: _containers.RepeatedScalarFieldContainer[int]
    step: GraphReference
    def __init__(self, step: _Optional[_Union[GraphReference, _Mapping]] = ..., states: _Optional[_Iterable[int]] = ..., constants: _Optional[_Iterable[int]] = ..., columns: _Optional[_Iterable[str]] = ..., finish: _Optional[_Union[GraphReference, _Mapping]] = ..., finish_inputs: _Optional[_Iterable[int]] = ..., part: _Optional[_Union[Part, str]] = ..., schedule: _Optional[_Union[Schedule, _Mapping]] = ..., shards: _Optional[_Iterable[_Union[FoldShard, _Mapping]]] = ...) -> None: ...

class FoldShard(_message.Message):
    __slots__ = ["batch_size", "shard", "shuffle_seed"]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    SHARD_FIELD_NUMBER: _ClassVar[int]
    SHUFFLE_SEED_FIELD_NUMBER: _ClassVar[int]
    batch_size: int
    shard: Shard
    shuffle_seed: int
    def __init__(self, shard: _Optional[_Union[Shard, _Mapping]] = ..., batch_size: _Optional[int] = ..., shuffle_seed: _Optional[int] = ...) -> None: ...

class Graph(_message.Message):
    __slots__ = ["constants", "inputs", "nodes", "outputs"]
    CONSTANTS_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    constants: _containers.RepeatedCompositeFieldContainer[Constant]
    inputs: _containers.RepeatedCompositeFieldContainer[GraphInput]
    nodes: _containers.RepeatedCompositeFieldContainer[Node]
    outputs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, inputs: _Optional[_Iterable[_Union[GraphInput, _Mapping]]] = ..., constants: _Optional[_Iterable[_Union[Constant, _Mapping]]] = ..., nodes: _Optional[_Iterable[_Union[Node, _Mapping]]] = ..., outputs: _Optional[_Iterable[int]] = ...) -> None: ...

class GraphInput(_message.Message):
    __slots__ = ["dimensions", "element_type", "name"]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    dimensions: _containers.RepeatedScalarFieldContainer[int]
    element_type: int
    name: str
    def __init__(self, name: _Optional[str] = ..., element_type: _Optional[int] = ..., dimensions: _Optional[_Iterable[int]] = ...) -> None: ...

class GraphReference(_message.Message):
    __slots__ = ["graph", "hash"]
    GRAPH_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    graph: bytes
    hash: bytes
    def __init__(self, hash: _Optional[bytes] = ..., graph: _Optional[bytes] = ...) -> None: ...

class HeldObject(_message.Message):
    __slots__ = ["dimensions", "element_type", "object"]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    dimensions: _containers.RepeatedScalarFieldContainer[int]
    element_type: int
    object: int
    def __init__(self, object: _Optional[int] = ..., element_type: _Optional[int] = ..., dimensions: _Optional[_Iterable[int]] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ["ended", "fold", "lists_objects", "once", "outputs", "released", "sources"]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    FOLD_FIELD_NUMBER: _ClassVar[int]
    LISTS_OBJECTS_FIELD_NUMBER: _ClassVar[int]
    ONCE_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    ended: bytes
    fold: Fold
    lists_objects: bool
    once: Once
    outputs: _containers.RepeatedCompositeFieldContainer[Output]
    released: _containers.RepeatedScalarFieldContainer[int]
    sources: _containers.RepeatedCompositeFieldContainer[Source]
    def __init__(self, sources: _Optional[_Iterable[_Union[Source, _Mapping]]] = ..., once: _Optional[_Union[Once, _Mapping]] = ..., fold: _Optional[_Union[Fold, _Mapping]] = ..., outputs: _Optional[_Iterable[_Union[Output, _Mapping]]] = ..., released: _Optional[_Iterable[int]] = ..., ended: _Optional[bytes] = ..., lists_objects: bool = ...) -> None: ...

class NamedTensor(_message.Message):
    __slots__ = ["name", "tensor"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENSOR_FIELD_NUMBER: _ClassVar[int]
    name: str
    tensor: TensorReference
    def __init__(self, name: _Optional[str] = ..., tensor: _Optional[_Union[TensorReference, _Mapping]] = ...) -> None: ...

class Node(_message.Message):
    __slots__ = ["floats", "inputs", "integers", "operation", "results"]
    FLOATS_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    INTEGERS_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    floats: _containers.RepeatedScalarFieldContainer[float]
    inputs: _containers.RepeatedScalarFieldContainer[int]
    integers: _containers.RepeatedScalarFieldContainer[int]
    operation: int
    results: int
    def __init__(self, operation: _Optional[int] = ..., inputs: _Optional[_Iterable[int]] = ..., integers: _Optional[_Iterable[int]] = ..., floats: _Optional[_Iterable[float]] = ..., results: _Optional[int] = ...) -> None: ...

class Once(_message.Message):
    __slots__ = ["graph", "inputs"]
    GRAPH_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    graph: GraphReference
    inputs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, graph: _Optional[_Union[GraphReference, _Mapping]] = ..., inputs: _Optional[_Iterable[int]] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ["objects", "outputs", "parts", "seconds", "sums"]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    SUMS_FIELD_NUMBER: _ClassVar[int]
    objects: _containers.RepeatedCompositeFieldContainer[HeldObject]
    outputs: _containers.RepeatedCompositeFieldContainer[NamedTensor]
    parts: _containers.RepeatedCompositeFieldContainer[PartOutcome]
    seconds: float
    sums: _containers.RepeatedCompositeFieldContainer[NamedTensor]
    def __init__(self, outputs: _Optional[_Iterable[_Union[NamedTensor, _Mapping]]] = ..., parts: _Optional[_Iterable[_Union[PartOutcome, _Mapping]]] = ..., seconds: _Optional[float] = ..., objects: _Optional[_Iterable[_Union[HeldObject, _Mapping]]] = ..., sums: _Optional[_Iterable[_Union[NamedTensor, _Mapping]]] = ...) -> None: ...

class Output(_message.Message):
    __slots__ = ["name", "object", "state", "sum", "transfer"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    name: str
    object: int
    state: State
    sum: Sum
    transfer: Transfer
    def __init__(self, name: _Optional[str] = ..., object: _Optional[int] = ..., state: _Optional[_Union[State, _Mapping]] = ..., transfer: _Optional[_Union[Transfer, _Mapping]] = ..., sum: _Optional[_Union[Sum, _Mapping]] = ...) -> None: ...

class PartOutcome(_message.Message):
    __slots__ = ["batches", "examples", "failure", "largest", "outputs"]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    LARGEST_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    batches: int
    examples: int
    failure: bytes
    largest: float
    outputs: _containers.RepeatedCompositeFieldContainer[NamedTensor]
    def __init__(self, outputs: _Optional[_Iterable[_Union[NamedTensor, _Mapping]]] = ..., examples: _Optional[int] = ..., batches: _Optional[int] = ..., failure: _Optional[bytes] = ..., largest: _Optional[float] = ...) -> None: ...

class Random(_message.Message):
    __slots__ = ["distribution", "seed", "type"]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    distribution: Distribution
    seed: int
    type: TensorType
    def __init__(self, type: _Optional[_Union[TensorType, _Mapping]] = ..., seed: _Optional[int] = ..., distribution: _Optional[_Union[Distribution, str]] = ...) -> None: ...

class Schedule(_message.Message):
    __slots__ = ["batch_limit", "drops_remainder", "epochs", "shuffles"]
    BATCH_LIMIT_FIELD_NUMBER: _ClassVar[int]
    DROPS_REMAINDER_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    SHUFFLES_FIELD_NUMBER: _ClassVar[int]
    batch_limit: int
    drops_remainder: bool
    epochs: int
    shuffles: bool
    def __init__(self, epochs: _Optional[int] = ..., shuffles: bool = ..., batch_limit: _Optional[int] = ..., drops_remainder: bool = ...) -> None: ...

class Shard(_message.Message):
    __slots__ = ["count", "dataset", "index", "partition"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    count: int
    dataset: str
    index: int
    partition: str
    def __init__(self, dataset: _Optional[str] = ..., partition: _Optional[str] = ..., index: _Optional[int] = ..., count: _Optional[int] = ...) -> None: ...

class Source(_message.Message):
    __slots__ = ["column", "examples", "first_state", "last_state", "metric", "object", "random", "state", "tensor", "zeros"]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    FIRST_STATE_FIELD_NUMBER: _ClassVar[int]
    LAST_STATE_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    RANDOM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TENSOR_FIELD_NUMBER: _ClassVar[int]
    ZEROS_FIELD_NUMBER: _ClassVar[int]
    column: Column
    examples: bool
    first_state: int
    last_state: int
    metric: int
    object: int
    random: Random
    state: State
    tensor: TensorReference
    zeros: TensorType
    def __init__(self, tensor: _Optional[_Union[TensorReference, _Mapping]] = ..., object: _Optional[int] = ..., column: _Optional[_Union[Column, _Mapping]] = ..., zeros: _Optional[_Union[TensorType, _Mapping]] = ..., random: _Optional[_Union[Random, _Mapping]] = ..., state: _Optional[_Union[State, _Mapping]] = ..., first_state: _Optional[int] = ..., last_state: _Optional[int] = ..., metric: _Optional[int] = ..., examples: bool = ...) -> None: ...

class State(_message.Message):
    __slots__ = ["name", "run"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    name: str
    run: bytes
    def __init__(self, run: _Optional[bytes] = ..., name: _Optional[str] = ...) -> None: ...

class Sum(_message.Message):
    __slots__ = ["by_examples", "exponent", "limit"]
    BY_EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    EXPONENT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    by_examples: bool
    exponent: int
    limit: float
    def __init__(self, exponent: _Optional[int] = ..., limit: _Optional[float] = ..., by_examples: bool = ...) -> None: ...

class TensorReference(_message.Message):
    __slots__ = ["dimensions", "element_type", "frame", "offset"]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    dimensions: _containers.RepeatedScalarFieldContainer[int]
    element_type: int
    frame: int
    offset: int
    def __init__(self, element_type: _Optional[int] = ..., dimensions: _Optional[_Iterable[int]] = ..., frame: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class TensorType(_message.Message):
    __slots__ = ["dimensions", "element_type"]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    dimensions: _containers.RepeatedScalarFieldContainer[int]
    element_type: int
    def __init__(self, element_type: _Optional[int] = ..., dimensions: _Optional[_Iterable[int]] = ...) -> None: ...

class Transfer(_message.Message):
    __slots__ = ["object", "worker"]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    object: int
    worker: bytes
    def __init__(self, worker: _Optional[bytes] = ..., object: _Optional[int] = ...) -> None: ...

class Part(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Distribution(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
