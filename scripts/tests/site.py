#!/usr/bin/env python3
"""site.py LAUNCH ROOT: scripts/site makes whole pages, which need nothing from elsewhere, and no link in them is dead."""

import glob
import html.parser
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

from harness import check, finish

ROOT = sys.argv[2]
DOCUMENTS = ["README.md", "docs/**/*.md", "mm/README.md", "kernel/**/README.md"]
LEFT_OVER = re.compile(r"^(?:```|- |\* |\| |\d+\. |#+ )|\*\*|`|\]\(", re.MULTILINE)        # Markdown that was not understood

NOT_PROSE = {"code", "pre", "style", "title", "h1", "h2", "h3", "strong", "nav"}


def needs_of_style(text):
    return re.findall(r"url\(([^)]*)\)", text) + re.findall(r"@import\s+([^;]*)", text)


class Page(html.parser.HTMLParser):
    """What a page has (names), leads to (links), and cannot be shown without (needs)."""

    def __init__(self, path):
        super().__init__()
        self.names, self.links, self.needs, self.text, self.code, self.folded, self.tag = set(), [], [], "", 0, 0, None
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attributes):
        attributes, self.tag = dict(attributes), tag
        self.names.add(attributes.get("id"))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "link" and "href" in attributes:
            self.needs.append(attributes["href"])
        self.needs += [attributes[name] for name in ("src", "srcset", "data", "poster") if name in attributes]
        self.needs += needs_of_style(attributes.get("style") or "")
        self.code += tag in NOT_PROSE
        self.folded += tag == "details"

    def handle_endtag(self, tag):
        self.code -= tag in NOT_PROSE

    def handle_data(self, data):
        if self.code == 0:
            self.text += data
        elif self.tag == "style":
            self.needs += needs_of_style(data)


def html_of(document):
    """Where the page of a document is."""
    folder, name = os.path.split(document)
    return os.path.join(folder, "index.html" if name == "README.md" else name.removesuffix(".md") + ".html")


def is_elsewhere(address):
    return re.match(r"['\" ]*((?!data:)[a-z]+:|//)", address, re.IGNORECASE) is not None


def target_of(page, link):
    """(path of the page that a link on page leads to, the name in it)."""
    path, _, name = link.partition("#")
    path = os.path.normpath(os.path.join(os.path.dirname(page), urllib.parse.unquote(path))) if path else page
    return path, urllib.parse.unquote(name)


def site(tree, output):
    done = subprocess.run([os.path.join(tree, "scripts", "site"), "-o", output], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
    return done.returncode, done.stdout


def whole(output):
    status, said = site(ROOT, output)
    check("the site is made", [(status != 0 or said != "", f"status {status}: {said}")])
    documents = [path for pattern in DOCUMENTS for path in glob.glob(pattern, root_dir=ROOT, recursive=True)]
    pages = {path: Page(os.path.join(output, path)) for path in glob.glob("**/*.html", root_dir=output, recursive=True)}
    check("every document is a page", [(html_of(path) not in pages, path) for path in documents])
    for path, page in sorted(pages.items()):
        problems = []
        for link in page.links + page.needs if path != "404.html" else []:
            target, name = target_of(path, link)
            if is_elsewhere(link):
                continue
            problems.append((not os.path.exists(os.path.join(output, target)), f"{link} leads nowhere"))
            if name and target in pages and link in page.links:
                problems.append((name not in pages[target].names, f"{link}: there is no such place"))
        problems += [(is_elsewhere(address), f"{address} is elsewhere") for address in page.needs]
        problems += [(True, f"left over: {found[0]!r} in {page.text[found.start():found.start() + 60]!r}")
                     for found in LEFT_OVER.finditer(page.text)]
        check(f"{path} is whole", problems)
    reached, ahead = set(), ["index.html"]
    while ahead:
        path = ahead.pop()
        if path in pages and path not in reached:
            reached.add(path)
            ahead += [target_of(path, link)[0] for link in pages[path].links if not is_elsewhere(link)]
    check("every page is reached from the start", [(path not in reached, path) for path in pages if path != "404.html"])
    with open(os.path.join(ROOT, "docs/tour.md"), encoding="utf-8") as file:
        answers = file.read().count("<details")
    folded = pages["docs/tour.html"].folded
    check("the tour's answers are folded", [(folded != answers or folded == 0, f"{folded} of {answers}")])


def copy_of_documents(folder):
    for pattern in [*DOCUMENTS, "docs/**/*.svg", "scripts/site*"]:
        for path in glob.glob(pattern, root_dir=ROOT, recursive=True):
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, path), os.path.join(folder, path))


def append(folder, path, text):
    os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
    with open(os.path.join(folder, path), "a", encoding="utf-8") as file:
        file.write(text)


def other_trees(folder):
    tree, output = os.path.join(folder, "tree"), os.path.join(folder, "site")
    copy_of_documents(tree)
    for labs in ("docs/labs", "docs/zh/labs"):
        shutil.rmtree(os.path.join(tree, labs), ignore_errors=True)
    append(tree, "docs/zh/README.md", "# 中文\n\n[一](#一)，见 `docs/zh/extra.md`。\n\n## 一\n")
    append(tree, "docs/zh/extra.md", "# 更多\n\n[上](README.md#一) [下](../../scripts/site)\n")
    status, said = site(tree, output)
    check("without labs, and with another language", [(status != 0, said)])
    if status == 0:
        page, extra = (Page(os.path.join(output, "docs", "zh", name)) for name in ("index.html", "extra.html"))
        start = Page(os.path.join(output, "index.html"))
        check("the other language has its place", [
            ("docs/zh/index.html" not in start.links, f"{start.links}"), ("一" not in page.names, f"{page.names}"),
            (page.links.count("extra.html") < 2, "the name of a document is no link"),
            ("../../scripts/site" not in extra.links, f"{extra.links}"),
            (not os.path.exists(os.path.join(output, "scripts", "site")), "a file that a page leads to is missing")])
    status, said = site(tree, tree)
    check("nobody's files are cleared away", [(status != 2 or not os.path.exists(os.path.join(tree, "README.md")), said)])
    append(tree, "docs/tour.md", "\n[nowhere](nowhere.md)\n")
    status, said = site(tree, output)
    check("a dead link is an error", [(status != 1 or "nowhere.md" not in said, f"status {status}: {said}")])


def main():
    if shutil.which("mkdocs") is None:
        print("1..0 # SKIP there is no mkdocs; scripts/setup --proof installs it")
        return
    with tempfile.TemporaryDirectory() as folder:
        whole(os.path.join(folder, "whole"))
        other_trees(folder)
    finish()


main()
