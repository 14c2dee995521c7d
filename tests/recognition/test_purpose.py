"""Whose channel is analysed, and when a purpose must be given."""

from __future__ import annotations

import numpy as np
import pytest

from affekt.errors import ConfigError
from affekt.recognition.purpose import (
    TrackPlan,
    check_purpose,
    is_protected,
    plan_tracks,
    stamp,
)
from affekt.records import PURPOSES

EXCEPTED = (("medical", False), ("safety", False))


def plan(channels, names, analyse=None, purpose=None, consented=False):
    return plan_tracks(channels, names=names, analyse=analyse, purpose=purpose, consented=consented)


def test_a_recording_without_channel_names_is_one_voice():
    assert plan(2, None) == (TrackPlan(index=None, name=None, analysed=True),)


def test_in_a_call_the_customer_alone_is_analysed():
    assert plan(2, ["agent", "customer"]) == (
        TrackPlan(index=0, name="agent", analysed=False),
        TrackPlan(index=1, name="customer", analysed=True),
    )


@pytest.mark.parametrize(
    "name",
    ["agent", "Agent 2", "support-agents", "CallAgent", "coworker", "student_a", "Reps"],
)
def test_somebody_at_work_or_in_education_needs_a_purpose(name):
    with pytest.raises(ConfigError, match=r"Article 5\(1\)\(f\)"):
        plan(2, [name, "customer"], analyse=[name])
    for purpose, consented in [*EXCEPTED, *((purpose, True) for purpose in PURPOSES)]:
        tracks = plan(2, [name, "customer"], [name], purpose, consented)
        assert [track.analysed for track in tracks] == [True, False]


def test_research_is_no_exception_and_needs_a_consent():
    with pytest.raises(
        ConfigError, match=r"Article 5\(1\)\(f\).*research is no such reason.*consent"
    ):
        plan(2, ["agent", "customer"], ["agent"], "research")
    assert plan(2, ["agent", "customer"], ["customer"], "research")[1].analysed


def test_a_consent_goes_with_a_purpose_and_is_stamped_with_it():
    with pytest.raises(ConfigError, match="consented goes with a purpose: medical, safety, res"):
        check_purpose(None, consented=True)
    assert stamp("research", consented=True) == "research with consent"
    assert (stamp("safety"), stamp(None, consented=True)) == ("safety", None)


@pytest.mark.parametrize("name", ["agent", "Agentin"])
def test_a_refusal_names_the_consent_that_research_needs(name):
    for purpose in (None, "research"):
        with pytest.raises(ConfigError, match=r"'\w+' is somebody at work.*--consented"):
            plan(2, [name, "customer"], [name], purpose)


@pytest.mark.parametrize("consented", ["no", "false", "", 0, 1])
def test_a_consent_is_true_or_false(consented):
    with pytest.raises(ConfigError, match="consented takes true or false alone"):
        plan(2, ["agent", "customer"], ["agent"], "research", consented)
    with pytest.raises(ConfigError, match="consented takes true or false alone"):
        stamp("research", consented=consented)
    assert stamp("research", consented=np.bool_(True)) == "research with consent"


def test_others_need_none():
    tracks = plan(2, ["therapist", "client"], analyse=["client"])
    assert [track.analysed for track in tracks] == [False, True]
    assert not any(map(is_protected, ["customer", "caller", "patient", "reporter", "left"]))


@pytest.mark.parametrize(
    ("names", "analyse", "message"),
    [
        (["agent"], None, "1 names for 2 channels"),
        (["a", "a"], ["a"], "must differ"),
        (["a", " "], ["a"], "not be empty"),
        (["left", "right"], None, "say whose it is with analyse"),
        (["caller", "clerk"], ["caler"], "did you mean 'caller'"),
        (None, ["customer"], "name all of them with channels"),
    ],
)
def test_what_does_not_fit_is_refused(names, analyse, message):
    with pytest.raises(ConfigError, match=message):
        plan(2, names, analyse)


def test_an_unknown_purpose_is_refused():
    with pytest.raises(ConfigError, match="did you mean 'medical'"):
        check_purpose("medicall")
