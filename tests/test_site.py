"""The site of the documentation builds strictly, says all that the pages say, and asks for nothing from the network."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import chromium
import pytest

pytest.importorskip("mkdocs")

ROOT = Path(__file__).resolve().parents[1]
PHONE = 390  # px


def build(root, site):
    """Builds the site of a checkout; what mkdocs says, and whether it is content."""
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    code, said = build(ROOT, folder)
    assert code == 0, said
    return folder


def test_every_page_and_example_is_on_it(site):
    sources = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs" / "tutorials").glob("*.py")]
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in sources}
    pages = {path.with_name("index.html") if path.stem == "README" else path for path in pages}
    assert {str(page) for page in pages if not (site / page).is_file()} == set()
    assert {path.name for path in (ROOT / "examples").glob("*.*")} <= {path.name for path in (site / "examples").iterdir()}


def test_the_reference_is_made_from_docstrings(site):
    text = (site / "reference" / "api.html").read_text(encoding="utf-8")
    assert "heart_rate" in text
    assert text.count("<h3") > 8


def test_it_loads_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"<(?:script|img|iframe)[^>]*src=\"?(?:https?:)?//[^>]*>", text) == []
        assert re.findall(r"<link[^>]*(?:stylesheet|preconnect|icon)[^>]*href=\"?(?:https?:)?//[^>]*>", text) == []


def test_what_is_wrong_in_a_page_fails_the_build(tmp_path):
    """A link to no page, one to no heading, a name that the code does not have, and a page that is in no menu."""
    for name in ("docs", "examples", "hrkeras"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    page = tmp_path / "docs" / "how_it_works.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n[a](no_page.md), [b](index.md#no-heading), [c][hrkeras.no_name]\n")
    (tmp_path / "docs" / "in_no_menu.md").write_text("# Alone\n")
    code, said = build(tmp_path, tmp_path / "site")
    assert code != 0
    for each in ("no_page.md", "no-heading", "hrkeras.no_name", "in_no_menu.md"):
        assert each in said


@pytest.mark.skipif(not chromium.find(), reason="no Chromium")
def test_it_reads_well_on_a_phone_and_in_the_dark(site, tmp_path):
    with chromium.Chromium(tmp_path) as page:
        page.do("Emulation.setDeviceMetricsOverride", width=PHONE, height=800, deviceScaleFactor=1, mobile=True)
        page.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        for name in ("index", "how_it_works", "results/protocols", "reference/api"):
            page.do("Page.navigate", url=f"file://{site}/{name}.html")
            page.wait("document.readyState === 'complete' && !!document.querySelector('h1')")
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
            assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth)")
            assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
        assert {url for url in page.requests if not url.startswith(("file:", "data:"))} == set()
        assert page.errors == []
