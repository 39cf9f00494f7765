"""The checks themselves are checked: right answers earn all, mistakes lose what they should.

Hostile answers, which a student's kernel may send in the place of honest ones, never raise and
never earn a point.
"""

from __future__ import annotations

import dataclasses
import json
import math
import secrets
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.builder import mistaken_answers, public_inputs
from autograder.checks import checks_of
from autograder.judge import MAX_ANSWER_BYTES, Verdict, ask, grade, judge
from autograder.topics import written_topics
from autograder.variants import Variant, namespace, outcome, parse, variants_of
from bayescnn.selfcheck import answer_probes, plain, same

CHECKS = {
    (topic, name): check for topic in written_topics() for name, check in checks_of(topic).items()
}
"""By topic and name: 02 and 07 both ask for a ``build_model``, say."""

SLOW = (
    *("kl_monte_carlo", "bayes_by_backprop"),
    *("make_posterior", "build_model", "PosteriorRecorder"),
    *("mean_field", "low_rank", "map_fit"),
)
"""These train, build networks or draw much: 0.3 to 10 s a grading."""

VARIANTS = [(topic, variant) for topic, name in CHECKS for variant in variants_of(topic, name)]
WRONG = [(topic, variant) for topic, variant in VARIANTS if not variant.right]

each_function = pytest.mark.parametrize(("topic", "name"), CHECKS)
each_quick_function = pytest.mark.parametrize(
    ("topic", "name"), [(topic, name) for topic, name in CHECKS if name not in SLOW]
)


def title(value: str | Variant) -> str:
    """How a test's parameter is called: a topic, or a variant."""
    if isinstance(value, str):
        return value
    return f"{value.function}-{'right' if value.right else 'wrong'}-{value.title}"


# ------------------------------------------------------------------- right and wrong variants


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("topic", "variant"), VARIANTS, ids=title)
def test_variant_earns_what_it_should(
    topic: str, variant: Variant, record_property: Callable[[str, Any], None]
) -> None:
    """Whatever the inputs: other ones are drawn every time. A table ends the run's report."""
    seed = secrets.randbits(64)
    found = outcome(topic, variant, seed)
    record_property("outcome", dataclasses.asdict(found))
    assert found.ok, (seed, found.said)


@each_function
def test_every_function_has_enough_variants(topic: str, name: str) -> None:
    variants = variants_of(topic, name)
    assert sum(variant.right for variant in variants) >= 3
    assert sum(not variant.right for variant in variants) >= 4
    assert len({variant.title for variant in variants}) == len(variants)


@pytest.mark.parametrize(("topic", "variant"), WRONG, ids=title)
def test_what_a_mistake_loses_is_a_sum_of_parts(topic: str, variant: Variant) -> None:
    sums = {0.0}
    for part in CHECKS[topic, variant.function].parts:
        sums |= {total + part.points for total in sums}
    assert variant.loses in sums - {0.0}


@pytest.mark.parametrize(("topic", "variant"), WRONG, ids=title)
def test_every_mistake_has_a_hint_that_fits_on_two_lines(topic: str, variant: Variant) -> None:
    assert 20 <= len(variant.hint) <= 220
    assert variant.hint.endswith(".")


@pytest.mark.exhaustive
@each_quick_function
def test_a_mistake_is_known_by_its_answer(topic: str, name: str) -> None:
    """A self-check finds the hint of a mistake by its answer, so that must not depend on chance.

    Two mistakes may be chance itself, such as noise of their own in the place of what was given.
    """
    check = CHECKS[topic, name]
    inputs = public_inputs(topic, check)
    probes = [check.probe_source(part) for part in check.parts]
    truths = [plain(part.truth(inputs)) for part in check.parts]
    unknown = []
    for variant, first in mistaken_answers(topic, name):
        second = answer_probes(probes, inputs, namespace(topic, variant))
        known = []
        for part, truth, one, other in zip(check.parts, truths, first, second, strict=True):
            if "error" in one:
                known.append("error" in other)
            else:
                stays = same(one["answer"], other["answer"], part.rtol, part.atol)
                known.append(stays and not same(one["answer"], truth, part.rtol, part.atol))
        if not any(known):
            unknown.append(variant.title)
    assert len(unknown) <= 2, unknown


@pytest.mark.parametrize(
    "text",
    [
        "# %% maybe: neither\nx = 1\n",
        "# %% wrong: no points\n# hint: Think again.\nx = 1\n",
        "# %% wrong: no hint\n# loses: 2\nx = 1\n",
    ],
)
def test_a_section_without_kind_points_or_hint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must begin 'right: ' or 'wrong: '"):
        parse("some_function", text)


