"""What the site has beside its pages."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from documentation.conftest import ADDRESS
from documentation.page import DOCS


def test_sitemap_has_every_page(site):
    tree = ElementTree.parse(site / "sitemap.xml")
    listed = {(item.text or "").removeprefix(ADDRESS) for item in tree.iter() if item.tag.endswith("loc")}
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert listed == built - {"genindex.html", "search.html", "py-modindex.html"}


def test_a_page_that_is_not_there_has_a_page_that_works_at_any_depth(site):
    page = (site / "404.html").read_text()
    assert "There is no such page" in page
    addresses = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert not [address for address in addresses if not address.startswith(("/en/latest/", "#", "https://", "data:"))]


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("session", "guides/sessions"),
        ("cooki", "guides/sessions"),
        ("upload", "guides/uploads"),
        ("deploy", "deploying/index"),
        ("proxi", "deploying/proxy"),
        ("csrf", "guides/security"),
    ],
)
def test_search_finds(site, word, page):
    text = (site / "searchindex.js").read_text()
    names = re.search(r'"docnames":\s*\[([^\]]*)\]', text) or re.search(r"docnames:\[([^\]]*)\]", text)
    assert names is not None
    number = [name.strip('" ') for name in names[1].split(",")].index(page)
    found = re.findall(rf'[{{,]"?{word}"?:\s*(\[[\d,\s]*\]|\d+)', text)
    assert str(number) in re.findall(r"\d+", " ".join(found))


def test_every_page_is_reached_from_the_start():
    """Sphinx warns of pages in no table of contents; this finds pages that only a hidden one has."""
    text = "".join(path.read_text() for path in DOCS.rglob("index.md") if "node_modules" not in path.parts)
    for path in DOCS.glob("*/*.md"):
        if path.parent.name not in {"examples", "_build"} and path.name != "index.md":
            assert path.stem in text, path
