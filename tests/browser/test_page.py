"""The page in a real browser."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from bridgebench.leaderboard.page.build import build_page
from bridgebench.leaderboard.page.payload import Shown
from bridgebench.leaderboard.page.strips import strips_of
from bridgebench.tasks.task_file import Convergence, FlagRule

from .waiting import settle

pytestmark = pytest.mark.browser

Visit = Callable[..., WebDriver]


def texts(driver: WebDriver, column: str) -> list[str]:
    """What stands in a column of the table, row by row."""
    return [
        cell.text.split("\n")[0]
        for cell in driver.find_elements(By.CSS_SELECTOR, f'tr.row [data-column="{column}"]')
    ]


def numbers(driver: WebDriver, column: str) -> list[float]:
    selector = f'tr.row:not(.baseline) [data-column="{column}"] .value'
    return [float(cell.text) for cell in driver.find_elements(By.CSS_SELECTOR, selector)]


def click(driver: WebDriver, selector: str) -> None:
    driver.find_element(By.CSS_SELECTOR, selector).click()
    settle(driver)


def choose(driver: WebDriver, selector: str, value: str) -> None:
    Select(driver.find_element(By.CSS_SELECTOR, selector)).select_by_value(value)
    settle(driver)


def test_every_row_is_there_in_the_order_of_the_board(visit: Visit, page: Path, shown) -> None:
    driver = visit(page)
    assert driver.find_element(By.ID, "title").text == "world"
    assert len(texts(driver, "method")) == len(shown.board.table)
    ranks = [e.text for e in driver.find_elements(By.CSS_SELECTOR, "tr.row .rank") if e.text]
    assert ranks == [str(rank) for rank in range(1, len(ranks) + 1)]
    assert len(ranks) == int((~shown.board.table["baseline"]).sum())


def test_a_header_sorts_best_first_then_the_other_way_then_not(visit: Visit, page: Path) -> None:
    driver = visit(page)
    before = numbers(driver, "fid")
    header = '[data-sort="fid"]'
    click(driver, header)
    assert numbers(driver, "fid") == sorted(before)
    assert states(driver) == ["ascending"]
    click(driver, header)
    assert numbers(driver, "fid") == sorted(before, reverse=True)
    assert states(driver) == ["descending"]
    click(driver, header)
    assert numbers(driver, "fid") == before
    assert states(driver) == []


def states(driver: WebDriver) -> list[str]:
    headers = driver.find_elements(By.CSS_SELECTOR, "th[aria-sort]")
    found = [header.get_attribute("aria-sort") for header in headers]
    return [state for state in found if state and state != "none"]


def test_rows_are_filtered_by_axis_by_words_and_by_kind(visit: Visit, page: Path) -> None:
    driver = visit(page)
    everything = len(texts(driver, "method"))
    choose(driver, '[aria-label="Filter by solver"]', "heun")
    heun = texts(driver, "solver")
    assert set(heun) == {"heun"}
    assert driver.find_element(By.ID, "count").text == f"{len(heun)} of {everything} rows"
    driver.find_element(By.ID, "query").send_keys("rotate scale")
    settle(driver)
    assert 0 < len(texts(driver, "transform")) < len(heun)
    assert all("rotate_image+" in text for text in texts(driver, "transform"))
    click(driver, "#reset")
    click(driver, "#show-baselines")
    assert not {"identity", "random_target"} & set(texts(driver, "method"))
    click(driver, "#show-front")
    marks = driver.find_elements(By.CSS_SELECTOR, "tr.row .front")
    assert 0 < len(marks) == len(texts(driver, "method"))


def test_rows_are_filtered_by_what_their_method_was_given(visit: Visit, page: Path) -> None:
    driver = visit(page)
    choose(driver, '[aria-label="Filter by supervision"]', "none")
    assert set(texts(driver, "method")) == {"identity baseline"}
    assert set(texts(driver, "supervision")) == {"none"}
    assert "only.supervision=none" in driver.current_url


def test_chance_stands_below_the_value_that_it_belongs_to(visit: Visit, page: Path, shown) -> None:
    driver = visit(page)
    first = shown.board.table.iloc[0]
    cell = driver.find_element(By.CSS_SELECTOR, 'tr.row [data-column="success"]')
    chance = cell.find_element(By.CSS_SELECTOR, ".chance")
    assert float(chance.text.removeprefix("chance ")) == pytest.approx(
        first["success_chance"], rel=0.01
    )
    assert driver.find_elements(By.CSS_SELECTOR, '[data-column="fid"] .chance') == []
    assert driver.find_elements(By.CSS_SELECTOR, '[data-sort="success_chance"]') == []


def test_a_row_opens_with_its_picture_numbers_and_origin(visit: Visit, page: Path, shown) -> None:
    driver = visit(page)
    click(driver, "tr.row .opener")
    details = driver.find_element(By.CSS_SELECTOR, "tr.details")
    first = shown.board.table.iloc[0]
    for text in (first["row_sha256"], first["torch"], "bridgebench_world", "verify runs/world.csv"):
        assert text in details.text
    assert "reproduced by <img src=x" in details.text, "markup is shown, not obeyed"
    image = details.find_element(By.CSS_SELECTOR, "img.strip")
    size = driver.execute_script(
        "const image = arguments[0];"
        "return image.decode().then(() => [image.naturalWidth, image.alt])",
        image,
    )
    assert size[0] > 100
    assert size[1]
    source = image.get_attribute("src") or ""
    kind, _, content = source.partition(",")
    assert kind == "data:image/webp;base64"
    assert base64.b64decode(content) in [one.webp for _, one in strips_of([shown])]
    lines = details.find_element(By.CSS_SELECTOR, ".lines").text.split("\n")
    assert lines == ["source", "latent", "changed latent", "output"]
    opener = driver.find_element(By.CSS_SELECTOR, "tr.row .opener")
    assert opener.get_attribute("aria-expanded") == "true"
    click(driver, "tr.row .opener")
    assert driver.find_elements(By.CSS_SELECTOR, "tr.details") == []


def test_a_link_restores_the_view(visit: Visit, page: Path) -> None:
    driver = visit(page)
    click(driver, '[data-sort="color_deg"]')
    choose(driver, '[aria-label="Filter by solver"]', "euler")
    choose(driver, '[aria-label="Quality plot x"]', "accuracy")
    click(driver, "#show-baselines")
    click(driver, ".columns summary")
    click(driver, '.columns input[value="transport"]')
    click(driver, "tr.row .opener")
    address, table = driver.current_url, driver.find_element(By.ID, "board").text
    fragment = "#" + address.partition("#")[2]
    assert {"sort=", "only.solver=", "axis.x=", "open=", "columns="} <= {
        word.partition("=")[0] + "=" for word in fragment[1:].split("&")
    }
    again = visit(page, fragment)
    assert again.find_element(By.ID, "board").text == table
    assert again.current_url == address
    chosen = Select(again.find_element(By.CSS_SELECTOR, '[aria-label="Quality plot x"]'))
    assert chosen.first_selected_option.get_attribute("value") == "accuracy"


def test_a_link_with_nonsense_shows_the_whole_board(visit: Visit, page: Path, shown) -> None:
    driver = visit(page, "#sort=-nothing&only.solver=&axis.x=%3Cb%3E&open=zz&board=none&columns=a")
    assert len(texts(driver, "method")) == len(shown.board.table)


def test_plots_have_a_dot_for_each_row_and_open_it_by_keyboard(visit: Visit, page: Path) -> None:
    driver = visit(page)
    titles = [e.text for e in driver.find_elements(By.CSS_SELECTOR, ".card h2")]
    assert titles == ["Quality", "Cost and quality"]
    assert driver.find_elements(By.CSS_SELECTOR, ".plot svg path[stroke-dasharray], .plot svg g")
    plot = driver.find_element(By.CSS_SELECTOR, ".plot svg[tabindex]")
    dots = plot.find_elements(By.CSS_SELECTOR, 'g[aria-label="dot"] > *')
    assert len(dots) >= len(texts(driver, "method"))
    driver.execute_script("arguments[0].focus()", plot)
    driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    said = driver.find_element(By.ID, "live").get_attribute("textContent") or ""
    assert "fid:" in said
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    settle(driver)
    assert len(driver.find_elements(By.CSS_SELECTOR, "tr.details")) == 1
    assert driver.switch_to.active_element.get_attribute("aria-expanded") == "true"


def test_everything_can_be_reached_and_worked_by_keyboard(visit: Visit, page: Path) -> None:
    driver = visit(page)
    header = driver.find_element(By.CSS_SELECTOR, '[data-sort="accuracy"]')
    driver.execute_script("arguments[0].focus()", header)
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    settle(driver)
    assert states(driver) == ["descending"]
    active = driver.switch_to.active_element
    assert active.get_attribute("data-sort") == "accuracy", "the place is kept"
    nameless = driver.execute_script(
        "return [...document.querySelectorAll("
        "'button, select, input, [role=region], svg[tabindex]')]"
        ".filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length))"
        ".length"
    )
    assert nameless == 0


def test_light_and_dark(visit: Visit, page: Path) -> None:
    driver = visit(page)

    def background() -> str:
        return driver.execute_script("return getComputedStyle(document.body).backgroundColor")

    first = background()
    click(driver, "#theme")
    assert background() != first
    click(driver, "#theme")
    assert background() == first


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_window(
    visit: Visit, narrowed: Callable[[int], None], page: Path, width: int
) -> None:
    driver = visit(page)
    narrowed(width)
    driver.execute_script("document.querySelector('tr.row').click()")
    settle(driver)
    seen = driver.execute_script(
        "const board = document.querySelector('.board');"
        "board.scrollLeft = 60;"
        "const box = document.querySelector('.pinned').getBoundingClientRect();"
        "const frame = board.getBoundingClientRect();"
        "return [document.documentElement.scrollWidth, box.left - frame.left,"
        " frame.right - box.right];"
    )
    whole, left, right = seen
    assert whole <= width
    assert left >= 0, "an opened row's details stay in sight when the table scrolls"
    assert right >= 0


def test_a_baseline_of_several_solvers_is_named_once(
    visit: Visit, shown: Shown, tmp_path: Path
) -> None:
    twins = []
    for number, row in enumerate(shown.board.rows):
        if row.cells["method"] == "random_target":
            other = {"solver": "euler", "row_sha256": f"{number:064x}"}
            twins.append(dataclasses.replace(row, cells={**row.cells, **other}))
    board = dataclasses.replace(shown.board, rows=(*shown.board.rows, *twins))
    path = tmp_path / "page.html"
    path.write_text(build_page([Shown("twins.csv", board, ())]), encoding="utf-8")
    driver = visit(path)
    assert texts(driver, "method").count("random_target baseline") == 2
    for plot in driver.find_elements(By.CSS_SELECTOR, ".plot"):
        names = [e.text for e in plot.find_elements(By.CSS_SELECTOR, "svg text")]
        assert sum("random_target" in name for name in names) == 1


def test_it_prints_the_table_without_its_controls(
    visit: Visit, printed: Callable[[], None], page: Path
) -> None:
    driver = visit(page)
    printed()
    assert not driver.find_element(By.ID, "toolbar").is_displayed()
    assert driver.find_element(By.CSS_SELECTOR, "table.rows").is_displayed()
    height = driver.execute_script("return getComputedStyle(board).maxHeight")
    assert height == "none", "no row is cut off"


def test_markup_in_a_board_is_text(visit: Visit, hostile: Shown, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(build_page([hostile]), encoding="utf-8")
    driver = visit(path)
    for opener in range(3):
        driver.find_elements(By.CSS_SELECTOR, "tr.row .opener")[opener].click()
        settle(driver)
    assert driver.execute_script("return window.intruded") is None
    assert "<img src=x onerror=" in texts(driver, "method")[0]
    assert driver.find_elements(By.CSS_SELECTOR, "img:not(.strip)") == []


def test_several_boards_are_chosen_by_name(visit: Visit, shown: Shown, tmp_path: Path) -> None:
    other = dataclasses.replace(
        shown.board, task=shown.board.task.model_copy(update={"name": "another"})
    )
    rows = tuple(
        dataclasses.replace(row, cells={**row.cells, "task": "another"}) for row in other.rows
    )
    other = dataclasses.replace(other, rows=rows)
    path = tmp_path / "both.html"
    path.write_text(build_page([shown, Shown("b.csv", other)]), encoding="utf-8")
    driver = visit(path)
    Select(driver.find_element(By.ID, "board-select")).select_by_index(1)
    settle(driver)
    assert driver.find_element(By.ID, "title").text == "another"
    assert "board=another" in driver.current_url


def test_a_task_with_an_exact_answer_shows_error_against_evaluations(
    visit: Visit, shown: Shown, tmp_path: Path
) -> None:
    exact = Convergence(column="fid", least_nfe=4, greatest_nfe=8)
    task = shown.board.task.model_copy(update={"convergence": exact})
    board = dataclasses.replace(shown.board, task=task)
    path = tmp_path / "exact.html"
    path.write_text(build_page([dataclasses.replace(shown, board=board)]), encoding="utf-8")
    driver = visit(path)
    cards = driver.find_elements(By.CSS_SELECTOR, ".card")
    assert [card.find_element(By.TAG_NAME, "h2").text for card in cards][-1] == (
        "Error against evaluations"
    )
    dots = cards[-1].find_elements(By.CSS_SELECTOR, 'g[aria-label="dot"] > circle')
    assert len(dots) == int((~board.table["baseline"]).sum())
    assert {"euler", "heun"} <= set(cards[-1].find_element(By.CSS_SELECTOR, ".legend").text.split())


@pytest.fixture(scope="session")
def flagged(shown: Shown, tmp_path_factory) -> Path:
    """A page on which the best row copies, and the one with the least FID is doubtful."""
    table = shown.board.table
    least = float(table.loc[~table["baseline"], "fid"].min())
    best = float(table["transport"].iloc[0])
    rules = (
        FlagRule(name="close", column="fid", below=least + 1e-6, description="too good"),
        FlagRule(name="copies", column="transport", above=best - 1e-6, copying=True),
    )
    task = shown.board.task.model_copy(update={"flags": rules})
    board = dataclasses.replace(shown.board, task=task)
    path: Path = tmp_path_factory.mktemp("flagged") / "flagged.html"
    path.write_text(build_page([dataclasses.replace(shown, board=board)]), encoding="utf-8")
    return path


def tags(driver: WebDriver) -> list[str]:
    return [e.text for e in driver.find_elements(By.CSS_SELECTOR, "tr.row .tag.flag")]


def test_a_flag_is_marked_explained_and_filtered_by(visit: Visit, flagged: Path) -> None:
    driver = visit(flagged)
    everything = len(texts(driver, "method"))
    assert {"⚑ close", "⚑ copies"} == set(tags(driver))
    close = driver.find_element(By.XPATH, "//tr[contains(@class, 'row')]//*[.='⚑ close']")
    assert (close.get_attribute("title") or "").endswith("(too good); no Pareto mark")
    front = driver.find_elements(By.CSS_SELECTOR, "tr.row:has(.tag.flag) .front")
    assert front == []
    for row in driver.find_elements(By.CSS_SELECTOR, "tr.row.copying"):
        assert row.find_element(By.CSS_SELECTOR, ".rank").text == ""
    assert driver.find_elements(By.CSS_SELECTOR, "tr.row:has(.tag.flag) .best") == []
    choose(driver, '[aria-label="Filter by flags"]', "copies")
    copying = len(texts(driver, "method"))
    assert tags(driver).count("⚑ copies") == copying
    assert 0 < copying < everything
    fragment = "#" + driver.current_url.partition("#")[2]
    assert len(texts(visit(flagged, fragment), "method")) == copying
    choose(driver, '[aria-label="Filter by flags"]', "-")
    assert tags(driver) == []
    assert 0 < len(texts(driver, "method")) < everything
    choose(driver, '[aria-label="Filter by flags"]', "*")
    assert len(tags(driver)) >= len(texts(driver, "method")) > 0


def test_a_page_without_flags_has_nothing_of_them(visit: Visit, page: Path) -> None:
    driver = visit(page)
    assert driver.find_elements(By.CSS_SELECTOR, '[aria-label="Filter by flags"]') == []
    assert "flagged" not in driver.find_element(By.ID, "facts").text