# -------------------------------------------------------------- reference, empty, missing


def reference_earns_everything(topic: str, name: str, seeds: range) -> None:
    names = namespace(topic)
    for seed in seeds:
        verdict = grade(CHECKS[topic, name], names, seed)
        assert verdict.points == verdict.max_points, (seed, verdict.messages)


@each_function
def test_reference_earns_everything(topic: str, name: str) -> None:
    reference_earns_everything(topic, name, range(5 if name not in SLOW else 2))


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
@each_function
def test_reference_earns_everything_on_many_inputs(topic: str, name: str) -> None:
    reference_earns_everything(topic, name, range(1000, 1200))


def empty(*args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError


@each_function
def test_empty_function_earns_nothing_and_is_told_so(topic: str, name: str) -> None:
    verdict = grade(CHECKS[topic, name], {**namespace(topic), name: empty})
    assert verdict.points == 0
    assert all("this function is still empty" in message for message in verdict.messages)


@each_function
def test_missing_function_earns_nothing_and_is_told_so(topic: str, name: str) -> None:
    names = {key: value for key, value in namespace(topic).items() if key != name}
    verdict = grade(CHECKS[topic, name], names)
    assert verdict.points == 0
    assert all(f"name '{name}' is not defined" in message for message in verdict.messages)


@each_function
def test_two_seeds_ask_different_questions_with_different_answers(topic: str, name: str) -> None:
    """The right answer to one question is not the right answer to another."""
    check = CHECKS[topic, name]
    questions = [ask(check, seed) for seed in range(12)]
    truths = [[plain(part.truth(q.inputs)) for part in check.parts] for q in questions]
    for index, part in enumerate(check.parts):
        for one in range(0, 12, 2):
            if not same(truths[one][index], truths[one + 1][index], part.rtol, part.atol):
                break
        else:
            pytest.fail(f"{part.expects}: the same answer to six pairs of questions")


# ------------------------------------------------------------------------------ two processes


def test_the_judging_process_never_loads_tensorflow() -> None:
    program = """
        import sys
        import numpy as np
        from autograder import judge
        from autograder.checks import checks_of
        from bayescnn.selfcheck import plain
        from autograder.topics import written_topics
        for check in (c for topic in written_topics() for c in checks_of(topic).values()):
            question = judge.ask(check)
            question.payload
            for part in check.parts:
                plain(part.truth(question.inputs))
        heavy = {"tensorflow", "tensorflow_probability", "tf_keras", "keras"} & set(sys.modules)
        sys.exit(f"loaded {heavy}" if heavy else 0)
    """
    body = "\n".join(line[8:] for line in program.splitlines())
    result = subprocess.run([sys.executable, "-c", body], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@each_function
def test_no_truth_travels_to_the_student(topic: str, name: str) -> None:
    """What leaves the judge is probes and inputs: no expectation, no tolerance, no truth."""
    sent = json.loads(ask(CHECKS[topic, name], 1).payload)
    assert set(sent) == {"probes", "inputs"}
    for probe in sent["probes"]:
        assert "_true" not in probe and "Part(" not in probe and "truth" not in probe


# -------------------------------------------------------------------------- hostile answers

QUESTION = ask(CHECKS["02_kl_weight", "per_example_weight"], seed=5)
TRUTHS = [plain(part.truth(QUESTION.inputs)) for part in QUESTION.check.parts]
N_PARTS = len(TRUTHS)


def verdict_on(answers: Any) -> Verdict:
    return judge(QUESTION, json.dumps(answers))


def test_right_answers_earn_everything() -> None:
    assert verdict_on([{"answer": truth} for truth in TRUTHS]).points == QUESTION.check.points


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "null",
        "true",
        "{}",
        "[]",
        "[1, 2, 3]",
        "not json",
        "\ufeff[]",
        '[{"answer": 1}]',
        json.dumps([{"answer": truth} for truth in TRUTHS[:-1]]),
        json.dumps([{"answer": truth} for truth in [*TRUTHS, 0]]),
        json.dumps({"answer": TRUTHS}),
        json.dumps([[truth] for truth in TRUTHS]),
        json.dumps([{"Answer": truth} for truth in TRUTHS]),
        json.dumps([{"error": "none", "answer": truth} for truth in TRUTHS]),
        json.dumps([{"answer": {"answer": truth}} for truth in TRUTHS]),
        json.dumps([{"answer": json.dumps(truth)} for truth in TRUTHS]),
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "9" * 100_000,
        "[" + "9" * 4_000 + "]",
    ],
    ids=lambda text: repr(text)[:40],
)
def test_malformed_messages_earn_nothing(text: str | None) -> None:
    verdict = judge(QUESTION, text)
    assert verdict.points == 0
    assert len(verdict.messages) == N_PARTS


