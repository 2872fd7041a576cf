#!/usr/bin/env python3
"""translation.py ROOT [--write]: the course says the same in English and in Chinese.

README.md, docs/tour.md and the pages of docs/labs have twins below docs/zh, and no page there is without an English one, but
for docs/zh/terms.md. Two twins have the same headings in the same order, and under each of them the same code, names, links,
numbers, tables and lists; only comments in code are translated. They also keep to the terms, and to Chinese typography.

What no machine can compare is whether the words still say the same. So the Chinese page ends with a list of the English
sections and their hashes, and a section that changes fails here by name. Translate it, then --write renews the list.
"""

import glob
import hashlib
import os
import re
import sys
from collections import Counter

TERMS = "docs/zh/terms.md"              # each row of its table: English, Chinese, what is not written instead
CJK = "[\u3400-\u9fff]"
FULL_WIDTH = "，。；：？！（）《》“”、…—"
HASHES = re.compile(r"\n<!-- 英文各节.*?-->\n", re.DOTALL)
HASHES_HEAD = "英文各节的哈希值：英文改动后，scripts/tests/translation.py 指出是哪一节，译文跟上后用 --write 更新"


class Section:
    """A heading and what stands below it, up to the next one."""

    def __init__(self, page, heading):
        self.page, self.heading, self.level = page, heading, len(heading.partition(" ")[0])
        self.code, self.prose = [], []  # code: [fence, lines...]
        self.lines = [heading]

    def words(self):
        return "\n".join(self.prose)

    def hash(self):
        return hashlib.sha256(" ".join("\n".join(self.lines).split()).encode()).hexdigest()[:8]

    def text(self):
        """The prose without code of any kind, and without what links lead to."""
        return re.sub(r"(\])\([^)]*\)", r"\1", re.sub(r"`[^`]*`", "`", self.words()))

    def rows(self):
        return [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in self.prose if line.startswith("|")]

    def items(self):
        return [match[1] for match in (re.match(r"\s*([-*]|\d+\.)\s", line) for line in self.prose) if match]

    def paragraphs(self):
        """The kind of each: table, quotation, tag, list or text."""
        blocks = [block.strip() for block in re.split(r"\n\s*\n", self.words()) if block.strip()]
        return [re.match(r"[|><]|[-*] |\d+\. |", block)[0] or "text" for block in blocks]

    def tags(self):
        return re.findall(r"</?\w+", self.words())

    def names(self):
        """What stands between backticks; a page by its English name."""
        found = [" ".join(name.split()) for name in re.findall(r"`([^`]+)`", self.words())]
        return Counter(original_of(name) if name.startswith("docs/zh/") else name for name in found)

    def targets(self):
        """What the links and pictures lead to, as paths from the top of the tree."""
        found = re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", re.sub(r"`[^`]*`", "`", self.words()))
        folder = os.path.dirname(self.page)
        return [to if "://" in to else os.path.normpath(os.path.join(folder, to)) if to else self.page for to in found]

    def links(self):
        """The same, and a page by its English name."""
        return Counter(original_of(to) for to in self.targets())

    def numbers(self):
        return Counter(re.findall(r"\d+(?:[.,]\d+)*", self.text()))


def twin_of(page):
    return "docs/zh/README.md" if page == "README.md" else page.replace("docs/", "docs/zh/", 1)


def original_of(page):
    if page == "docs/zh/README.md":
        return "README.md"
    return page if page == TERMS else page.replace("docs/zh/", "docs/", 1)


def is_there(root, page):
    return os.path.exists(os.path.join(root, page))


def read(root, page):
    with open(os.path.join(root, page), encoding="utf-8") as file:
        return file.read()


def language_link(page, to, word):
    return f"[{word}]({os.path.relpath(to, os.path.dirname(page) or '.')})"


