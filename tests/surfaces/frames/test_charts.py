"""Reports become bar charts that can be read."""

from __future__ import annotations

import subprocess
import sys

import pytest
from matplotlib.figure import Figure

import rtcp

COUNTED = {"reportTimestamp": "2026-03-01T12:00:00.000"}


def datasets(**counts):
    rows = [{"value": f"id-{name}", "name": name, "fullIDsCount": count} for name, count in counts.items()]
    return rtcp.DatasetReport.model_validate({"data": rows, **COUNTED})


def labels_of(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def values_of(ax):
    return [text.get_text() for text in ax.texts]


def widths_of(ax):
    return [bar.get_width() for bar in ax.patches]


def test_datasets_are_bars_by_name_with_the_longest_on_top():
    ax = rtcp.plot(datasets(Newsletter=1194, CRM=1200000))

    assert labels_of(ax) == ["CRM", "Newsletter"]
    assert widths_of(ax) == [1200000, 1194]
    assert ax.yaxis_inverted()


def test_counts_have_thousands_separators():
    assert values_of(rtcp.plot(datasets(CRM=1200000)))[0] == "1,200,000"


def test_the_title_says_what_it_is_and_when_it_was_counted():
    ax = rtcp.plot(datasets(CRM=1))

    assert ax.get_title(loc="left") == "People by dataset"
    assert "counted 2026-03-01 12:00 UTC" in values_of(ax)


def test_a_dataset_without_a_name_goes_by_its_id():
    report = rtcp.DatasetReport.model_validate({"data": [{"value": "65b1", "name": "", "fullIDsCount": 1}]})

    assert labels_of(rtcp.plot(report)) == ["65b1"]


def test_two_datasets_of_one_name_are_two_bars():
    row = {"value": "65b1", "name": "CRM", "fullIDsCount": 1}

    assert len(widths_of(rtcp.plot(rtcp.DatasetReport.model_validate({"data": [row, row]})))) == 2


def test_namespaces_show_their_share():
    row = {"code": "Email", "value": "6", "fullIDsCount": 1200, "fullIDsPercentage": 0.98}

    ax = rtcp.plot(rtcp.NamespaceReport.model_validate({"data": [row]}))

    assert labels_of(ax) == ["Email"]
    assert values_of(ax)[0] == "1,200  (98%)"


def test_dataset_sizes_tell_records_from_events():
    rows = [
        {"datasetId": "crm", "datasetType": "Profiles", "records": 12},
        {"datasetId": "purchases", "datasetType": "ExperienceEvents", "records": 53},
    ]

    ax = rtcp.plot(rtcp.DatasetStats.model_validate({"data": rows}))

    assert labels_of(ax) == ["purchases", "crm"]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["ExperienceEvents", "Profiles"]


def test_overlaps_are_sorted_bars_of_joined_names():
    report = rtcp.OverlapReport.model_validate({"data": {"Email,crmId": 12, "Email": 1194}})

    assert labels_of(rtcp.plot(report)) == ["Email", "Email + crmId"]


def test_a_long_combination_says_how_many_it_leaves_out():
    ids = ",".join(f"65b1a8e0c1d2e3f4051627{number}" for number in range(31, 41))

    (label,) = labels_of(rtcp.plot(rtcp.OverlapReport.model_validate({"data": {ids: 1}})))

    assert label.endswith("+ 7 more")
    assert label.count("\n") == 2


def test_unstitched_people_are_bars_by_window_with_the_shortest_on_top():
    windows = {f"{days}days": {"countOfProfiles": days, "eventsAssociated": 3} for days in (120, 7, 30)}
    body = {"totalNumberOfProfiles": 1206, "unstitchedProfiles": windows}

    ax = rtcp.plot(rtcp.UnstitchedReport.model_validate({"data": body}))

    assert labels_of(ax) == ["7 days", "30 days", "120 days"]
    assert values_of(ax)[0] == "7  (3 events)"
    assert ax.get_title(loc="left").endswith("of 1,206")


def test_only_the_top_is_drawn_and_the_rest_is_counted():
    ax = rtcp.plot(datasets(**{f"d{number}": number for number in range(30)}), top=5)

    assert len(widths_of(ax)) == 5
    assert ax.get_xlabel() == "25 more not shown"


def test_an_unknown_count_says_so():
    assert values_of(rtcp.plot(datasets(CRM=None)))[0] == "unknown"


def test_an_empty_report_says_so():
    assert "the report has no rows" in values_of(rtcp.plot(rtcp.OverlapReport(data=[])))


def test_long_names_fit_on_the_picture_whole():
    ax = rtcp.plot(datasets(**{"a rather long name of a dataset that costs $5 to $6 " * 4: 12345678}))
    ax.figure.draw_without_rendering()
    frame = ax.figure.bbox

    for text in [*ax.get_yticklabels(), *ax.texts, ax.title]:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1


def test_dollar_signs_are_no_formulas():
    ax = rtcp.plot(datasets(**{"from $5 to $6": 1}))

    assert not ax.get_yticklabels()[0].get_parse_math()


def test_it_draws_on_the_axes_that_it_is_given():
    ax = Figure().add_subplot()

    assert rtcp.plot(datasets(CRM=1), ax=ax) is ax


def test_a_notebook_shows_the_picture():
    assert rtcp.plot(datasets(CRM=1))._repr_png_().startswith(b"\x89PNG")


def test_pyplot_is_not_touched():
    plotting = "import sys, rtcp; rtcp.plot(rtcp.OverlapReport(data=[]))._repr_png_()"
    code = f"{plotting}; assert 'matplotlib.pyplot' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_functions_loads_no_package_of_an_extra():
    code = (
        "import sys; from rtcp import plot, to_arrow, to_pandas;"
        "assert not {'pandas', 'pyarrow', 'matplotlib', 'numpy'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_no_report_is_refused():
    with pytest.raises(rtcp.InvalidArgumentError, match="only the reports"):
        rtcp.plot([1, 2])


def test_top_is_at_least_one():
    with pytest.raises(rtcp.InvalidArgumentError, match="top must be 1 or more"):
        rtcp.plot(datasets(CRM=1), top=0)


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(rtcp.MissingExtraError, match=r"rtcp\[plot\]"):
        rtcp.plot(datasets(CRM=1))