@pytest.mark.parametrize("depth", [10, 64, 65, 200, 500, 900, 990])
@pytest.mark.parametrize("key", ["answer", "error"])
@pytest.mark.parametrize("pair", [("[", "]"), ('{"a":', "}")])
def test_deep_answers_earn_nothing(depth: int, key: str, pair: tuple[str, str]) -> None:
    value = pair[0] * depth + "1" + pair[1] * depth
    one = f'{{"{key}": {value}}}'
    assert judge(QUESTION, f"[{', '.join([one] * N_PARTS)}]").points == 0


def test_a_message_that_is_too_large_is_not_read() -> None:
    answers = [{"answer": truth} for truth in TRUTHS]
    padded = json.dumps(answers) + " " * MAX_ANSWER_BYTES
    verdict = judge(QUESTION, padded)
    assert verdict.points == 0
    assert "too large" in verdict.messages[0]


def test_a_large_answer_that_is_read_is_judged_wrong() -> None:
    assert verdict_on([{"answer": [0.5] * 100_000}] * N_PARTS).points == 0


def test_an_endless_error_is_cut_short() -> None:
    assert all(len(m) < 600 for m in verdict_on([{"error": "x" * 100_000}] * N_PARTS).messages)


def test_text_that_no_file_can_hold_is_replaced() -> None:
    messages = verdict_on([{"error": "lone surrogate \ud800"}] * N_PARTS).messages
    assert "lone surrogate ?" in messages[0]
    "\n".join(messages).encode("utf-8")


VECTOR, MATRIX = [0.5, 1.5, 2.5], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        (math.nan, 1.0),
        (math.inf, 1.0),
        (-math.inf, math.inf),
        ([math.nan] * 3, VECTOR),
        (None, 1.0),
        (None, VECTOR),
        ("0.5", 0.5),
        (["0.5", "1.5", "2.5"], VECTOR),
        (True, 1.0),
        (1.0, True),
        (1, True),
        ("true", True),
        ([True, True], [1.0, 1.0]),
        ([0.5], 0.5),
        (0.5, [0.5]),
        (0.5, [0.5, 0.5]),
        ([VECTOR], VECTOR),
        (VECTOR[:2], VECTOR),
        ([*VECTOR, 0.0], VECTOR),
        (VECTOR, MATRIX),
        ([list(row) for row in zip(*MATRIX, strict=True)], MATRIX),
        ([[1.0, 2.0, 3.0], [4.0, 5.0]], MATRIX),
        ([[1.0, 2.0, 3.0], 4.0], MATRIX),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], MATRIX),
        ({"0": 0.5, "1": 1.5, "2": 2.5}, VECTOR),
        ({}, VECTOR),
        ([], VECTOR),
        (VECTOR, {"mean": VECTOR}),
        ({"mean": VECTOR}, {"mean": VECTOR, "variance": VECTOR}),
        ({"mean": VECTOR, "variance": VECTOR}, {"mean": VECTOR}),
        ([["mean", VECTOR]], {"mean": VECTOR}),
        (["refused"], "refused"),
        ("refused", ["refused"]),
        ("accepted", "refused"),
        (["refused", "refused"], ["refused", "accepted"]),
        ("ref", ["r", "e", "f"]),
        (10**400, 1.0),
        ([10**400, 1], [1.0, 1.0]),
        ([[1, 2], 3], [[1, 2], 4]),
        ([[1], 2, 3], [[1], [2, 3]]),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_other_answers_are_not_the_same(answer: Any, truth: Any) -> None:
    assert not same(answer, truth, rtol=1e-4, atol=1e-5)


