"""Draw the module's icon: a stack of vertebrae seen from the side, one of them outlined as under repair."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

ICON = Path(__file__).resolve().parents[2] / "SpineGTRefine" / "Resources" / "Icons" / "SpineGTRefine.png"
SIZE, OVERSAMPLING = 128, 8

CANAL = (85, 188, 255, 255)
VERTEBRAE = ((226, 202, 134, 255), (196, 110, 84, 255), (120, 168, 108, 255), (226, 202, 134, 255))
REPAIRED = 2
OUTLINE = (255, 64, 64, 255)

CENTERS = ((62, 20), (52, 49), (50, 79), (60, 108))
HALF_WIDTH, HALF_HEIGHT, RADIUS = 24, 11, 6
CANAL_OFFSET, CANAL_WIDTH = 40, 13


def draw() -> Image.Image:
    """Return the icon, drawn large and scaled down for smooth edges."""
    scale = OVERSAMPLING
    picture = Image.new("RGBA", (SIZE * scale, SIZE * scale))
    pen = ImageDraw.Draw(picture)
    line = [((x + CANAL_OFFSET) * scale, y * scale) for x, y in ((66, 0), *CENTERS, (66, SIZE))]
    pen.line(line, fill=CANAL, width=CANAL_WIDTH * scale, joint="curve")
    for number, ((x, y), color) in enumerate(zip(CENTERS, VERTEBRAE, strict=True)):
        box = [(x - HALF_WIDTH) * scale, (y - HALF_HEIGHT) * scale, (x + HALF_WIDTH) * scale, (y + HALF_HEIGHT) * scale]
        outline = OUTLINE if number == REPAIRED else None
        pen.rounded_rectangle(box, radius=RADIUS * scale, fill=color, outline=outline, width=4 * scale)
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    draw().save(ICON, optimize=True)
