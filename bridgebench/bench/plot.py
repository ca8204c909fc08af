"""A bar for each ratio, by how far it is from what is aimed at, as a PNG drawn with Pillow."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bridgebench.bench.ratio import Ratio
from bridgebench.execute.records import write_atomically

WIDTH = 1000
_LABELS, _RIGHT, _TOP, _BOTTOM, _ROW = 560, 40, 60, 60, 40
_TICKS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0, 16.0)
_REACHED, _SHORT, _GRID, _AXIS = "#0072b2", "#d55e00", "#dddddd", "#333333"
_FONT_SIZE = 16


def save_ratios(path: Path, ratios: Sequence[Ratio], machine: str) -> None:
    """Write a PNG, whole or not at all.

    A bar to the right of the middle line is better than what is aimed at, one to the left falls
    short; the axis is logarithmic and ends where the farthest bar does.

    Args:
        path: where; its folder exists.
        ratios: at least one.
        machine: in words, for the heading.
    """
    height = _TOP + _ROW * len(ratios) + _BOTTOM
    image = Image.new("RGB", (WIDTH, height), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(_FONT_SIZE)
    widest = max(1.0, *(abs(math.log2(ratio.margin)) for ratio in ratios))

    def x(margin: float) -> float:
        share = (math.log2(margin) / widest + 1) / 2
        return _LABELS + min(1.0, max(0.0, share)) * (WIDTH - _LABELS - _RIGHT)

    draw.text((20, _TOP / 2), f"on {machine}", fill=_AXIS, font=font, anchor="lm")
    for tick in _TICKS:
        if abs(math.log2(tick)) <= widest:
            color = _AXIS if tick == 1 else _GRID
            draw.line((x(tick), _TOP, x(tick), height - _BOTTOM), fill=color)
            place = (x(tick), height - _BOTTOM + 8)
            draw.text(place, _times(tick), fill=_AXIS, font=font, anchor="mt")
    for number, ratio in enumerate(ratios):
        y = _TOP + _ROW * (number + 0.5)
        label = f"{ratio.name}: {ratio.value:.2f} ({ratio.reach})"
        draw.text((_LABELS - 12, y), label, fill=_AXIS, font=font, anchor="rm")
        ends = sorted((x(1.0), x(ratio.margin)))
        color = _REACHED if ratio.margin >= 1 else _SHORT
        draw.rectangle((ends[0], y - 10, ends[1], y + 10), fill=color)
    below = "times better than what is aimed at"
    draw.text(
        ((_LABELS + WIDTH - _RIGHT) / 2, height - 16), below, fill=_AXIS, font=font, anchor="mm"
    )
    stream = io.BytesIO()
    image.save(stream, format="PNG", optimize=True)
    write_atomically(path, stream.getvalue())


def _times(tick: float) -> str:
    return f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}"
