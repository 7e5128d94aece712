"""The page of docs/demo with the base model, open in Chromium, and runs of a simulated person to give to it."""

import json

import chromium
import pytest
from chromium import demo, fetched, served

from hrkeras.workouts.simulation import formats, synthetic

READY = "document.getElementById('status')?.textContent.startsWith('Ready')"
ERROR = "document.getElementById('error').textContent"


class Page:
    """The page in a browser.

    Attributes:
        browser: the browser.
        address: of the page.
    """

    def __init__(self, browser, address):
        self.browser, self.address = browser, address

    def open(self):
        """Opens the page anew."""
        self.browser.requests.clear()
        self.browser.errors.clear()
        self.browser.do("Page.navigate", url=self.address)
        self.browser.wait(READY)

    def give(self, *paths, to="#files"):
        """Gives files, and waits until what follows is shown; nothing may go wrong."""
        self.browser.choose(to, *paths)
        self.settle()
        assert self.browser.evaluate(ERROR) == ""

    def settle(self):
        """Waits until the page has done what it was told."""
        self.browser.evaluate("new Promise((resolve) => setTimeout(resolve, 20))")
        self.browser.wait("document.querySelector('main').ariaBusy !== 'true'")

    def refuse(self, *paths, to="#files"):
        """Gives files that the page refuses; returns what it says."""
        self.browser.evaluate(f"{ERROR} = ''")
        self.browser.choose(to, *paths)
        self.browser.wait(ERROR)
        assert all("inline style" in each for each in self.browser.errors)  # of the page that Chromium makes of a damaged file
        return self.browser.evaluate(ERROR)

    def value(self, module, code):
        """The value of a JavaScript expression, which may use what a module of the page exports, as `it`."""
        return self.browser.evaluate(f"import('{self.address}{module}').then(async (it) => {code})")

    def last(self, name="predicted"):
        """A column of the last run that is shown; NaN where it has no value."""
        values = self.value("page.js", f"Array.from(it.shown.last[{json.dumps(name)}])")
        return [float("nan") if each is None else each for each in values]

    def text(self, name):
        """The text of an element, by its id."""
        return self.browser.evaluate(f"document.getElementById('{name}').textContent")

    def saved(self):
        """The text of the file that the page would save."""
        return self.value("athlete/kept.js", f"it.save((await import('{self.address}page.js')).shown.athlete)")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    fetched(demo.build, folder)
    return folder


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    if not chromium.find():
        pytest.skip("no Chromium")
    with chromium.Chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="session")
def address(site):
    with served(site) as place:
        yield place


@pytest.fixture
def page(browser, address):
    found = Page(browser, address)
    found.open()
    return found


@pytest.fixture(scope="session")
def tracks():
    """Seven short workouts of one simulated person."""
    return [track for track in synthetic.simulate(1, 12, seed=8, flawed=0, faulty=0) if len(track.clock) < 3000][:7]


@pytest.fixture(scope="session")
def runs(tracks, tmp_path_factory):
    """The same as GPX files, in order."""
    return formats.write_gpx_folder(tracks, tmp_path_factory.mktemp("runs"))