# Whatever JSON can say, and whatever truth a check may hold.
numbers = st.floats(-1e6, 1e6) | st.integers(-(10**6), 10**6)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
arrays = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(numbers, min_size=width, max_size=width), min_size=1, max_size=4
    )
)
truths = st.recursive(
    numbers | st.booleans() | st.text(max_size=8) | arrays,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
law = settings(deadline=None, max_examples=80)


@law
@given(truths)
def test_every_truth_is_the_same_as_itself_after_its_journey(truth: Any) -> None:
    assert same(json.loads(json.dumps(plain(truth))), plain(truth), rtol=1e-4, atol=1e-5)


@law
@given(anything, truths)
def test_comparing_anything_never_raises(answer: Any, truth: Any) -> None:
    assert same(answer, truth, rtol=1e-4, atol=1e-5) in (True, False)


@law
@given(arrays, st.data())
def test_one_number_beyond_tolerance_is_not_the_same(truth: list, data: st.DataObject) -> None:
    answer = np.asarray(truth, dtype=float)
    index = tuple(data.draw(st.integers(0, size - 1)) for size in answer.shape)
    tolerance = 1e-5 + 1e-4 * abs(answer[index])
    answer[index] += data.draw(st.sampled_from([-2, -1.1, 1.1, 2])) * tolerance
    assert not same(answer.tolist(), truth, rtol=1e-4, atol=1e-5)
    answer = np.asarray(truth, dtype=float)
    answer[index] += data.draw(st.sampled_from([-0.9, -0.1, 0.1, 0.9])) * tolerance
    assert same(answer.tolist(), truth, rtol=1e-4, atol=1e-5)


@law
@given(st.text() | anything.map(json.dumps) | st.lists(anything, max_size=5).map(json.dumps))
def test_any_message_can_be_judged_and_earns_nothing(text: str) -> None:
    assert judge(QUESTION, text).points == 0


@law
@given(st.lists(anything, min_size=N_PARTS, max_size=N_PARTS))
def test_any_answers_can_be_judged_and_earn_nothing(answers: list) -> None:
    # No chance answer is right: the inputs of every part hold random floats or a random order.
    assert verdict_on([{"answer": answer} for answer in answers]).points == 0


# ------------------------------------------------------------- objects where data should be


class Agreeable(float):
    """Equal to everything, as a hostile answer would like to be."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class AgreeableArray:
    """Passes itself off as an array."""

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        return np.zeros(4)

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def endless() -> list:
    loop: list = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "value",
    [
        object(),
        AgreeableArray(),
        [object()],
        {"a": {1, 2}},
        1j,
        np.array([1j]),
        np.array(["text"]),
        np.array([object()]),
        np.array([b"bytes"]),
        b"bytes",
        range(3),
        lambda: 1,
        float,
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_plain_data_travels(value: Any) -> None:
    with pytest.raises(TypeError, match="expected numbers, text or arrays of numbers"):
        plain(value)


def test_plain_data_of_arrays_tensors_and_scalars() -> None:
    import tensorflow as tf

    values = {
        "tensor": tf.constant([[1.0, 2.0]]),
        "variable": tf.Variable([3, 4]),
        "array": np.float64([5.0]),
        "scalar": np.float32(6.0),
        "flag": np.bool_(True),
        7: (8, None, "nine"),
    }
    assert plain(values) == {
        "tensor": [[1.0, 2.0]],
        "variable": [3, 4],
        "array": [5.0],
        "scalar": 6.0,
        "flag": True,
        "7": [8, None, "nine"],
    }


@pytest.mark.parametrize(
    "value", [Agreeable(1.0), AgreeableArray(), endless(), object(), "x" * 100_000, math.nan]
)
@pytest.mark.parametrize("name", ["parameter_count", "per_example_weight"])
def test_a_function_that_returns_strange_things_earns_nothing(name: str, value: Any) -> None:
    def strange(first: float, second: float = 1.0) -> Any:
        return value

    names = {**namespace("02_kl_weight"), name: strange}
    assert grade(CHECKS["02_kl_weight", name], names).points == 0


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit])
def test_interruptions_pass_through(raised: type[BaseException]) -> None:
    """Interrupting the kernel stops a self-check; it is no answer."""

    def interrupted(*args: Any) -> Any:
        raise raised

    with pytest.raises(raised):
        grade(CHECKS["02_kl_weight", "per_example_weight"], {"per_example_weight": interrupted})


@pytest.mark.parametrize("raised", [RecursionError, MemoryError, ValueError, StopIteration])
def test_exceptions_are_answers_that_earn_nothing(raised: type[Exception]) -> None:
    def failing(*args: Any) -> Any:
        raise raised("no luck")

    check = CHECKS["02_kl_weight", "negative_log_likelihood"]
    verdict = grade(check, {"negative_log_likelihood": failing})
    assert verdict.points == 0
    assert all(f"{raised.__name__}: no luck" in message for message in verdict.messages)
