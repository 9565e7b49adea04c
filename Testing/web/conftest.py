"""A small dataset under review in a real browser."""

import asyncio

import pytest
import station_world
from review_world import ReviewWorld
from station_world import FLAGS, SIZE, Page, StationProcess


@pytest.fixture(scope="session")
def browser():
    if lacking := station_world.missing():
        pytest.skip(f"needs {lacking}; install the extra `station`, playwright and Debian's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=station_world.chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser):
    """Opens tabs of the browser."""
    contexts = []

    def new() -> Page:
        contexts.append(browser.new_context(viewport=SIZE))
        return Page(contexts[-1].new_page())

    yield new
    for context in contexts:
        context.close()


@pytest.fixture
def world(tmp_path):
    world = ReviewWorld(tmp_path / "dataset")
    yield world
    world.close()


@pytest.fixture
def start(browser, world, tmp_path):
    """Starts stations on the dataset."""
    started = []

    def new(**options) -> StationProcess:
        started.append(StationProcess(world.root, tmp_path / f"station{len(started)}.log", **options))
        return started[-1]

    yield new
    for process in started:
        process.stop()


@pytest.fixture
def station_extra():
    """For tests that start a station, and need no browser."""
    if "trame_slicer" in station_world.missing():
        pytest.skip("needs the extra `station`")


@pytest.fixture
def station(station_extra, world):
    """A station without a browser."""
    from SpineGTRefineLib.web.server import StationServer

    loop = asyncio.new_event_loop()

    async def make():
        return StationServer(world.dataset(), "AB")

    playwrights = asyncio._get_running_loop()  # kept running between tests, once a browser was started
    asyncio._set_running_loop(None)
    server = loop.run_until_complete(make())
    asyncio._set_running_loop(playwrights)
    yield server.station
    server.station.end()
    loop.close()
