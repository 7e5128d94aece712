"""The page's sections on training load and on pace at a set heart rate."""

from hrkeras.athlete import reserve
from hrkeras.athlete.reserve import Reserve
from hrkeras.personal.index import index_text, running_index
from hrkeras.personal.load import load_text, training_load
from hrkeras.personal.report.html import paragraph, section, table
from hrkeras.personal.timeline import Timeline

CAPTION = "Training load of the last weeks (TRIMP), from Monday on"


def training(written: Timeline) -> str:
    """Both sections; the second only of a person with heart rate."""
    own = reserve.estimate(written.athlete)
    return "\n".join(filter(None, [_load(written, own), _index(written, own) if written.entries else ""]))


def _load(written: Timeline, own: Reserve) -> str:
    loads = training_load.of_timeline(written, own)
    return section(
        "Training load",
        table(CAPTION, load_text.HEAD, load_text.rows(training_load.weeks(loads)), texts=(1,)),
        *(paragraph(sentence, "soft") for sentence in (*load_text.missing(loads), load_text.MEANING, reserve.text(own))),
        *(paragraph(sentence, "soft") for sentence in (*load_text.doubtful(loads, own), *reserve.advice(own))),
    )


def _index(written: Timeline, own: Reserve) -> str:
    heart_rate = running_index.usual_heart_rate(written)
    sentences = index_text.results(running_index.follow(written, heart_rate, own), heart_rate, written.speed)
    return section("Your pace at a heart rate", *map(paragraph, sentences))
