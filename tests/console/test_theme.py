"""Everything drawn can be read on white and on black."""

import re

import pytest

from cwlab.console import theme

# JupyterLab's values of the variables we use (its theme-light and theme-dark extensions).
LIGHT = {
    "--jp-ui-font-color0": (0, 0, 0, 1.0),
    "--jp-ui-font-color1": (0, 0, 0, 0.87),
    "--jp-layout-color0": (255, 255, 255, 1.0),
}
DARK = {
    "--jp-ui-font-color0": (255, 255, 255, 1.0),
    "--jp-ui-font-color1": (255, 255, 255, 0.87),
    "--jp-layout-color0": (17, 17, 17, 1.0),
}
Color = tuple[float, float, float]


def resolve(css: str, variables: dict[str, tuple]) -> Color:
    """A color of ours as red, green, blue, painted on the paper of a theme."""
    paper = variables["--jp-layout-color0"][:3]
    if match := re.fullmatch(r"var\((--[\w-]+), #[0-9a-f]{6}\)", css):
        *rgb, alpha = variables[match[1]]
        return tuple(c * alpha + p * (1 - alpha) for c, p in zip(rgb, paper, strict=True))
    if match := re.fullmatch(r"color-mix\(in srgb, (#[0-9A-F]{6}) (\d+)%, (var\(.*\))\)", css):
        color = tuple(int(match[1][i : i + 2], 16) for i in (1, 3, 5))
        share = int(match[2]) / 100
        other = resolve(match[3], variables)
        return tuple(c * share + o * (1 - share) for c, o in zip(color, other, strict=True))
    raise AssertionError(f"{css}: a form this test does not know")


def luminance(color: Color) -> float:
    def linear(c: float) -> float:
        c /= 255
        return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4

    r, g, b = (linear(c) for c in color)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: Color, b: Color) -> float:
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_is_that_of_wcag():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x80,) * 3, (255, 255, 255)) == pytest.approx(3.95, abs=0.01)


@pytest.mark.parametrize("variables", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    "css", [theme.INK, theme.STRONG_INK, *theme.COLORS.values(), *(s.color for s in theme.STATES)]
)
def test_ink_series_and_states_reach_a_contrast_of_4_5_in_both_themes(css, variables):
    assert contrast(resolve(css, variables), resolve(theme.PAPER, variables)) >= 4.5


@pytest.mark.parametrize("name", theme.OKABE_ITO)
def test_the_shares_are_the_largest_that_do(name):
    color, keep = theme.OKABE_ITO[name]
    more = theme.ink_mix(color, keep + 2)
    least = min(contrast(resolve(more, v), resolve(theme.PAPER, v)) for v in (LIGHT, DARK))
    assert least < 4.5, "keep more of the color"


def test_states_differ_by_shape_and_word_as_well_as_color():
    assert (
        len({s.shape for s in theme.STATES})
        == len({s.word for s in theme.STATES})
        == len({s.color for s in theme.STATES})
        == 3
    )


def test_series_have_as_many_shapes_as_colors():
    assert len(set(theme.SERIES)) == len(set(theme.SHAPES)) == len(theme.SERIES)
