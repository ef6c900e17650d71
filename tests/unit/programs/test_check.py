"""What only a larger program can get wrong; test_storage.py has the mistakes of small ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from program_strategies import programs

from vesto.errors import DataCorrupted
from vesto.programs.bodies import Body, Forest, Linear, Network
from vesto.programs.check import MAX_REGISTERS, check
from vesto.programs.program import Input, Output, Program, label_output, value_output
from vesto.programs.steps import (
    Category,
    DateParts,
    Normalize,
    Number,
    OneHot,
    Project,
    Step,
    TextLength,
    TextNumber,
    TextScore,
)


def forest(feature: list[int], left: list[int], right: list[int], roots: list[int], **parts: list[int]) -> Forest:  # fmt: skip
    nodes, none = len(feature), [0] * len(feature)
    numbers = {
        "feature": feature, "left": left, "right": right, "roots": roots,
        "output": [0] * len(roots), "categories_start": none, "categories_size": none,
        "categories": [],
    } | parts  # fmt: skip
    return Forest(
        threshold=np.zeros(nodes, np.float32), nan_left=np.zeros(nodes, np.uint8),
        base=np.zeros(1, np.float32), **{k: np.array(v, np.int32) for k, v in numbers.items()},
    )  # fmt: skip


def scoring(body: Body, output: Output | None = None) -> Program:
    inputs = (Input("x", "float8"),)
    return Program(inputs, (Number(0),), (1,), body, output or value_output("float8"))


def refused(program: Program, why: str) -> None:
    with pytest.raises(DataCorrupted, match="the program is not sound") as caught:
        check(program)
    assert why in caught.value.detail


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_sound_programs_pass(program: Program) -> None:
    check(program)
    assert program.registers >= len(program.inputs)


def test_two_trees_pass_and_a_forest_without_trees_too() -> None:
    check(scoring(forest([0, -1, -1, 0, -1, -1], [1, 0, 0, 4, 0, 0], [2, 0, 0, 5, 0, 0], [0, 3])))
    check(scoring(forest([], [], [], [])))


def test_a_node_that_no_other_leads_to_is_no_mistake() -> None:
    check(scoring(forest([0, -1, -1, -1], [1, 0, 0, 0], [2, 0, 0, 0], [0])))


def test_a_child_in_another_tree_is_refused() -> None:
    body = forest([0, -1, 0, -1, -1], [1, 0, 3, 0, 0], [3, 0, 4, 0, 0], [0, 2])
    refused(scoring(body), "in its tree")


def test_a_child_of_two_nodes_is_refused() -> None:
    refused(scoring(forest([0, 0, -1, -1], [1, 2, 0, 0], [2, 3, 0, 0], [0])), "one child")


@pytest.mark.parametrize("roots", [[0, 0], [1, 0], [0, 9], [1], []])
def test_trees_stand_one_after_the_other(roots: list[int]) -> None:
    body = forest([0, -1, -1], [1, 0, 0], [2, 0, 0], roots)
    refused(scoring(body), "one after the other")


def category_forest(start: list[int], size: list[int], categories: list[int]) -> Forest:
    return forest(
        [0, 0, -1, -1, -1], [1, 3, 0, 0, 0], [2, 4, 0, 0, 0], [0],
        categories_start=[*start, 0, 0, 0], categories_size=[*size, 0, 0, 0],
        categories=categories,
    )  # fmt: skip


def test_categories_of_two_nodes_pass() -> None:
    check(scoring(category_forest([0, 2], [2, 1], [3, 5, 2**24 - 1])))


@pytest.mark.parametrize(
    ("start", "size", "categories", "why"),
    [
        ([0, 1], [2, 1], [1, 2], "share"),
        ([0, 0], [2, 2], [1, 2], "share"),
        ([0, 1], [1, 2], [1, 2], "not there"),
        ([0, 2**31 - 1], [1, 2**31 - 1], [1, 2], "not there"),
        ([0, 1], [1, 1], [1, -2], "negative"),
        ([0, 1], [1, 1], [1, 2**24], "too great"),
    ],
)
def test_wrong_categories_are_refused(
    start: list[int], size: list[int], categories: list[int], why: str
) -> None:
    refused(scoring(category_forest(start, size, categories)), why)


def test_categories_that_would_fill_the_memory_are_refused() -> None:
    trees, far = 10, 2**24 - 1
    body = forest(
        [0, -1, -1] * trees, [x for t in range(trees) for x in (3 * t + 1, 0, 0)],
        [x for t in range(trees) for x in (3 * t + 2, 0, 0)], list(range(0, 3 * trees, 3)),
        categories_start=[x for t in range(trees) for x in (t, 0, 0)],
        categories_size=[1, 0, 0] * trees, categories=[far] * trees,
    )  # fmt: skip
    refused(scoring(body), "spread too far")


def test_one_hot_steps_together_have_an_end() -> None:
    inputs, steps = (Input("x", "float8"),), (Number(0), *[OneHot(1, 60_000)] * 2)
    body = Linear(np.zeros((1, 0)), np.zeros(1))
    refused(Program(inputs, steps, (), body, value_output("float8")), f"{MAX_REGISTERS} registers")


@pytest.mark.parametrize(
    "body",
    [
        Linear(np.zeros((1, 2)), np.zeros(1)),
        Linear(np.zeros((2, 1)), np.zeros(1)),
        Linear(np.array([[np.nan]]), np.zeros(1)),
        Linear(np.zeros((1, 1)), np.array([np.inf])),
    ],
)
def test_wrong_weights_are_refused(body: Linear) -> None:
    with pytest.raises(DataCorrupted):
        check(scoring(body))


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("varchar", Number(0)), ("date", Number(0)), ("int4", TextNumber(0, ())),
        ("float8", Category(0, (), np.empty(0), 0.0, 0.0, ())), ("varchar", DateParts(0, ("year",))),
        ("super", TextNumber(0, ())), ("int4", TextLength(0)),
        ("int4", TextScore(0, (), np.empty(0), np.empty((1, 0)), np.zeros(1))),
    ],
)  # fmt: skip
def test_a_step_reads_only_inputs_of_its_types(kind: str, step: Step) -> None:
    body = Linear(np.zeros((1, 0)), np.zeros(1))
    refused(Program((Input("x", kind),), (step,), (), body, value_output("float8")), "cannot read")


TWO, ONE = Linear(np.zeros((2, 1)), np.zeros(2)), Linear(np.zeros((1, 1)), np.zeros(1))


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("int4", ("1", "2.5")), ("int4", ("1", "01")), ("int4", ("1", "+2")), ("int4", ("1", "٣")),
        ("int2", ("1", "40000")), ("int8", ("1", "9223372036854775808")), ("int4", ("1", "0x10")),
        ("float8", ("1", "nan")), ("float8", ("1", "inf")), ("float8", ("1", "1_0")),
        ("float8", ("1", "1.0")), ("bool", ("t", "T")), ("bool", ("t", "t")), ("bool", ("t", "true")),
        ("varchar", ("a", "a")), ("date", ("a", "b")), ("numeric", ("1", "2")),
    ],
)  # fmt: skip
def test_labels_that_are_no_values_of_the_type_are_refused(
    kind: str, labels: tuple[str, ...]
) -> None:
    with pytest.raises(DataCorrupted):
        check(scoring(TWO, label_output(kind, labels)))


def test_labels_that_are_values_of_the_type_pass() -> None:
    check(scoring(TWO, label_output("int8", ("-9223372036854775808", "9223372036854775807"))))
    check(scoring(TWO, label_output("float8", ("1.5", "1e+20"))))
    check(scoring(TWO, label_output("bool", ("f", "t"))))
    check(scoring(ONE, label_output("bpchar", ("False.", "True."), link="sigmoid")))


@pytest.mark.parametrize(
    "output",
    [
        label_output("varchar", ("a", "b", "c"), link="sigmoid"),
        label_output("varchar", ("a", "b"), link="identity"),
        label_output("varchar", ("a", "b"), link="exp"),
        value_output("varchar"),
        value_output("bool"),
        value_output("numeric"),
        value_output("float8", "softmax"),
        replace(value_output("float8"), factor=np.inf),
        replace(value_output("float8"), factor=-1.0),
        replace(value_output("float8"), threshold=np.inf),
        replace(value_output("float8"), low=np.nan),
        replace(value_output("float8"), low=2.0, high=1.0),
        replace(value_output("float8"), offsets=np.zeros(1)),
    ],
)
def test_an_output_that_does_not_fit_together_is_refused(output: Output) -> None:
    with pytest.raises(DataCorrupted):
        check(scoring(ONE, output))


def network(sizes: list[int], weights: tuple[int, ...], bias: tuple[int, ...], last: int = 1, fill: float = 0.5) -> Network:  # fmt: skip
    return Network(
        np.array(sizes, np.int32), np.full(weights, fill, np.float32), np.ones(bias, np.float32),
        np.ones(last), np.zeros(last),
    )  # fmt: skip


def test_networks_pass() -> None:
    check(scoring(network([1, 1], (1, 1), (1, 1))))
    check(scoring(network([1, 3, 2, 1], (2, 11), (2, 6))))


@pytest.mark.parametrize(
    "body",
    [
        network([1], (1, 0), (1, 0)),
        network([2, 1], (1, 2), (1, 1)),
        network([1, 0, 1], (1, 0), (1, 1)),
        network([1, -1, 1], (1, 0), (1, 0)),
        network([1, 2**31 - 1, 1], (1, 2), (1, 2)),
        network([1, 1], (0, 1), (0, 1)),
        network([1, 1], (1, 2), (1, 1)),
        network([1, 1], (1, 1), (2, 1)),
        network([1, 2], (1, 2), (1, 2), last=1),
        network([1, 1], (1, 1), (1, 1), fill=np.nan),
        replace(network([1, 1], (1, 1), (1, 1)), scale=np.array([np.inf])),
    ],
)
def test_a_network_that_does_not_fit_together_is_refused(body: Network) -> None:
    with pytest.raises(DataCorrupted):
        check(scoring(body))


@pytest.mark.parametrize(
    "step",
    [
        Normalize(()), Normalize((0,)), Normalize((1, 2)), Normalize((1, -1)),
        Project((), np.empty(0), np.empty((1, 0))), Project((1,), np.zeros(1), np.empty((0, 1))),
        Project((1,), np.zeros(2), np.zeros((1, 1))), Project((1,), np.zeros(1), np.zeros((1, 2))),
        Project((1,), np.array([np.nan]), np.zeros((1, 1))), Project((2,), np.zeros(1), np.zeros((1, 1))),
        Project((1,), np.zeros(1), np.array([[np.inf]])),
    ],
)  # fmt: skip
def test_steps_over_several_registers_that_do_not_fit_are_refused(step: Step) -> None:
    inputs, body = (Input("x", "float8"),), Linear(np.zeros((1, 0)), np.zeros(1))
    with pytest.raises(DataCorrupted):
        check(Program(inputs, (Number(0), step), (), body, value_output("float8")))


@pytest.mark.parametrize(
    "step",
    [
        TextScore(0, ("a",), np.ones(2), np.ones((1, 1)), np.ones(1)),
        TextScore(0, ("a",), np.ones(1), np.ones((1, 2)), np.ones(1)),
        TextScore(0, ("a",), np.ones(1), np.ones((1, 1)), np.ones(2)),
        TextScore(0, ("a",), np.ones(1), np.ones((0, 1)), np.ones(0)),
        TextScore(0, ("b", "a"), np.ones(2), np.ones((1, 2)), np.ones(1)),
        TextScore(0, ("a", "a"), np.ones(2), np.ones((1, 2)), np.ones(1)),
        TextScore(0, ("a",), np.array([np.inf]), np.ones((1, 1)), np.ones(1)),
        TextScore(0, ("a",), np.ones(1), np.array([[np.nan]]), np.ones(1)),
        TextScore(0, ("a",), np.ones(1), np.ones((1, 1)), np.array([np.nan])),
    ],
)
def test_scores_of_texts_that_do_not_fit_together_are_refused(step: TextScore) -> None:
    inputs, body = (Input("x", "varchar"),), Linear(np.zeros((1, 0)), np.zeros(1))
    with pytest.raises(DataCorrupted):
        check(Program(inputs, (step,), (), body, value_output("float8")))
