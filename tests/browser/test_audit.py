"""Every page under an automated audit of accessibility, in both themes.

axe-core finds what a machine can: names, roles, contrast. What it finds is a fault of ours, where
it lies in what we draw; Streamlit's own header and menus are not ours to mend.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from .app import PATIENCE_S, ROOT, serve

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

# What each page is ready by.
PAGES = {
    "?model=digits": "[data-ready] [data-latent]",
    "?model=digits-cvae": "[data-ready] .label-choice",
    "?model=digits-vq&example=0": "[data-ready] .code-cell",
    "?model=names": "[data-ready] .letter",
    "?compare=digits,fashion": "[data-ready] .compared",
    "lessons": ".lesson-row",
    "distributions": ".distributions[data-ready]",
    "train": ".train[data-ready] .train-form",
    "train?clinic=1": ".clinic-patient",
    "?lesson=holes&step=2&lang=de": "[data-ready] .prediction",
    "?lesson=gap&step=4": "[data-ready] .formula-term .katex",
    "?lesson=which&step=5": "[data-ready] .questions",
    "beta": ".instrument",
    "results": ".page-head .picker-title",
    "card": ".page-head .picker-title",
}

FIND = """
async () => {
  // What fades in has its colour at the end; what is taken away meanwhile never gets there.
  await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
  const { violations } = await axe.run(
    { include: [["[data-testid=stMain]"]] },
    { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.slice(0, 4).map(({ target, html, any }) =>
      `${id}: ${target.flat().join(" ")} ${html.slice(0, 120)} ${any[0]?.message ?? ""}`));
}
"""


# Of the text of the first title that is seen: left edge, upper edge, size of its letters.
TITLE = """
(titles) => {
  const title = titles.find((one) => one.getBoundingClientRect().width > 1);
  const text = document.createRange();
  text.selectNodeContents(title);
  const { left, top } = text.getBoundingClientRect();
  return [left, top, parseFloat(getComputedStyle(title).fontSize)];
}
"""


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    if not AXE.exists():
        missing = "The audit needs axe-core: run `npm ci --ignore-scripts`."
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with serve([]) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    yield page
    context.close()


def audit(page: Page) -> list[str]:
    """What is found in either theme; a page follows its reader from one to the other."""
    page.add_script_tag(path=AXE)
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(
            """theme => {
              const app = document.querySelector("[data-testid=stApp]");
              return getComputedStyle(app).colorScheme === theme;
            }""",
            arg=theme,
        )
        found += [f"{theme}: {one}" for one in page.evaluate(FIND)]
    return found


@pytest.mark.parametrize("path", PAGES)
def test_every_page_begins_alike_and_nothing_serious_is_found(
    page: Page, app: str, path: str
) -> None:
    page.goto(f"{app}/{path}")
    page.locator(PAGES[path]).first.wait_for()
    page.evaluate("document.fonts.ready")
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
    )
    titles = page.locator("[data-testid=stMain] :is(h1, .picker-title)")
    assert titles.evaluate_all(TITLE) == pytest.approx([40, 56, 21], abs=1)
    assert audit(page) == []


def test_nothing_serious_is_found_where_a_class_is_led(page: Page, app: str) -> None:
    page.goto(f"{app}/?lesson=gap&step=2")
    page.locator("[data-ready] .prediction").wait_for()
    page.get_by_role("button", name="Present").click()
    page.get_by_role("button", name="Start presenting").click()
    page.get_by_label("Link for your class").wait_for()
    assert audit(page) == []
    page.keyboard.press("Escape")
    page.locator(".tally-count", has_text="predictions").wait_for()
    page.get_by_role("button", name="Large type").click()
    assert audit(page) == []
    page.get_by_role("button", name="End", exact=True).click()
