from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

COLUMN_ROLE_FEATURE: ColumnRole
COLUMN_ROLE_LABEL: ColumnRole
COLUMN_ROLE_UNSPECIFIED: ColumnRole
DESCRIPTOR: _descriptor.FileDescriptor
FEATURE_KIND_CATEGORIES: FeatureKind
FEATURE_KIND_NUMBER: FeatureKind
FEATURE_KIND_UNSPECIFIED: FeatureKind
MISSING_DROP_ROW: Missing
MISSING_MEAN: Missing
MISSING_REFUSE: Missing
MISSING_ZERO: Missing
ROLE_TRAINER: Role
ROLE_UNSPECIFIED: Role
ROLE_WORKER: Role

class Catalogue(_message.Message):
    __slots__ = ["datasets", "gone", "is_partial", "queue", "revision", "since", "trainers", "workers"]
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    IS_PARTIAL_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    TRAINERS_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    datasets: _containers.RepeatedCompositeFieldContainer[Dataset]
    gone: _containers.RepeatedScalarFieldContainer[bytes]
    is_partial: bool
    queue: Queue
    revision: int
    since: int
    trainers: int
    workers: _containers.RepeatedCompositeFieldContainer[Worker]
    def __init__(self, workers: _Optional[_Iterable[_Union[Worker, _Mapping]]] = ..., datasets: _Optional[_Iterable[_Union[Dataset, _Mapping]]] = ..., trainers: _Optional[int] = ..., queue: _Optional[_Union[Queue, _Mapping]] = ..., revision: _Optional[int] = ..., since: _Optional[int] = ..., gone: _Optional[_Iterable[bytes]] = ..., is_partial: bool = ...) -> None: ...

class CatalogueQuery(_message.Message):
    __slots__ = ["follows", "revision"]
    FOLLOWS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    follows: bool
    revision: int
    def __init__(self, revision: _Optional[int] = ..., follows: bool = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ["classes", "dimensions", "element_type", "features", "name", "role", "unit"]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    classes: _containers.RepeatedScalarFieldContainer[str]
    dimensions: _containers.RepeatedScalarFieldContainer[int]
    element_type: int
    features: _containers.RepeatedCompositeFieldContainer[Feature]
    name: str
    role: ColumnRole
    unit: str
    def __init__(self, name: _Optional[str] = ..., role: _Optional[_Union[ColumnRole, str]] = ..., element_type: _Optional[int] = ..., dimensions: _Optional[_Iterable[int]] = ..., classes: _Optional[_Iterable[str]] = ..., features: _Optional[_Iterable[_Union[Feature, _Mapping]]] = ..., unit: _Optional[str] = ...) -> None: ...

class Dataset(_message.Message):
    __slots__ = ["columns", "digest", "missing", "name", "tags"]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    digest: bytes
    missing: Missing
    name: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ..., missing: _Optional[_Union[Missing, str]] = ..., digest: _Optional[bytes] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ["code", "message"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class Feature(_message.Message):
    __slots__ = ["categories", "kind", "name", "unit"]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    categories: _containers.RepeatedScalarFieldContainer[str]
    kind: FeatureKind
    name: str
    unit: str
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[FeatureKind, str]] = ..., categories: _Optional[_Iterable[str]] = ..., unit: _Optional[str] = ...) -> None: ...

class Goodbye(_message.Message):
    __slots__ = ["reason"]
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ["capacity", "considered", "datasets", "name", "open_attempts", "open_jobs", "processor", "protocol_maximum", "protocol_minimum", "role", "session", "shards", "software"]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    CONSIDERED_FIELD_NUMBER: _ClassVar[int]
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPEN_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    OPEN_JOBS_FIELD_NUMBER: _ClassVar[int]
    PROCESSOR_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_MINIMUM_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_FIELD_NUMBER: _ClassVar[int]
    capacity: int
    considered: _containers.RepeatedCompositeFieldContainer[Shard]
    datasets: _containers.RepeatedCompositeFieldContainer[Dataset]
    name: str
    open_attempts: _containers.RepeatedScalarFieldContainer[int]
    open_jobs: _containers.RepeatedScalarFieldContainer[bytes]
    processor: str
    protocol_maximum: int
    protocol_minimum: int
    role: Role
    session: bytes
    shards: _containers.RepeatedCompositeFieldContainer[Shard]
    software: str
    def __init__(self, name: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ..., session: _Optional[bytes] = ..., protocol_minimum: _Optional[int] = ..., protocol_maximum: _Optional[int] = ..., software: _Optional[str] = ..., datasets: _Optional[_Iterable[_Union[Dataset, _Mapping]]] = ..., shards: _Optional[_Iterable[_Union[Shard, _Mapping]]] = ..., capacity: _Optional[int] = ..., open_jobs: _Optional[_Iterable[bytes]] = ..., processor: _Optional[str] = ..., open_attempts: _Optional[_Iterable[int]] = ..., considered: _Optional[_Iterable[_Union[Shard, _Mapping]]] = ...) -> None: ...

