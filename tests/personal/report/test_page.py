"""The page: whole in one file, readable by everyone, and without any place or name."""

import re
from dataclasses import replace

import chromium
import numpy as np
import pytest
from typer.testing import CliRunner

from hrkeras.cli.main import app
from hrkeras.personal import fitness_text, person_plots, time_in_zones, timeline
from hrkeras.personal.recent_error import RecentError
from hrkeras.personal.report import html, page, picture
from hrkeras.workouts.simulation import formats, synthetic


@pytest.fixture(scope="module")
def tracks():
    return list(synthetic.simulate(1, 40, seed=11, flawed=0.05))


@pytest.fixture(scope="module")
def report(tracks, tmp_path_factory):
    """The page of an export, and what the command said."""
    folder = tmp_path_factory.mktemp("report")
    formats.write_apple_health(tracks, folder / "export.zip")
    done = CliRunner().invoke(app, ["report", str(folder / "export.zip"), "--output", str(folder / "report.html")])
    assert done.exit_code == 0, done.output
    return folder / "report.html", done.output


def test_it_is_whole_and_small(report):
    path, said = report
    text = path.read_text()
    assert text.startswith("<!doctype html>")
    assert path.stat().st_size < 400_000  # of 40 runs
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', text)
    assert "url(" not in re.sub(r"url\(#", "", text)
    assert f"Written: {path}" in said
    for title in ("Fitness", "Your last run", "Your zones", "How good the predictions are", "What to bear in mind"):
        assert f"<h2>{title}" in text
    assert "no medical advice" in text
    assert "<code>hrkeras zones</code> takes what a test said with <code><span>--maximum</span></code> or" in text
    plain = re.sub("</?span>", "", text)
    assert "Make it more certain: <code>hrkeras update me.json --resting-heart-rate 52 --age 41 --sex female</code>" in plain
    assert "`" not in text


