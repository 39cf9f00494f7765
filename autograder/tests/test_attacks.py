"""Hostile and broken submissions, graded by the whole engine among honest neighbours.

Here one of every class of attack, another every time, and all that are honest; ``make attacks``
tries every one.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from autograder.attacks import ATTACKS, MARK
from autograder.attacks.trial import Trial, is_alive, run, table_of
from autograder.tests.tables import printed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    hostile = [attack for attack in ATTACKS if not attack.honest]
    random.SystemRandom().shuffle(hostile)
    of_class = {attack.number: attack for attack in hostile}
    chosen = [attack for attack in ATTACKS if attack.honest or attack in of_class.values()]
    # Many of them only wait for a limit, so more run at once than there are cores.
    return run(chosen, tmp_path_factory.mktemp("attacks"), jobs=3)


def test_every_class_of_attack_was_tried(
    trial: Trial, record_property: Callable[[str, Any], None]
) -> None:
    record_property("table", printed(table_of(trial)))
    assert {outcome.attack.number for outcome in trial.outcomes} == set(range(1, 34))


@pytest.mark.parametrize("number", range(1, 34))
def test_no_attack_achieves_anything(trial: Trial, number: int) -> None:
    """No point gained, nothing read, and a row for each."""
    of_class = [outcome for outcome in trial.outcomes if outcome.attack.number == number]
    assert not {outcome.attack.name: outcome.faults for outcome in of_class if outcome.faults}


def test_no_neighbour_is_disturbed(trial: Trial) -> None:
    assert not trial.neighbours


def test_markup_that_is_alive_would_be_noticed() -> None:
    assert is_alive(f"<p><img src='x' onerror='{MARK}'></p>")
    assert is_alive("<script>1</script>") and is_alive("\x1b[31m")
    assert not is_alive(f"<pre>&lt;script&gt;{MARK}&lt;/script&gt;</pre>")
