"""
The web page, as `web/` was built into `dist`: read once when a process starts, served beside the API.

It holds no data: what it shows it asks the API for, under the same rules as anybody.
"""

from fadearena.api.pages.files import DIST, PageFile, read_page
from fadearena.api.pages.serving import Pages

__all__ = ["DIST", "PageFile", "Pages", "read_page"]
