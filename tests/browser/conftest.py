"""A headless Chromium, and pages made of real runs."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver

from bridgebench.api import run_choices
from bridgebench.leaderboard.audit.verifications import Verification
from bridgebench.leaderboard.page.build import build_page
from bridgebench.leaderboard.page.payload import Shown
from bridgebench.plan.choices import choices_of

from .waiting import PATIENCE, settle, until

MARKUP = '<img src=x onerror="window.intruded=1"></script><script>window.intruded=1</script>'


def program(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    assert found, (
        f"{names[0]} is not installed; on Debian: apt-get install chromium chromium-driver"
    )
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[WebDriver]:
    options = Options()
    options.binary_location = program("chromium", "chromium-browser", "google-chrome")
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with pytest.MonkeyPatch.context() as patch:
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "localhost,127.0.0.1")  # the driver is asked on this machine
        driver = webdriver.Chrome(options, Service(program("chromedriver")))
        driver.set_script_timeout(PATIENCE)
        driver.set_window_size(1440, 1200)
        yield driver
        driver.quit()


@pytest.fixture(scope="session")
def shown(tmp_path_factory) -> Shown:
    """A real board with its strips; row 1 is verified."""
    words = {"task": "world", "nfe": "4,8", "out": tmp_path_factory.mktemp("run") / "out"}
    finished = run_choices(choices_of(words))
    known = Verification.model_validate(
        {
            "row_sha256": finished.board.rows[0].cells["row_sha256"],
            "verdict": "reproduced",
            "by": MARKUP.partition("</")[0],
            "date": "2026-01-31",
            "bridgebench": "0.1.0",
            "torch": "2.6",
            "device": "cpu",
            "sources": "same",
        }
    )
    board = finished.board
    return Shown("runs/world.csv", board, (known,), finished.folder.path / "strips")


@pytest.fixture(scope="session")
def hostile(shown: Shown) -> Shown:
    """The same with markup in every text that a CSV can bring to the page."""
    names = ("method", "transform", "device", "precision", "torch", "supervision")
    rows = []
    for row in shown.board.rows:
        marked = {name: row.cells[name] + MARKUP for name in names}
        marked["options"] = json.dumps({"method": {"name": MARKUP}})
        rows.append(dataclasses.replace(row, cells={**row.cells, **marked}))
    board = dataclasses.replace(shown.board, rows=tuple(rows), warnings=(MARKUP,))
    return Shown(MARKUP, board, shown.verifications)


@pytest.fixture(scope="session")
def page(shown: Shown, tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(build_page([shown]), encoding="utf-8")
    return path


@pytest.fixture
def visit(chromium: WebDriver) -> Iterator[Callable[..., WebDriver]]:
    """Opens a page, and holds it to be quiet: no word on the console, no request off the page."""
    opened: list[str] = []

    def go(path: Path, view: str = "") -> WebDriver:
        address = path.as_uri() + view
        opened.append(address)
        chromium.get("about:blank")
        chromium.get_log("performance")
        chromium.get_log("browser")
        chromium.get(address)
        until(chromium, lambda driver: drawn(driver, path))
        settle(chromium)
        return chromium

    yield go
    assert opened
    assert chromium.get_log("browser") == []
    assert {url for url in requests(chromium) if not url.startswith("data:")} <= {
        address.partition("#")[0] for address in opened
    }


@pytest.fixture
def narrowed(chromium: WebDriver) -> Iterator[Callable[[int], None]]:
    """Makes the window of the page so many pixels wide, for one test."""
    before = chromium.execute_script("return innerWidth")

    def wide(width: int) -> bool:
        return bool(chromium.execute_script("return innerWidth") == width)

    def narrow(width: int) -> None:
        metrics = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        until(chromium, lambda _: wide(width))
        settle(chromium)

    yield narrow
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    until(chromium, lambda _: wide(before))


@pytest.fixture
def printed(chromium: WebDriver) -> Iterator[Callable[[], None]]:
    """Shows the page as it is printed, for one test."""

    def show(media: str) -> None:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
        asked = "return matchMedia('print').matches"
        until(chromium, lambda driver: driver.execute_script(asked) == (media == "print"))

    yield lambda: show("print")
    show("")


def drawn(driver: WebDriver, path: Path) -> bool:
    """Whether the page's script has run to its end; `get` may return before that, under load."""
    theme = "return document.documentElement.dataset.theme"
    ready = "return document.readyState"
    return (
        driver.current_url.startswith(path.as_uri())
        and driver.execute_script(ready) == "complete"
        and bool(driver.execute_script(theme))
    )


def requests(driver: WebDriver) -> list[str]:
    """The addresses that the page asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