def test_no_place_and_no_name_is_in_it(report, tracks):
    text = report[0].read_text()
    told = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)  # whose coordinates are points, with two digits
    for track in tracks:
        for place in (track.latitude, track.longitude):
            for degrees in place[np.isfinite(place)][:: max(1, len(place) // 50)]:
                assert f"{degrees:.4f}"[:-1] not in text
                assert f"{degrees:.3f}"[:-1] not in told
    for word in ("latitude", "longitude", "Watch of athlete", f">{tracks[0].user}<", "export.zip"):
        assert word not in text


def test_of_many_runs_it_is_small_and_says_where_all_faults_are(tmp_path):
    few = list(synthetic.read(athletes=1, runs=60, seed=2, flawed=0))
    many = [replace(each, start=each.start + 200 * 86_400 * copy) for copy in range(5) for each in few]
    page.write(timeline.write(many), tmp_path / "many.html")
    assert (tmp_path / "many.html").stat().st_size < 3_000_000
    text = (tmp_path / "many.html").read_text()
    assert re.search(r"<caption>Faults of the heart rate sensor, the latest 8 of \d+</caption>", text)
    assert "<p><code>hrkeras inspect RUNS <span>--json</span></code> lists all.</p>" in text


@pytest.mark.parametrize("width", [375, 1000])
def test_it_is_accessible_on_a_phone_and_a_screen(report, tmp_path, width):
    if not chromium.find():
        pytest.skip("no Chromium")
    with chromium.Chromium(tmp_path / "profile") as opened:
        opened.do("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)
        opened.do("Page.setBypassCSP", enabled=True)  # so that axe-core can be put into it
        opened.do("Page.navigate", url=f"file://{report[0]}")
        opened.wait("document.readyState == 'complete'")
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        wider = "[...document.querySelectorAll('.wide')].filter(table => table.scrollWidth > table.clientWidth)"
        assert opened.evaluate(f"{wider}.map(table => table.ariaLabel)") == []  # no table is cut
        label = "getComputedStyle(document.querySelector('.many td'), '::before').content"
        assert opened.evaluate(label) == ('"minutes "' if width < 500 else "none")
        assert opened.requests == [f"file://{report[0]}"]
        assert opened.errors == []
        chromium.assert_accessible(opened)


def test_texts_are_escaped():
    assert html.paragraph("a < b", "soft") == '<p class="soft">a &lt; b</p>'
    assert html.items(["", "&"]) == "<ul>\n<li>&amp;</li>\n</ul>"
    assert (html.paragraph(""), html.items([])) == ("", "")
    table = html.table("<c>", ("x", "y"), [("<1>", "<2>")], texts=(1,))
    assert '<th scope="row">&lt;1&gt;</th><td class="text">&lt;2&gt;</td>' in table
    assert 'aria-label="&lt;c&gt;"' in table


def test_two_pictures_do_not_share_a_name_and_take_the_colours_of_the_page(tracks):
    written = timeline.write(list(synthetic.read(athletes=1, runs=12, seed=5, flawed=0)))
    drawn = [picture.svg(person_plots.fitness(written, narrow=True), name, "A & B", "seen") for name in ("one", "two")]
    names = [set(re.findall(r' id="([^"]+)"', each)) for each in drawn]
    assert not names[0] & names[1]
    for each, own in zip(drawn, names, strict=True):
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', each)) <= own
        assert "<title" in each
        assert "A &amp; B" in each
        assert "var(--heart)" in each
        assert not re.findall(r"#[0-9a-f]{6}", each)
    assert drawn[0].replace("one-", "two-") == drawn[1]


@pytest.mark.parametrize("flaw", ["no heart rate", "no altitude", "no GPS", "other sport"])
def test_a_single_odd_run(flaw, tmp_path):
    rng = np.random.default_rng(0)
    track = next(synthetic.simulate(1, 1, seed=3, flawed=0))
    from hrkeras.workouts.simulation.faults import spoil

    formats.write_apple_health([spoil(rng, track, flaw)], tmp_path / "export.zip")
    done = CliRunner().invoke(app, ["report", str(tmp_path / "export.zip"), "--output", str(tmp_path / "report.html")])
    assert "Traceback" not in done.output
    assert done.exit_code == (0 if (tmp_path / "report.html").exists() else 1)
    if flaw == "no heart rate":
        assert "Runs with no or too little heart rate" in (tmp_path / "report.html").read_text()
    if flaw == "other sport":
        assert "another sport (cycling)" in done.output


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ((6.0, 9.0, 8.0), "was 6.0 beats/min off on average; the mean of the five runs before was 8.0 off."),
        ((16.5, 16.2, 18.0), "which is no better than the mean of all your earlier runs (16.2): do not rely on it yet."),
        ((7.04, 7.01, 9.0), "(7.0): do not rely on it yet."),
        ((7.0, 9.0, 6.5), "which is no better than the mean of the five runs before (6.5): do not rely on it yet."),
    ],
)
def test_no_praise_where_a_mean_does_as_well(errors, said):
    error, by_mean, by_last = errors
    assert page._told_in_advance(RecentError(9, error, 0.8, by_mean, by_last)).endswith(said)


def test_it_says_from_whose_runs_it_estimates():
    runs = list(synthetic.read(athletes=1, runs=4, seed=5, flawed=0, faulty=0))
    silent = [replace(runs[3], heart_rate=np.full(len(runs[3]), np.nan))]
    assert "what people in general have" in page.headlines(timeline.write(silent))[0]
    known = timeline.write(runs[:3]).athlete
    (said,) = page.headlines(timeline.write(silent, known=known))
    assert said.endswith("What is not measured is told by what is known of you: 3 runs.")
    written = page.page(timeline.write(silent, known=known))
    assert "estimated from speed, altitude and all that is known of you, 3 runs with heart rate." in written
    assert "no run with heart rate is known" not in written


def test_runs_indoors_have_their_time_in_zones_on_the_page():
    runs = list(synthetic.read(athletes=1, runs=3, seed=5, flawed=0, faulty=0))
    indoors = replace(runs[2], sport="indoor running")
    written = timeline.write([indoors])
    assert "<h2>Your zones</h2>" in page.page(written)
    assert time_in_zones.measured(*page.times(written)[1:])[-1][1].split()[0] in page.page(written)
    mixed = page.page(timeline.write([*runs[:2], indoors])).replace("\N{NO-BREAK SPACE}", " ")
    day = fitness_text.day(runs[1].start, runs[1].utc_offset)
    assert f"Your last run outdoors with heart rate, {day}" in mixed
    assert f"{fitness_text.days(runs[:2])}." in mixed
    assert f"Your last run, {day}" in page.page(timeline.write(runs[:2])).replace("\N{NO-BREAK SPACE}", " ")


def test_the_numbers_of_a_row_agree():
    runs = list(synthetic.read(athletes=1, runs=20, seed=5, flawed=0, faulty=0))
    for place in (15, 18):
        run = runs[place]
        runs[place] = replace(run, heart_rate=np.where(run.time < 600, np.nan, run.heart_rate + 45))
    rows = re.findall(r"<tr>(.*?)</tr>", page.page(timeline.write(runs)), flags=re.DOTALL)
    cells = [[re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    found = [row for row in cells if len(row) == 5 and re.fullmatch(r"[+-]\d+", row[3])]
    assert len(found) >= 2
    for _, measured, expected, difference, _ in found:
        assert int(measured) - int(expected) == int(difference)


def test_it_says_what_was_used_and_whose_time_it_is(report):
    text, said = report[0].read_text(), report[1]
    (used,) = re.findall(r"Used \d+ of \d+ recordings\. Not used: [^<]*\.|Used all \d+ recordings\.", text)
    assert re.sub(r" \(first: [^)]*\)", "", said).count(used) == 1
    assert "Times and days are local, as the source tells (UTC+" in text


def test_a_command_in_a_text_is_code():
    assert html.paragraph("as by `a < b`, ` alone") == "<p>as by <code>a &lt; b</code>, ` alone</p>"
    assert html.items(["`update`"]) == "<ul>\n<li><code>update</code></li>\n</ul>"
    command = "<code>update a-b.json <span>--age</span> 3 m <span>-h</span></code>"
    assert html.paragraph("`update a-b.json --age 3 m -h`") == f"<p>{command}</p>"


def test_no_line_parts_a_number():
    space = "\N{NO-BREAK SPACE}"
    for whole in ("3 x", "16 Jun 2025", "16 June 2025", "-18 to +28", "(166 to 182", "0:00 to 0:33", "6:13 to 7:33", "May 2021"):
        assert html.paragraph(f"so {whole} or") == f"<p>so {whole.replace(' ', space)} or</p>"
    days = f"5{space}July{space}2020 to 16{space}June{space}2025"
    assert html.paragraph("5 July 2020 to 16 June 2025 of 2 runs") == f"<p>{days} of 2 runs</p>"


def test_a_table_of_many_columns_labels_its_cells():
    many = html.table("c", ("Day", "a", "b", "c", "d", "e"), [("1 Jun 2025", "1", "2", "3", "4", "")])
    assert '<div class="wide many"' in many
    assert '<td data-label="a">1</td>' in many
    assert "data-label" not in html.table("c", ("Day", "a", "b", "c", "d"), [("1 Jun 2025", "1", "2", "3", "4")])


def test_no_line_parts_a_number_from_its_unit():
    text = html.paragraph("10 min at 6:00 /km and 145 beats/min, 80 % of 12 runs; `plan 3 km` <b>")
    space = "\N{NO-BREAK SPACE}"
    assert text == (
        f"<p>10{space}min at 6:00{space}/km and 145{space}beats/min, 80{space}% of 12 runs; <code>plan 3 km</code> &lt;b&gt;</p>"
    )
