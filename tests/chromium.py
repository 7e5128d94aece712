"""A Chromium without a window, spoken to by its own protocol through a pipe: https://chromedevtools.github.io/devtools-protocol."""

import base64
import importlib.util
import itertools
import json
import os
import select
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

AXE = "axe-core@4.14.1"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 60  # s
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars")


spec = importlib.util.spec_from_file_location("build_demo", Path(__file__).parents[1] / "docs" / "demo" / "build.py")
demo = importlib.util.module_from_spec(spec)
spec.loader.exec_module(demo)


def fetched(function, *arguments):
    """What npm fetches; without npm or a registry the test is skipped."""
    try:
        return function(*arguments)
    except demo.BuildError as error:
        pytest.skip(str(error))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """A server of a folder, as the address of it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def assert_accessible(page: "Chromium") -> None:
    """Nothing in the page is against a rule of axe-core, in light or dark."""
    axe = fetched(demo.npm, AXE, ("axe.min.js",))["axe.min.js"].decode()
    page.evaluate(f"{axe}; undefined")
    for scheme in ("light", "dark"):
        page.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        told = "violations.map(({id, nodes}) => id + ': ' + nodes[0].html)"
        violations, passes = page.evaluate(f"axe.run().then(({{violations, passes}}) => [{told}, passes.length])")
        assert violations == []
        assert passes > 15


def find() -> str | None:
    """Where Chromium is, if it is there."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """One page in a browser of its own; a context manager that ends it.

    Attributes:
        requests: addresses of all that the page, and service workers that are watched, asked for, in order.
        errors: what the page said in its console as an error, and what it did not catch.
    """

    def __init__(self, profile: Path):
        commands, write = os.pipe()
        read, answers = os.pipe()
        ends = f'exec "$0" "$@" 3</dev/fd/{commands} 4>/dev/fd/{answers}'  # which it reads from and writes to
        self._process = subprocess.Popen(
            ["sh", "-c", ends, find(), *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._write, self._read, self._rest = write, read, b""
        self._numbers, self._session = itertools.count(1), {}
        self.requests: list[str] = []
        self.errors: list[str] = []
        targets = self.do("Target.getTargets")["targetInfos"]
        page = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = {"sessionId": self.do("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]}
        for domain in ("Page", "Runtime", "Network", "DOM", "Log"):
            self.do(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)
        os.close(self._write)
        os.close(self._read)

    def do(self, method: str, **params):
        """Gives a command and returns the answer; what happens meanwhile is noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **self._session}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            self._note(answer.get("method"), answer.get("params", {}))
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], PATIENCE)
            part = os.read(self._read, 1 << 20) if ready else b""
            if not part:
                raise RuntimeError("Chromium has ended or does not answer")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event, params) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"]))
        elif event == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])

    def watch_workers(self):
        """Also notes what the service workers there are ask for."""
        page, self._session = self._session, {}
        for target in self.do("Target.getTargets")["targetInfos"]:
            if target["type"] == "service_worker":
                self._session = {}
                self._session = {
                    "sessionId": self.do("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
                }
                self.do("Network.enable")
        self._session = page

    def press(self, key: str, number: int):
        """Presses a key, by its name and number."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.do("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=number, **text)

    def evaluate(self, code: str):
        """The value of an expression in the page, awaited."""
        found = self.do("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"].get("exception", {}).get("description", "exception"))
        return found["result"].get("value")

    def wait(self, code: str, seconds: float = PATIENCE):
        """Waits until an expression in the page is true."""
        end = time.monotonic() + seconds
        while not self.evaluate(code):
            if time.monotonic() > end:
                raise TimeoutError(f"{code}; the page says: {self.evaluate('document.body.innerText')} {self.errors}")
            time.sleep(0.05)

    def choose(self, selector: str, *paths: Path):
        """Chooses files in a file input."""
        root = self.do("DOM.getDocument")["root"]["nodeId"]
        node = self.do("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.do("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def drop(self, *paths: Path):
        """Drops files onto the page as from a file manager."""
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.do("Input.dispatchDragEvent", type=kind, x=100, y=100, data=data)

    def screenshot(self, path: Path, *, width: int, dark: bool = False):
        """Writes a PNG of the whole page at a width in pixels."""
        self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)
        time.sleep(0.5)  # for the page to draw itself anew
        path.write_bytes(base64.b64decode(self.do("Page.captureScreenshot", captureBeyondViewport=True)["data"]))
