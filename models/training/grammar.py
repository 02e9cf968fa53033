"""The little language of the sentence templates: parsed once, then drawn from.

<L.cat>   an entity of lexicon `cat` (pb = any problem) with label L: P present, A absent, U possible;
          <L.cat+> one to three of them, <L.cat*> two to ten, <L.cat#> six to twenty-four,
          <L.cat=> the name that was drawn last, once more
{a|b|}    a choice, also nested; @name one alternative of a pool; $word a word of a lexicon
"""
from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LETTERS = {"P": 0, "A": 1, "U": 2}


@dataclass(frozen=True)
class Slot:
    """A place for one or more entities of a category with one label."""

    label: int
    category: str
    many: str


@dataclass(frozen=True)
class Name:
    """A reference to a pool (kind '@') or to a lexicon (kind '$')."""

    kind: str
    name: str


@dataclass(frozen=True)
class Choice:
    """Alternatives of equal weight."""

    options: tuple[tuple[Node, ...], ...]


Node = str | Slot | Name | Choice
Tree = tuple[Node, ...]
Leaf = str | Slot


def read_lines(path: Path) -> list[str]:
    """Lines of a resource file without comments and blank lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("# ")]


def _word_end(text: str, at: int) -> int:
    while at < len(text) and text[at].islower() and text[at].isascii():
        at += 1
    return at


def _sequence(text: str, at: int, inside: bool) -> tuple[Tree, int]:
    """Nodes from `at` to the end, or to the | or } that ends a choice's option."""
    nodes: list[Node] = []
    plain = ""
    while at < len(text):
        char = text[at]
        if inside and char in "|}":
            break
        node: Node | None = None
        if char == "{":
            options = []
            while text[at] != "}":
                option, at = _sequence(text, at + 1, True)
                options.append(option)
            node, at = Choice(tuple(options)), at + 1
        elif char == "<" and text[at + 1 : at + 2] in LETTERS and text[at + 2] == ".":
            end = text.index(">", at)
            body = text[at + 3 : end]
            category = body.rstrip("*+#=")
            node, at = Slot(LETTERS[text[at + 1]], category, body[len(category) :]), end + 1
        elif char in "@$" and (end := _word_end(text, at + 1)) > at + 1:
            node, at = Name(char, text[at + 1 : end]), end
        if node is None:
            plain += char
            at += 1
            continue
        if plain:
            nodes.append(plain)
            plain = ""
        nodes.append(node)
    if plain:
        nodes.append(plain)
    return tuple(nodes), at


@lru_cache(maxsize=None)
def parse(text: str) -> Tree:
    """The tree of one template; raises IndexError on an unclosed brace."""
    return _sequence(text, 0, False)[0]


def expand(tree: Tree, rng: random.Random, resolve: Callable[[Name], Tree]) -> Iterator[Leaf]:
    """Draw one reading of the tree: text and slots in order."""
    for node in tree:
        if isinstance(node, Choice):
            yield from expand(rng.choice(node.options), rng, resolve)
        elif isinstance(node, Name):
            yield from expand(resolve(node), rng, resolve)
        else:
            yield node


def labels_of(tree: Tree) -> set[int]:
    """Labels of all slots that stand in the tree itself."""
    found: set[int] = set()
    for node in tree:
        if isinstance(node, Slot):
            found.add(node.label)
        elif isinstance(node, Choice):
            found = found.union(*map(labels_of, node.options))
    return found


def read_rules(path: Path) -> dict[str, list[Tree]]:
    """Pools of the file: lines `name = a|b`."""
    pools: dict[str, list[Tree]] = {}
    for line in read_lines(path):
        name, _, body = line.partition(" = ")
        choice = parse("{" + body + "}")[0]
        assert isinstance(choice, Choice)
        pools[name] = [*choice.options]
    return pools


def read_pools(path: Path) -> dict[str, list[Tree]]:
    """Pools of the file: a line [name], then one alternative a line, spaces kept, an empty one too."""
    pools: dict[str, list[Tree]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            pools[name] = []
        elif name:
            pools[name].append(parse(line))
    return pools
