"""Waiting for a browser: on a condition, and for what follows of itself from an action."""

from collections.abc import Callable

from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 300
"""Seconds that a busy machine may take for what is waited for."""


def until(driver: WebDriver, met: Callable[[WebDriver], bool]) -> None:
    WebDriverWait(driver, PATIENCE).until(met)


def settle(driver: WebDriver) -> None:
    """Let the page take in a new size, as where a scroll bar goes.

    Its observers are told of it when a frame is drawn, and draw the page anew.
    """
    driver.execute_async_script(
        "const done = arguments[0];"
        "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))"
    )
