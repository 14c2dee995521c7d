"""What the sections of a model card show."""

from dataclasses import replace

from affekt.evaluation.card.sections import sections
from affekt.evaluation.people.differences import GroupDifference
from affekt.evaluation.report import FailedClip
from affekt.metrics import Interval
from affekt.metrics.conformal import Coverage
from affekt.recognition.bundles.metadata import SetRule
from affekt.report.document import Table


def table(card, title, caption):
    section = next(item for item in sections(card) if item.title == title)
    return next(
        block
        for block in section.blocks
        if isinstance(block, Table) and block.caption.startswith(caption)
    )


def test_a_difference_between_groups_has_its_interval_and_its_verdict(card):
    found = GroupDifference(
        scoring="own",
        corpus="one",
        attribute="gender",
        speakers={"female": 5, "male": 7},
        ua={"female": 0.4, "male": 0.46},
        difference=0.06,
        interval=Interval(low=-0.05, high=0.17, level=0.95, speakers=12),
        verdict="cannot tell",
    )
    alike = replace(found, difference=0.0, interval=None)
    shown = table(
        replace(card, differences=(found, alike)), "People, not averages", "Differences between"
    )
    assert shown.header[-3:] == ("difference", "95 % interval", "verdict")
    assert [row[-3:] for row in shown.rows] == [
        ("6.0", "-5.0 to 17.0", "cannot tell"),
        ("0.0", "all draws agree", "cannot tell"),
    ]
    assert shown.rows[0][3] == "female 40.0 (5), male 46.0 (7)"


def test_sets_of_labels_have_a_row_for_each_corpus(card):
    one = Coverage(clips=20, speakers=1, share=0.7, interval=None, mean_size=2.0, single=0.1)
    ends = Interval(low=0.85, high=1.0, level=0.95, speakers=6)
    whole = replace(one, clips=60, speakers=7, share=0.9, interval=ends)
    rule = SetRule(coverage=0.9, quantile=0.8, rule="lac")
    measured = replace(card.confidence.given, sets=whole, corpora_sets={"one": one}, rule=rule)
    shown = table(
        replace(card, confidence=replace(card.confidence, given=measured, telephone=None)),
        "Confidence",
        "Sets of labels",
    )
    assert [row[:5] for row in shown.rows] == [
        ("all clips", "60", "90.0", "90.0", "85.0 to 100.0"),
        ("one", "20", "90.0", "70.0", "1 speaker"),
    ]


def test_the_figures_of_the_answered_clips_stand_beside_those_of_all(card):
    title, caption = "Figures under the protocol", "Answered among the corpus' own"
    assert "answered" not in table(card, title, caption).header
    (corpus,) = card.report.corpora
    own = corpus.scoring("own")
    half = replace(own, ua=0.5, clips=24, answered=12, answered_alone=own)
    report = replace(
        card.report,
        failures=(FailedClip(corpus="one", path="x.wav", reason="silent"),),
        corpora=(replace(corpus, scorings=(half,)),),
    )
    shown = table(replace(card, report=report), title, caption)
    row = dict(zip(shown.header, shown.rows[0], strict=True))
    assert (row["recognised (UA)"], row["answered"], row["recognised of these"]) == (
        "50.0",
        "12",
        "100.0",
    )
