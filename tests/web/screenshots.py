"""
Take the pictures of the web page in `docs/images`: `python -m tests.web.screenshots`.

They show a sandbox after six hours of its first story, which is the same each time; the times of day are not.
"""

import argparse
import struct
import sys
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.web.conftest import FLAGS, NARROW, WIDE, at, chromium, missing
from tests.web.house import House, house

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = Path(__file__).parents[2] / "docs" / "images"
HOURS = 6
SHAPES = {"": (WIDE, 900), "-narrow": (NARROW, 844)}
THEMES = ("dark", "light")
MOST_BYTES = 2_500_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {2: 3, 6: 4}
_PAETH = 4


def pages(where: House) -> dict[str, str]:
    """Return the addresses of the pages, by the names of their pictures."""
    skip = where.get("/api/decisions", outcome="skip", limit=1)["decisions"][0]
    return {
        "arena": "/?range=6h",
        "bots": "/bots",
        "bot": "/bots/grok-4",
        "decisions": f"/decisions?open={skip['seq']}",
        "risk": "/risk",
        "system": "/system",
        "login": "/login",
    }


def take(browser: "Browser", where: House, directory: Path) -> list[Path]:
    """Take all pictures; return where they are."""
    taken: list[Path] = []
    addresses = pages(where)
    for theme in THEMES:
        for suffix, (width, height) in SHAPES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
                locale="en-US",
                timezone_id="UTC",
                reduced_motion="reduce",
                device_scale_factor=1,
            )
            page = context.new_page()
            for name, address in addresses.items():
                # Narrow, the dialog of a decision would hide the page.
                at(page, where, address.partition("?")[0] if name == "decisions" and suffix else address)
                taken.append(directory / f"{name}-{theme}{suffix}.png")
                taken[-1].write_bytes(smaller(page.screenshot(scale="css", animations="disabled", caret="hide")))
            context.close()
    return taken


def smaller(png: bytes) -> bytes:
    """Return the same picture without filters, packed as tightly as zlib can: even areas and text gain from that."""
    packed, at_byte, shape = b"", len(_SIGNATURE), b""
    while at_byte < len(png):
        length, kind = struct.unpack_from(">I4s", png, at_byte)
        body = png[at_byte + 8 : at_byte + 8 + length]
        at_byte += 12 + length
        shape = body if kind == b"IHDR" else shape
        packed += body if kind == b"IDAT" else b""
    width, height, _, color = struct.unpack_from(">IIBB", shape)
    rows = unfiltered(zlib.decompress(packed), width, height, _SAMPLES[color])
    plain = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return _SIGNATURE + _chunk(b"IHDR", shape) + _chunk(b"IDAT", plain) + _chunk(b"IEND", b"")


def unfiltered(data: bytes, width: int, height: int, step: int) -> list[bytes]:
    """Return the rows of a picture as they are."""
    rows: list[bytes] = []
    length = width * step
    above = bytes(length)
    for start in range(0, height * (length + 1), length + 1):
        kind, line = data[start], bytearray(data[start + 1 : start + 1 + length])
        for x in range(length) if kind else ():
            left, up, corner = (line[x - step], above[x], above[x - step]) if x >= step else (0, above[x], 0)
            guess = (0, left, up, (left + up) // 2)[kind] if kind < _PAETH else nearest(left, up, corner)
            line[x] = (line[x] + guess) & 255
        above = bytes(line)
        rows.append(above)
    return rows


def nearest(left: int, up: int, corner: int) -> int:
    """Return the neighbour that is nearest to what the three of them suggest."""
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def main() -> int:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description="Take the pictures of the web page.")
    parser.add_argument("--directory", type=Path, default=PICTURES, help="where they are kept")
    directory: Path = parser.parse_args().directory
    if (reason := missing()) is not None:
        sys.stderr.write(f"no pictures: {reason}\n")
        return 1
    directory.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as home,
        house(Path(home) / "data", hours=HOURS) as where,
        sync_playwright() as play,
        play.chromium.launch(executable_path=chromium(), args=list(FLAGS)) as browser,
    ):
        taken = take(browser, where, directory)
    total = sum(each.stat().st_size for each in taken)
    sys.stdout.write(f"{len(taken)} pictures, {total / 1_000:.0f} kB, in {directory}\n")
    return int(total > MOST_BYTES)


if __name__ == "__main__":
    raise SystemExit(main())