def sections_of(page, text, link):
    """[Section] of a page; link, to the other language, belongs to none."""
    found, fence = [], None
    for line in HASHES.sub("\n", text).split("\n"):
        edge = re.match(r"\s*```", line)
        if fence is None and re.match(r"#+ ", line):
            found.append(Section(page, line))
            continue
        section = found[-1] if found else None
        if section is None or line == link:
            continue
        section.lines.append(line)
        if fence is not None:
            fence.append(line)
            fence = None if edge else fence
        elif edge:
            fence = [line]
            section.code.append(fence)
        else:
            section.prose.append(line)
    return found


# --- Two pages -------------------------------------------------------------------------------------------------------------

def without_comment(line):
    return re.sub(r"((?:^|  )\s*# ).*$", r"\1", line)


def same_code(ours, theirs):
    """Line by line, to the byte; but where both lines have a comment it may be another one. A console's output has none."""
    if ours[:1] == ["```console"]:
        return ours == theirs
    return len(ours) == len(theirs) and all(a == b or a != without_comment(a) == without_comment(b) != b
                                            for a, b in zip(ours, theirs))


def differences(counted, other):
    return ", ".join([f"not there: {name}" for name in (counted - other)] + [f"only there: {name}" for name in (other - counted)])


def compare(pairs):
    """[(case, [what is wrong])] of the sections of two pages that have the same headings."""
    wrong = {"code": [], "names": [], "links": [], "numbers": [], "tables and lists": []}
    for english, chinese in pairs:
        def note(case, bad, seen="", where=english.heading):
            wrong[case] += [f"{where}: {seen}"] if bad else []
        for number in range(max(len(english.code), len(chinese.code))):
            ours, theirs = (page.code[number] if number < len(page.code) else [] for page in (english, chinese))
            note("code", not same_code(ours, theirs), f"block {number + 1} is not the same")
        for case, ours, theirs in (("names", english.names(), chinese.names()), ("links", english.links(), chinese.links())):
            note(case, ours != theirs, differences(ours, theirs))
        lost = english.numbers() - chinese.numbers()            # a number in words may have become one in digits
        note("numbers", lost, f"not there: {', '.join(lost)}")
        for what in ("rows", "items", "paragraphs", "tags"):
            ours, theirs = getattr(english, what)(), getattr(chinese, what)()
            note("tables and lists", ours != theirs, f"{len(ours)} {what}, in Chinese {len(theirs)}: not the same")
    return list(wrong.items())


def hashes_in(text):
    found = HASHES.search(text)
    return re.findall(r"^([0-9a-f]{8}) (#+ .*)$", found[0], re.MULTILINE) if found else []


def changed(sections, recorded):
    """What has changed in English since the list was written: [text]"""
    now, then = [(s.hash(), s.heading) for s in sections], list(recorded)
    for entry in list(now):
        if entry in then:
            then.remove(entry)
            now.remove(entry)
    old = [heading for _, heading in then]
    return [f"{heading}: " + ("has changed" if heading in old else "is new") for _, heading in now] + \
           [f"{heading}: is gone" for heading in old if heading not in [h for _, h in now]]


def write_hashes(root, page, text, sections):
    rows = "".join(f"{section.hash()} {section.heading}\n" for section in sections)
    with open(os.path.join(root, page), "w", encoding="utf-8") as file:
        file.write(HASHES.sub("\n", text).rstrip("\n") + f"\n\n<!-- {HASHES_HEAD}\n{rows}-->\n")


# --- The Chinese -----------------------------------------------------------------------------------------------------------

def terms_avoided(root):
    """{what is not written: the term instead}"""
    found = {}
    for row in re.findall(r"^\| *([^|]+?) *\| *([^|]+?) *\| *([^|]*?) *\|$", read(root, TERMS), re.MULTILINE):
        found |= {word: row[1] for word in re.split("、", row[2]) if re.search(CJK, word) and row[0] != "English"}
    return found


