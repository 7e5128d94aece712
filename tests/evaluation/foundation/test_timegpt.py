"""TimeGPT's own client against a server on this machine, which sees all that is sent."""

import json
import logging
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import urlsplit

import numpy as np
import pytest

from hrkeras.evaluation.foundation import timegpt
from hrkeras.evaluation.foundation.rest import KNOWN
from hrkeras.utils.errors import InputError
from hrkeras.workouts.effort import graded_speed

KEY = "a-very-secret-key"
# settings of the client's that say nothing of a run
SETTINGS = {"model", "clean_ex_first", "finetune_steps", "finetune_depth", "finetune_loss", "finetuned_model_id", "level"}
SETTINGS |= {"feature_contributions", "multivariate"}


class Service(BaseHTTPRequestHandler):
    """Answers as api.nixtla.io does; keeps what it was sent."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(None, {"detail": {"input_size": 48, "horizon": 12}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(body, {"mean": [150.0 + step for step in range(body["h"])], "intervals": None, "weights_x": None})

    def answer(self, body, content):
        self.server.requests.append((self.path, dict(self.headers), body))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        content = json.dumps(content if status == 200 else {"detail": "no"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def service(monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), Service)
    server.requests, server.statuses = [], []
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("NIXTLA_BASE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("NIXTLA_API_KEY", KEY)
    monkeypatch.setattr(timegpt, "WAIT", 0)
    yield server
    server.shutdown()
    server.server_close()


def test_nothing_is_sent_unless_asked(service, runs, shown, monkeypatch):
    monkeypatch.delenv("NIXTLA_API_KEY")
    said = []
    assert timegpt.forecaster(said.append)(runs, shown) is None
    assert service.requests == []
    assert f"127.0.0.1:{service.server_port}: 2 runs, one request each" in said[0]
    assert said[1].startswith("Nothing was sent.")


def test_no_key(monkeypatch):
    for key in ("", " \n"):
        monkeypatch.setenv("NIXTLA_API_KEY", key)
        with pytest.raises(InputError, match="NIXTLA_API_KEY, found none"):
            timegpt.forecaster(print, send=True)


def test_what_was_announced_is_sent_and_nothing_else(service, runs, shown):
    pytest.importorskip("nixtla")
    said = []
    ask = timegpt.forecaster(said.append, send=True)
    assert service.requests == []
    found = ask(runs, shown, None, [[runs[0].grid]] * len(runs))  # earlier runs are not sent
    (announced,) = said
    posts = [body for path, _, body in service.requests if path == "/v2/forecast"]
    for path, headers, body in service.requests:
        assert (urlsplit(path).path, body) == ("/model_params", None) or path == "/v2/forecast"
        assert set(map(str.lower, headers)) <= {
            *("host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length"),
            *("authorization", "nixtla-client-version", "nixtla-model"),
        }
    assert len(posts) == 2
    for body, run, values in zip(posts, runs, found, strict=False):
        steps = len(run.grid.speed)
        assert set(body) == SETTINGS | {"series", "h", "freq"}
        assert (body["h"], body["freq"], body["finetune_steps"]) == (steps - KNOWN, "10s", 0)
        series = body["series"]
        assert set(series) <= {"y", "sizes", "X", "X_future", "start_datetime"}
        assert series["sizes"] == [KNOWN]
        assert all(start.startswith(timegpt.MADE_UP_DATE) for start in series.get("start_datetime", []))
        known = run.grid.heart_rate[:KNOWN]
        measured = np.isfinite(known)
        np.testing.assert_allclose(np.array(series["y"])[measured], known[measured], rtol=1e-5)
        assert np.isfinite(series["y"]).all()
        effort = run.grid.speed, graded_speed(run.grid.speed, run.grid.altitude)
        np.testing.assert_allclose(series["X"], [column[:KNOWN] for column in effort], rtol=1e-3)
        np.testing.assert_allclose(series["X_future"], [column[KNOWN:] for column in effort], rtol=1e-3)
        np.testing.assert_array_equal(values[KNOWN:], 150.0 + np.arange(steps - KNOWN))
    for column in ("ds", "y", "speed", "graded_speed", timegpt.MADE_UP_DATE):
        assert column in announced
    assert logging.root.level != logging.INFO


@pytest.mark.parametrize(
    ("statuses", "what", "requests"),
    [([401], "does not take the key", 1), ([200, 429, 429], "too many requests", 3), ([200, 500], "status 500", 2)],
)
def test_a_refusal_is_one_sentence(service, runs, shown, monkeypatch, statuses, what, requests):
    pytest.importorskip("nixtla")
    monkeypatch.setattr(timegpt, "RETRIES", 2)
    service.statuses += statuses
    with pytest.raises(InputError, match=what) as error:
        timegpt.forecaster(str, send=True)(runs, shown)
    assert len(service.requests) == requests
    assert KEY not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_busy_service_is_asked_again(service, runs, shown):
    pytest.importorskip("nixtla")
    service.statuses += [200, 429, 503]
    found = timegpt.forecaster(str, send=True)(runs[:1], shown[:1])
    assert np.isfinite(found[0][KNOWN:]).all()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("NIXTLA_BASE_URL", "http://127.0.0.1:1"), ("NIXTLA_BASE_URL", "nowhere"), ("NIXTLA_API_KEY", "secret\u2026 key")],
)
def test_what_cannot_be_asked_is_one_sentence(service, runs, shown, monkeypatch, variable, value):
    pytest.importorskip("nixtla")
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=variable) as error:
        timegpt.forecaster(str, send=True)(runs, shown)
    assert "secret" not in str(error.value)
    assert service.requests == []


def test_an_answer_that_makes_no_sense(service, runs, shown, monkeypatch):
    pytest.importorskip("nixtla")
    monkeypatch.setattr(Service, "do_POST", Service.do_GET)
    with pytest.raises(InputError, match=r"was not understood \(KeyError\)"):
        timegpt.forecaster(str, send=True)(runs, shown)
