"""A real JupyterLab in a real Chromium, with no way out of this machine.

``open_notebook(name, cells)`` writes a notebook, opens it and returns a ``Page`` to run and look at. Whatever asks
for anything outside, and whatever the page logs as an error, is in ``page.outside`` and ``page.errors``.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
HOW = "browser tests need Chromium: `apt-get install chromium` (or set CHROMIUM to its path), then run them again"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]  # fmt: skip
SETTINGS = {  # every cell is in the page, and JupyterLab does not look for news
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
FOLDERS = {"JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
           "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython"}  # fmt: skip
TOKEN = "browser-tests"  # of a server that lives as long as they do
PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; without one the test is skipped with a line that says how to get it."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(HOW)
    return found


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address, and the folder it shows."""

    url: str
    folder: Path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab on a free port of this machine, its settings and its files in a temporary folder."""
    home = tmp_path_factory.mktemp("jupyter")
    folder = home / "notebooks"
    folder.mkdir()
    for name, values in SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    environment = os.environ | {name: str(home / where) for name, where in FOLDERS.items()}
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")])
    )
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser", "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        "--LabApp.extension_manager=readonly", f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait_for(url + "/api", process, home / "server.log")
            yield Server(url, folder)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                answer.read()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    pytest.fail("JupyterLab did not start:\n" + log.read_text()[-3000:])


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """Chromium, once for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@dataclass
class Page:
    """A notebook in the browser."""

    page: Any
    url: str
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Take down what the page logs and what it asks for."""

        def console(message: Any) -> None:
            if message.type == "error":
                self.errors.append(message.text[:300])
            elif message.type == "warning":
                self.warnings.append(message.text[:300])

        def request(asked: Any) -> None:
            if not asked.url.startswith((self.url, self.url.replace("http", "ws", 1), "data:", "blob:")):
                self.outside.append(asked.url[:200])

        self.page.on("console", console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)[:300]))
        self.page.on("request", request)

    def command(self, name: str, **args: Any) -> None:
        """Run one of JupyterLab's own commands."""
        self.page.evaluate("([n, a]) => { window.jupyterapp.commands.execute(n, a); }", [name, args])

    def run_all(self, timeout_s: float = 180) -> None:
        """Run all cells and wait until none is busy."""
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=120_000,
            polling=50,
        )
        self.page.evaluate(
            "() => { window.ran = 0; window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => window.ran = 1,"
            " e => window.ran = String(e)); }"
        )
        self.page.wait_for_function(
            "() => window.ran && [...document.querySelectorAll('.jp-NotebookPanel .jp-CodeCell .jp-InputArea-prompt')]"
            ".every(p => !p.textContent.includes('*'))",
            timeout=timeout_s * 1000,
            polling=50,
        )

    def wait_painted(self) -> None:
        """Wait until every live picture has painted its first frame."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.cwlab-live')].every(e => e.dataset.frame && e.querySelector('svg'))",
            timeout=30_000,
        )

    def tracebacks(self) -> list[str]:
        """What failed in the notebook."""
        return self.page.eval_on_selector_all(  # type: ignore[no-any-return]
            "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']",
            "all => all.map(e => e.textContent.slice(0, 500))",
        )

    def theme(self, name: str) -> None:
        """Switch JupyterLab's theme."""
        self.command("apputils:change-theme", theme=name)
        light = "false" if "Dark" in name else "true"
        self.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{light}'")
        self.page.wait_for_timeout(300)

    def slide(self, label: str, steps: int) -> None:
        """Move the slider with this label by so many steps, with the keyboard, waiting for each picture."""
        handle = self.page.get_by_role("slider", name=label, exact=True).first
        handle.scroll_into_view_if_needed()
        for _ in range(50):  # JupyterLab may still be about to focus a cell
            handle.focus()
            self.page.wait_for_timeout(60)
            if handle.evaluate("e => e === document.activeElement"):
                break
        live = self.page.locator(".cwlab-panel", has=handle).locator(".cwlab-live").first
        for step in range(abs(steps)):
            before = live.get_attribute("data-frame")
            self.page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")
            for _ in range(500):
                if live.get_attribute("data-frame") != before:
                    break
                self.page.wait_for_timeout(20)
            else:
                state = self.page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)")
                place, why = handle.get_attribute("aria-valuenow"), live.locator(".cwlab-why").inner_text()
                pytest.fail(
                    f"{label}, step {step + 1}: frame {before} stays; at {place}, {why!r}; focus on {state}"
                )

    def clean(self) -> None:
        """Nothing failed, nothing was asked for outside, no widget is dead."""
        assert self.tracebacks() == []
        assert self.outside == []
        assert self.errors == []
        words = self.page.locator(".jp-NotebookPanel").inner_text()
        assert "Error displaying widget" not in words and "Loading widget" not in words


@pytest.fixture
def open_notebook(server: Server, browser: Any) -> Iterator[Callable[..., Page]]:
    """A function that opens a notebook: ``open_notebook("a.ipynb", ["1 + 1"])``, or one that is in the folder already."""
    contexts = []

    def open_(name: str, cells: list[str] | None = None) -> Page:
        if cells is not None:
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
            notebook.metadata.kernelspec = {
                "name": "python3",
                "display_name": "Python 3",
                "language": "python",
            }
            nbformat.write(notebook, server.folder / name)
        context = browser.new_context(viewport={"width": 1300, "height": 1000})
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = Page(context.new_page(), server.url)
        page.listen()
        page.page.goto(f"{server.url}/lab/tree/{name}?reset&token={TOKEN}", timeout=90_000)
        page.page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=90_000)
        return page

    yield open_
    for context in contexts:
        context.close()
    for kernel in _get(server, "/api/kernels"):
        _get(server, f"/api/kernels/{kernel['id']}", "DELETE")


def _get(server: Server, path: str, method: str = "GET") -> Any:
    request = urllib.request.Request(
        server.url + path, method=method, headers={"Authorization": f"token {TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        body = answer.read()
    return json.loads(body) if body else None