def typography(sections, avoided):
    """[(case, [what is wrong])]"""
    terms, spaces, marks = [], [], []
    for section in sections:
        for text in [section.heading] + section.text().split("\n"):
            bare = text.replace("*", "")
            where = f"{section.heading}: ...{{}}..."
            terms += [where.format(f"{word}, which is {term}") for word, term in avoided.items() if word in bare]
            spaces += [where.format(m[0]) for m in re.finditer(f".?.?(?:{CJK}[A-Za-z0-9`]|[A-Za-z0-9`%]{CJK}).?.?", bare)]
            spaces += [where.format(m[0]) for m in re.finditer(f"..?(?:[^|] [{FULL_WIDTH}]|[{FULL_WIDTH}] [^|]).?.?", bare)]
            marks += [where.format(m[0]) for m in re.finditer(f"{CJK}[,.;:?!()]|[,;:?!()]{CJK}", bare)]
            # Markdown shows the asterisks when emphasis ends with a mark and a letter follows, or begins so behind a letter.
            for m in re.finditer(r"(.?)(\*+)(?=[^\s*])([^*]+)\2(.?)", text):
                ends, begins = m[3][-1] in FULL_WIDTH and re.match(r"\w", m[4]), m[3][0] in FULL_WIDTH and re.match(r"\w", m[1])
                marks += [where.format(m[0] + ": emphasis")] if ends or begins else []
    return [("the terms", terms), ("spaces", spaces), ("full-width marks", marks)]


# --- All pages -------------------------------------------------------------------------------------------------------------

def cases_of(root, page, avoided, write):
    twin = twin_of(page)
    if not is_there(root, twin):
        return [("is there in Chinese", [f"there is no {twin}"])]
    english_link, chinese_link = language_link(page, twin, "中文"), language_link(twin, page, "English")
    english_text, chinese_text = read(root, page), read(root, twin)
    english, chinese = sections_of(page, english_text, english_link), sections_of(twin, chinese_text, chinese_link)
    if write:
        for seen in changed(english, hashes_in(chinese_text)):
            print(f"# {twin}: {seen}")
        write_hashes(root, twin, chinese_text, english)
        chinese_text = read(root, twin)
    cases = [("each leads to the other", [f"{name} has no line {link}" for name, text, link in
                                          ((page, english_text, english_link), (twin, chinese_text, chinese_link))
                                          if text.split("\n").count(link) != 1])]
    levels = [[section.level for section in sections] for sections in (english, chinese)]
    cases.append(("headings", [f"{[s.heading for s in english]}\n{[s.heading for s in chinese]}"] if levels[0] != levels[1] else []))
    if levels[0] == levels[1]:
        cases += compare(list(zip(english, chinese)))
    targets = [to for section in chinese for to in section.targets() if "://" not in to]
    cases.append(("links lead to what is there, in Chinese where it can be", [
        f"to {to}" for to in targets if not is_there(root, to) or twin_of(to) != to and is_there(root, twin_of(to))]))
    cases.append(("is no older than the English", changed(english, hashes_in(chinese_text))))
    return cases + typography(chinese, avoided)


def main():
    root, write = sys.argv[1], "--write" in sys.argv[2:]
    pages = [os.path.relpath(path, root) for name in ("README.md", "docs/tour.md", "docs/labs/*.md")
             for path in sorted(glob.glob(os.path.join(root, name)))]
    twins = [os.path.relpath(path, root) for path in glob.glob(os.path.join(root, "docs/zh/**/*.md"), recursive=True)]
    avoided = terms_avoided(root)
    cases = [(f"{page}: {name}", wrong) for page in pages for name, wrong in cases_of(root, page, avoided, write)]
    alone = [twin for twin in twins if twin != TERMS and original_of(twin) not in pages]
    cases.append(("nothing is there in Chinese alone", alone))
    for number, (name, wrong) in enumerate(cases, start=1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        print("".join("# " + text.replace("\n", "\n# ") + "\n" for text in wrong), end="")
    print(f"1..{len(cases)}")
    sys.exit(any(wrong for _, wrong in cases))


if __name__ == "__main__":
    main()
