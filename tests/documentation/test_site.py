"""What the site has beside its pages."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest
from bench import freshness
from bench import pages as measured

from documentation.conftest import ADDRESS
from documentation.page import DOCS, pages


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


def test_every_page_is_listed_by_the_index_of_its_folder():
    """Sphinx takes a page that any table of contents has, a hidden one too; readers see tables and links."""
    pages = [path for path in DOCS.glob("*/*.md") if path.name != "index.md" and path.parent.name != "examples"]
    assert len(pages) > 50
    for path in pages:
        text = path.with_name("index.md").read_text()
        shown = re.sub(r"^```\{toctree\}\n:hidden:\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        assert path.stem in shown.splitlines() or f"]({path.name}" in shown, path


FIGURE = re.compile(r"\d\s(?:µs|instructions)\b|\btook\s\d|\d\stimes\s(?:Flask|as\sfast)")


def test_a_measured_figure_in_a_text_has_its_commit():
    """In the same paragraph, entry of a list or row; tables of stored results have theirs below."""
    found = 0
    for path in pages():
        text = re.sub(r"^ *```.*?^ *```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
        for part in re.split(r"\n\s*\n|\n(?=- |\| )", text):
            if FIGURE.search(part):
                found += 1
                assert re.search(r"commit\s[0-9a-f]{7}", part), f"{path}: {part}"
    assert found > 3


@pytest.mark.parametrize("folder", ["patterns", "decide"])
def test_every_solution_says_when_it_is_none(folder):
    for path in (DOCS / folder).glob("*.md"):
        heading = re.search(r"^## (When not to|Do you need it|Or not )", path.read_text(), re.MULTILINE)
        assert heading or path.name == "index.md", path


def test_a_page_says_which_of_its_results_are_older_than_the_code(site):
    """Below each table that is made of them, and below no other."""
    results, files = json.loads(measured.RESULTS.read_text()), freshness.sources()
    older = {part: bool(freshness.note(part, found, files)) for part, found in results.items()}
    part_of = {name: part for name, (part, _) in measured.TEXTS.items()}
    shown = set()
    for path in pages():
        tables = re.findall(r"^```\{include\} (?:\.\./)*_bench/(\S+)$", path.read_text(), re.MULTILINE)
        html = (site / path.relative_to(DOCS).with_suffix(".html")).read_text()
        notes = html.count("Older than the code:") + html.count("Not of a commit:")
        assert notes == sum(older[part_of[name]] for name in tables if name in part_of), path
        shown |= {part_of[name] for name in tables if name in part_of}
    assert shown == results.keys()
