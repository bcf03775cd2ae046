"""What a fold may let out of a shard's rows, found from its graphs before they run: PROTOCOL.md, section 13.

The rule here is narrower than the document's: it knows training by gradients, with momentum and weight decay or without, and
judging by losses and right answers, and refuses whatever else touches rows. What it passes, the document passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import pickrules
from .failures import NotPermitted
from .operations import TABLE
from .program import Program
from .rowrule import RowRule
from .tensors import Array
from .traits import OPEN, Kind, Refused, Trait
from .values import FLOAT, ValueType


@dataclass(frozen=True)
class Part:
    """What rows have to do with a state or metric: none, some perhaps of one batch alone, or all an equal part."""

    is_private: bool
    is_total: bool
    is_statistic: bool = False


@dataclass(frozen=True)
class Findings:
    """What becomes of a fold's states, by their index where they change, and of its metrics."""

    states: Mapping[int, Part]
    metrics: Sequence[Part]


def judge(
    step: Program, types: Sequence[ValueType], constants: Sequence[Array], states: int, classes: Sequence[int | None],
    what: str,
) -> Findings:
    """Follows rows through a step graph for batches of one size; raises NotPermitted.

    `types` are those of all values; `constants` are bound to the inputs behind the states; the others are columns, of
    each of which `classes` has how many classes it holds, if it does.
    """
    gates: frozenset[int] = frozenset()
    while True:
        traits = _follow(step, types, constants, states, classes, gates, what)
        found = _gates(traits, step.graph.outputs, states, what)
        if found <= gates:
            return _findings(traits, step.graph.outputs, states, gates, what)
        gates |= found


def require_whole_sums(finish: Program, number: int, is_private: Sequence[bool], what: str) -> None:
    """Raises NotPermitted for a node of a finish graph that would tell more of sums than what it gives."""
    name = TABLE[finish.graph.nodes[number].operation].name
    try:
        pickrules.require_whole_sums(name, finish.attributes[number], is_private)
    except Refused as refusal:
        raise NotPermitted(
            f"{what} does not let rows out by node {number}, {name}, of what is done at the end: {refusal}") from None


def _follow(
    step: Program, types: Sequence[ValueType], constants: Sequence[Array], states: int, classes: Sequence[int | None],
    gates: frozenset[int], what: str,
) -> list[Trait]:
    traits = _inputs(step, types, constants, states, classes, gates)
    known: dict[int, Array] = {states + index: value for index, value in enumerate(constants)}
    known.update({step.input_count + index: value for index, value in enumerate(step.constants)})
    for number, (node, attributes) in enumerate(zip(step.graph.nodes, step.attributes)):
        operation = TABLE[node.operation]
        results = step.results(number)
        operands = [traits[one] for one in node.inputs]
        try:
            if all(one.kind is Kind.OPEN for one in operands):
                is_parametric = any(one.is_parametric for one in operands)
                traits.extend(Trait(Kind.OPEN, is_parametric=is_parametric) for _ in results)
                is_number = all(one in known and known[one].size == 1 for one in node.inputs)
                if is_number and all(types[own].byte_count <= 8 for own in results):
                    values = [known[one] for one in node.inputs]
                    known.update(zip(results, operation.compute(values, attributes, [types[own] for own in results])))
                continue
            for own in results:
                rule = RowRule(
                    operation.name, attributes, node.inputs, operands, types, types[own], known, step.first_node)
                traits.append(rule.trait())
        except Refused as refusal:
            raise NotPermitted(
                f"{what} does not let rows out by node {number}, {operation.name}: {refusal}") from None
    return traits


def _inputs(
    step: Program, types: Sequence[ValueType], constants: Sequence[Array], states: int, classes: Sequence[int | None],
    gates: frozenset[int],
) -> list[Trait]:
    traits = []
    for index, one in enumerate(types[: step.input_count]):
        is_float = one.dtype == FLOAT
        if index < states and step.graph.outputs[index] != index:
            is_gate = index in gates
            traits.append(Trait(Kind.LEARNED, is_parametric=is_float, is_gate=is_gate, shares={index: 1.0}))
        elif index < states + len(constants):
            traits.append(Trait(Kind.OPEN, is_parametric=is_float))
        else:
            count = classes[index - states - len(constants)]
            traits.append(Trait(Kind.ROWS, is_column=True, classes=count))
    return traits + [OPEN] * len(step.constants)


def _gates(traits: Sequence[Trait], outputs: Sequence[int], states: int, what: str) -> frozenset[int]:
    """The states that may be made of one batch alone, or change without the data and so could pick one."""
    found = set()
    for index, output in enumerate(outputs[:states]):
        trait = traits[output]
        if output == index:
            continue
        if trait.kind in (Kind.ROWS, Kind.UNIFORM) or trait.is_statistic:
            raise NotPermitted(f"{what}: state {index} is no sum over a batch that a model has met")
        share = trait.shares.get(index, 0)
        keeps = share is not None and (share == 1 or trait.is_learned and 0.5 <= share <= 1)
        if trait.kind is not Kind.SUM or trait.is_gate or not keeps:
            found.add(index)
    return frozenset(found)


def _findings(
    traits: Sequence[Trait], outputs: Sequence[int], states: int, gates: frozenset[int], what: str
) -> Findings:
    changed = {
        index: Part(is_private=True, is_total=index not in gates)
        for index, output in enumerate(outputs[:states]) if output != index
    }
    metrics = []
    for index, output in enumerate(outputs[states:]):
        trait = traits[output]
        if trait.kind not in (Kind.SUM, Kind.OPEN, Kind.LEARNED):
            raise NotPermitted(f"{what}: metric {index} is no sum over a batch")
        is_private = trait.kind is not Kind.OPEN
        metrics.append(Part(is_private, trait.is_total, trait.is_statistic))
    return Findings(changed, metrics)
