"""The champion of a dataset: challenges are never lost, and none is won against a model that has gone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from SpineGTRefineLib.bids.locks import one_at_a_time
from SpineGTRefineLib.errors import ConflictError, InputError, ModelNotInstalledError, WriteError
from SpineGTRefineLib.learning.training import challenges, champion_of
from SpineGTRefineLib.learning.training.champion import decide, find_champion
from SpineGTRefineLib.models import ModelStore

SHIPS = 6


def version(mask="canal"):
    return SimpleNamespace(mask_type=SimpleNamespace(name=mask), test_sha256="0" * 64)


def result(verdict):
    return SimpleNamespace(verdict=verdict, reason=f"It is {verdict}.")


def test_ships_at_the_same_time_lose_no_challenge(tmp_path):
    together = threading.Barrier(SHIPS)

    def ship(number):
        together.wait()
        decide(tmp_path, f"model{number}", version(mask=f"kind{number}"))

    with ThreadPoolExecutor(SHIPS) as pool:
        list(pool.map(ship, range(SHIPS)))
    assert [champion_of(tmp_path, f"kind{number}") for number in range(SHIPS)] == [f"model{n}" for n in range(SHIPS)]


def test_the_champion_stays_until_another_is_better(tmp_path):
    decide(tmp_path, "first", version())
    for verdict in ("undecided", "worse", "mixed"):
        assert not decide(tmp_path, verdict, version(), result(verdict), against="first").promoted
    assert champion_of(tmp_path, "canal") == "first"
    assert decide(tmp_path, "good", version(), result("better"), against="first").promoted
    assert champion_of(tmp_path, "canal") == "good"
    assert not champion_of(tmp_path, "cord")


def test_who_was_better_than_the_champion_before_is_not_the_champion(tmp_path):
    decide(tmp_path, "first", version())
    decide(tmp_path, "faster", version(), result("better"), against="first")
    with pytest.raises(ConflictError, match="faster has become the champion while slower was compared with first"):
        decide(tmp_path, "slower", version(), result("better"), against="first")
    with pytest.raises(ConflictError, match="compared with no other model"):
        decide(tmp_path, "slower", version())
    assert [challenge.model for challenge in challenges(tmp_path)] == ["first", "faster"]


def test_a_champion_that_is_not_on_this_machine_is_named_with_what_to_do(tmp_path):
    store = ModelStore(tmp_path / "store")
    assert find_champion(tmp_path, "canal", store) is None
    decide(tmp_path, "elsewhere", version())
    with pytest.raises(ModelNotInstalledError, match=r"elsewhere, the champion for canal masks.*bring its folder"):
        find_champion(tmp_path, "canal", store)
    decide(tmp_path, "demo_canal", version(), result("better"), against="elsewhere")
    assert find_champion(tmp_path, "canal", store).entry.name == "demo_canal"


@pytest.mark.parametrize("damage", ['{"Challenges": [', '{"Challenges": [{"who": "me"}]}'])
def test_a_damaged_list_of_challenges_is_told_and_kept(tmp_path, damage):
    decide(tmp_path, "first", version())
    (path,) = tmp_path.rglob("champions.json")
    path.write_text(damage)
    with pytest.raises(InputError, match=r"champions\.json"):
        decide(tmp_path, "second", version())
    assert path.read_text() == damage


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="could not be written"), one_at_a_time(tmp_path / "file" / "champions.json"):
        pass