class Owner(_message.Message):
    __slots__ = ["key", "name", "owner"]
    KEY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    name: str
    owner: bytes
    def __init__(self, owner: _Optional[bytes] = ..., key: _Optional[bytes] = ..., name: _Optional[str] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ["batches_done", "batches_total", "examples_done"]
    BATCHES_DONE_FIELD_NUMBER: _ClassVar[int]
    BATCHES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_DONE_FIELD_NUMBER: _ClassVar[int]
    batches_done: int
    batches_total: int
    examples_done: int
    def __init__(self, batches_done: _Optional[int] = ..., batches_total: _Optional[int] = ..., examples_done: _Optional[int] = ...) -> None: ...

class Queue(_message.Message):
    __slots__ = ["dropped_messages", "failed_jobs", "finished_jobs", "open_jobs", "resent_jobs", "uptime_milliseconds"]
    DROPPED_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    FAILED_JOBS_FIELD_NUMBER: _ClassVar[int]
    FINISHED_JOBS_FIELD_NUMBER: _ClassVar[int]
    OPEN_JOBS_FIELD_NUMBER: _ClassVar[int]
    RESENT_JOBS_FIELD_NUMBER: _ClassVar[int]
    UPTIME_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    dropped_messages: int
    failed_jobs: int
    finished_jobs: int
    open_jobs: int
    resent_jobs: int
    uptime_milliseconds: int
    def __init__(self, open_jobs: _Optional[int] = ..., finished_jobs: _Optional[int] = ..., failed_jobs: _Optional[int] = ..., resent_jobs: _Optional[int] = ..., dropped_messages: _Optional[int] = ..., uptime_milliseconds: _Optional[int] = ...) -> None: ...

class Reading(_message.Message):
    __slots__ = ["kind", "label", "name", "value"]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    label: str
    name: str
    value: float
    def __init__(self, name: _Optional[str] = ..., label: _Optional[str] = ..., kind: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class Shard(_message.Message):
    __slots__ = ["count", "dataset", "held_out_rows", "index", "left_out", "partition", "release_rows_minimum", "schema", "train_rows"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    HELD_OUT_ROWS_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ROWS_MINIMUM_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    TRAIN_ROWS_FIELD_NUMBER: _ClassVar[int]
    count: int
    dataset: str
    held_out_rows: int
    index: int
    left_out: str
    partition: str
    release_rows_minimum: int
    schema: bytes
    train_rows: int
    def __init__(self, dataset: _Optional[str] = ..., partition: _Optional[str] = ..., index: _Optional[int] = ..., count: _Optional[int] = ..., train_rows: _Optional[int] = ..., held_out_rows: _Optional[int] = ..., schema: _Optional[bytes] = ..., release_rows_minimum: _Optional[int] = ..., left_out: _Optional[str] = ...) -> None: ...

class Status(_message.Message):
    __slots__ = ["readings"]
    READINGS_FIELD_NUMBER: _ClassVar[int]
    readings: _containers.RepeatedCompositeFieldContainer[Reading]
    def __init__(self, readings: _Optional[_Iterable[_Union[Reading, _Mapping]]] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ["frame_byte_count_maximum", "heartbeat_milliseconds", "protocol_version", "remarks", "silence_milliseconds"]
    FRAME_BYTE_COUNT_MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    REMARKS_FIELD_NUMBER: _ClassVar[int]
    SILENCE_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    frame_byte_count_maximum: int
    heartbeat_milliseconds: int
    protocol_version: int
    remarks: _containers.RepeatedScalarFieldContainer[str]
    silence_milliseconds: int
    def __init__(self, protocol_version: _Optional[int] = ..., heartbeat_milliseconds: _Optional[int] = ..., silence_milliseconds: _Optional[int] = ..., frame_byte_count_maximum: _Optional[int] = ..., remarks: _Optional[_Iterable[str]] = ...) -> None: ...

class Worker(_message.Message):
    __slots__ = ["name", "open_jobs", "processor", "session", "shards", "silent_milliseconds", "software", "state"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPEN_JOBS_FIELD_NUMBER: _ClassVar[int]
    PROCESSOR_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    SILENT_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    name: str
    open_jobs: int
    processor: str
    session: bytes
    shards: _containers.RepeatedCompositeFieldContainer[Shard]
    silent_milliseconds: int
    software: str
    state: str
    def __init__(self, name: _Optional[str] = ..., session: _Optional[bytes] = ..., software: _Optional[str] = ..., state: _Optional[str] = ..., shards: _Optional[_Iterable[_Union[Shard, _Mapping]]] = ..., open_jobs: _Optional[int] = ..., silent_milliseconds: _Optional[int] = ..., processor: _Optional[str] = ...) -> None: ...

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class ColumnRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class FeatureKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Missing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
