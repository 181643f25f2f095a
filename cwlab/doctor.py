"""`cwlab doctor`: looks over this installation and names the mend for whatever is wrong. It changes nothing."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from shutil import which

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "pip install --upgrade cwlab, or in the repository: make lab"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `mend` is empty when it is well; `needed` is False for what only tests use."""

    what: str
    seen: str
    mend: str = ""
    needed: bool = True

    @property
    def serious(self) -> bool:
        """True when the labs will not work until it is mended."""
        return bool(self.mend) and self.needed

    def __str__(self) -> str:
        mark = "MEND" if self.serious else "note" if self.mend else "ok"
        return f"{mark:<4} {self.what}: {self.seen}" + (f"\n     {self.mend}" if self.mend else "")


def examine(folder: Path) -> list[Finding]:
    """Everything a lab needs, looked at in this Python and in `folder`, where the learner means to work."""
    looks: list[Callable[[], Iterator[Finding]]] = [
        _python,
        _packages,
        _labs,
        lambda: _folder(folder),
        _jupyterlab,
        _kernel,
        _browser,
    ]
    findings: list[Finding] = []
    for look in looks:
        try:
            findings.extend(look())
        except Exception as error:  # noqa: BLE001  a look that fails is a finding, and the rest is still worth seeing
            findings.append(Finding(look.__name__.strip("_"), f"could not be looked at: {error!r}", INSTALL))
    return findings


def _python() -> Iterator[Finding]:
    seen = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro} at {sys.executable}"
    new_enough = sys.version_info >= (3, 11)
    yield Finding(
        "Python", seen, "" if new_enough else "install Python 3.11 or newer, and cwlab into that one"
    )


def _packages() -> Iterator[Finding]:
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in metadata.requires("cwlab") or ()]
    except metadata.PackageNotFoundError:
        yield Finding("cwlab", "not installed, only on the path", "pip install . in its folder")
        return
    for need in wanted:
        if need.marker is not None and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            held = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            yield Finding(need.name, "missing", f'pip install "{need.name}{need.specifier}"')
            continue
        fits = need.specifier.contains(held, prereleases=True)
        yield Finding(need.name, held, "" if fits else f'pip install "{need.name}{need.specifier}"')


def _labs() -> Iterator[Finding]:
    from cwlab.course import folder

    for name in ("labs", "data"):
        try:
            place = folder(name)
        except FileNotFoundError as error:
            yield Finding(name, str(error), INSTALL)
            continue
        held = sum(path.is_file() for path in place.rglob("*"))
        yield Finding(name, f"{held} files in {place}", "" if held else INSTALL)


def _folder(folder: Path) -> Iterator[Finding]:
    place = folder.resolve()
    nearest = next(parent for parent in (place, *place.parents) if parent.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=nearest, prefix=".cwlab-"):
            pass
    except OSError as error:
        yield Finding(
            "your folder", f"{nearest} cannot be written: {error.strerror}", "work in a folder of your own"
        )
    else:
        yield Finding("your folder", f"{nearest} can be written")


def _jupyterlab() -> Iterator[Finding]:
    """The two parts of JupyterLab that draw a lab: its own Vega-Lite renderer, and the widgets' extensions."""
    from jupyter_core.paths import jupyter_path
    from jupyterlab.commands import get_app_dir

    page = Path(get_app_dir(), "static", "package.json")
    built_in = json.loads(page.read_text(encoding="utf-8"))["jupyterlab"]["mimeExtensions"]
    has_vega = "@jupyterlab/vega5-extension" in built_in
    yield Finding(
        "charts (JupyterLab's Vega-Lite 5 renderer)",
        "there" if has_vega else "missing",
        "" if has_vega else 'pip install "jupyterlab>=4.4,<5"',
    )
    places = [Path(path) for path in jupyter_path("labextensions")]
    for what, package, name in (
        ("panels (ipywidgets)", "jupyterlab_widgets", "@jupyter-widgets/jupyterlab-manager"),
        ("live charts (anywidget)", "anywidget", "anywidget"),
    ):
        found = next((place / name for place in places if (place / name / "package.json").exists()), None)
        mend = (
            "" if found else f"pip install --force-reinstall {package}, in the Python that JupyterLab runs in"
        )
        yield Finding(what, str(found or "JupyterLab does not see its extension"), mend)


def _kernel() -> Iterator[Finding]:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        runs = str(KernelSpecManager().get_kernel_spec("python3").argv[0])
    except NoSuchKernel:
        yield Finding("kernel", "no python3 kernel", "pip install --force-reinstall ipykernel")
        return
    here = (
        runs in ("python", "python3")
        or Path(runs) == Path(sys.executable)
        or Path(runs).resolve() == Path(sys.executable).resolve()
    )
    yield Finding(
        "kernel",
        runs,
        "" if here else f"it is another Python: {sys.executable} -m ipykernel install --sys-prefix",
    )


def _browser() -> Iterator[Finding]:
    found = next((path for path in map(which, BROWSERS) if path), None)
    mend = "" if found else "only browser tests want it; on Debian: apt-get install chromium"
    yield Finding("Chromium", found or "not on the path", mend, needed=False)
