"""Look at a chart of Superset in Chromium; prints how high its bars are, in pixels, as JSON.

It runs in Superset's own environment: ``python look.py ADDRESS USER PASSWORD CHART SCREENSHOT``.
"""

from __future__ import annotations

import json
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE_S = 120
# Of the colour that most of the canvas has: the row that holds most of it crosses all bars.
HEIGHTS = """
const canvas = document.querySelector("canvas");
const { width, height } = canvas;
const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
const counts = new Map();
for (const pixel of pixels) if (pixel >>> 24 === 255) counts.set(pixel, (counts.get(pixel) || 0) + 1);
const [colour] = [...counts].sort((a, b) => b[1] - a[1])[0] || [0];
const isBar = (x, y) => pixels[y * width + x] === colour;
const total = (length, test) => Array.from({ length }, (_, i) => i).filter(test).length;
const widths = Array.from({ length: height }, (_, y) => total(width, (x) => isBar(x, y)));
const row = widths.indexOf(Math.max(...widths));
const heights = [];
for (let x = 0, start = 0; x <= width; x++) {
  if (x < width && isBar(x, row)) continue;
  if (x - start > 20) heights.push(total(height, (y) => isBar((x + start) >> 1, y)));
  start = x + 1;
}
return heights;
"""


def opened() -> webdriver.Chrome:
    """Debian's Chromium, without a screen."""
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(option)
    options.add_argument("--window-size=1200,800")
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def log_in(browser: webdriver.Chrome, address: str, user: str, password: str) -> None:
    """Fill in the form."""
    browser.get(f"{address}/login/")
    waiting = WebDriverWait(browser, PATIENCE_S)
    waiting.until(lambda seen: seen.find_elements(By.ID, "username"))
    browser.find_element(By.ID, "username").send_keys(user)
    browser.find_element(By.ID, "password").send_keys(password + "\n")
    waiting.until(lambda seen: "/login" not in seen.current_url)


def heights(browser: webdriver.Chrome) -> list[int]:
    """The bars' heights, as soon as they no longer grow."""
    deadline = time.monotonic() + PATIENCE_S
    last = None
    while time.monotonic() < deadline:
        now = (
            browser.execute_script(HEIGHTS) if browser.find_elements(By.TAG_NAME, "canvas") else []
        )
        if now and now == last:
            return now
        last = now
        time.sleep(1)
    return []


def main(address: str, user: str, password: str, chart: str, screenshot: str) -> None:
    """Log in, open the chart alone, and write what is seen."""
    browser = opened()
    try:
        log_in(browser, address, user, password)
        browser.get(f"{address}/explore/?slice_id={chart}&standalone=1")
        found = heights(browser)
        browser.save_screenshot(screenshot)
    finally:
        browser.quit()
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
