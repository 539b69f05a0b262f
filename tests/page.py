"""A page of Markdown as the tests of the docs see it: its blocks of code, its headings and its links.

What a block is run as is said by the word behind its fence (go, sh, python, ...). What is special about it stands in comments of
HTML before it, one a line, which a reader does not see:

    <!-- fails: TEXT -->      it ends with an error that holds TEXT; several are possible
    <!-- file: PATH -->       it is the content of a file, for the blocks behind it
    <!-- not run: REASON -->  it cannot run here; its syntax is checked
"""
import dataclasses
import pathlib
import re

MARK = re.compile(r"<!-- (fails|file|not run): (.+) -->")


@dataclasses.dataclass
class Block:
    page: pathlib.Path
    line: int  # of the fence
    language: str
    text: str
    fails: list
    file: str | None = None
    not_run: str | None = None

    def __str__(self):
        return f"{self.page.name}:{self.line}"


class Page:
    """blocks in order; anchors of the headings, as GitHub makes them; links as (line, target); prose without blocks."""

    def __init__(self, path):
        self.path, self.blocks, self.anchors, self.links = path, [], set(), []
        prose, marks, block = [], [], None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if block and line.strip() == "```":
                self.blocks.append(block)
                block = None
            elif block:
                block.text += line + "\n"
            elif line.startswith("```"):
                block = Block(path, number, line[3:].strip(), "", [text for kind, text in marks if kind == "fails"],
                              **{kind.replace(" ", "_"): text for kind, text in marks if kind != "fails"})
                marks = []
            elif line.startswith("<!--"):
                found = MARK.fullmatch(line.strip())
                assert found, f"{path.name}:{number}: a comment that is none of those that tests/page.py knows: {line}"
                marks.append(found.groups())
            else:
                assert not line.lstrip().startswith("```"), f"{path.name}:{number}: an indented block, which the tests would not find"
                assert not (marks and line.strip()), f"{path.name}:{number}: marks stand before a block, found {line!r}"
                prose.append((number, line))
        assert block is None and not marks, f"{path.name}: a block without an end, or marks without a block"
        self.prose = "\n".join(line for _, line in prose)
        for number, line in prose:
            if heading := re.match(r"#+ (.*)", line):
                self.add_anchor(heading[1])
            bare = re.sub(r"`[^`]*`", "``", line)
            self.links += [(number, target) for target in re.findall(r"\]\(([^()\s]+)\)|<(https?://[^>\s]+)>", bare) for target in target if target]

    def add_anchor(self, heading):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        base = re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")
        name = next(n for n in (base, *(f"{base}-{i}" for i in range(1, 100))) if n not in self.anchors)
        self.anchors.add(name)
