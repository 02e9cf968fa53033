"""Seeded generator of clinical sentences with findings and their status.

Three sources: whole templates (grammar/templates), clauses of known status joined at random
(grammar/clauses.txt), and lists as they stand under a heading. All wording is our own; names
of findings come from entities.py, so that the model learns the cue and its scope.
"""
from __future__ import annotations

import random
from pathlib import Path

from entities import Entities
from grammar import Name, Slot, Tree, expand, labels_of, parse, read_lines, read_pools, read_rules
from noise import Pieces, disturb
from sentences import Sentence, assemble

GRAMMAR = Path(__file__).parent / "grammar"
_STATUS = ("present", "absent", "possible")
_COUNTS = {"": (1,), "+": (1, 1, 1, 2, 3), "*": (2, 2, 3, 3, 4, 5, 7, 10), "#": (6, 8, 10, 12, 15, 18, 24)}
# Templates of each file are drawn with this weight; doubt and scope are what is hard.
_FILE_WEIGHT = {
    "doubt": 2.0, "scope": 3.0, "pseudo": 2.2, "radiology": 1.7, "surgery": 1.7, "negation": 1.5, "wording": 1.6,
    "adjectives": 0.6, "double": 2.4, "normal": 2.5, "consent": 2.5, "lasting": 2.0,
}  # fmt: skip


class Generator:
    """Draws sentences. The same seed and words give the same sentences."""

    def __init__(self, seed: int, phrases: list[str], words: list[str]) -> None:
        """phrases: key phrases; words: single words of the training notes, used as nonsense names."""
        self.rng = random.Random(seed)
        self.entities = Entities(self.rng, phrases, words)
        self.pools = read_rules(GRAMMAR / "rules.txt") | read_pools(GRAMMAR / "clauses.txt")
        self.last_name = ""  # what <L.cat=> repeats
        self.openers = read_lines(GRAMMAR / "context.txt")
        self.plain = [parse(line) for line in read_lines(GRAMMAR / "plain.txt")]
        self.templates: list[Tree] = []
        self.weights: list[float] = []
        for path in sorted((GRAMMAR / "templates").glob("*.txt")):
            for tree in map(parse, read_lines(path)):
                self.templates.append(tree)
                mixed = 1.6 if len(labels_of(tree)) > 1 else 1.0
                self.weights.append(mixed * _FILE_WEIGHT.get(path.stem, 1.0))

    def sentence(self) -> Sentence:
        """One sentence, possibly noisy, possibly with an opener."""
        rng = self.rng
        draw = rng.random()
        if draw < 0.02:
            return assemble(disturb(self._fill(rng.choice(self.plain)), rng))
        if draw < 0.62:
            pieces = self._fill(rng.choices(self.templates, self.weights)[0])
        elif draw < 0.88:
            pieces = self._clauses()
        elif draw < 0.95:
            pieces = self._numbered()
        else:
            pieces = self._examination()
        if rng.random() < 0.07:
            pieces.insert(0, (rng.choice(self.openers) + " ", -1))
        return assemble(disturb(pieces, rng))

    def _resolve(self, name: Name) -> Tree:
        if name.kind == "$":
            return (self.entities.name(name.name) if name.name in ("sx", "dx", "fx") else self.entities.word(name.name),)
        return self.rng.choice(self.pools[name.name])

    def _fill(self, tree: Tree) -> Pieces:
        pieces: Pieces = []
        for leaf in expand(tree, self.rng, self._resolve):
            if isinstance(leaf, Slot):
                pieces += self._slot(leaf)
            else:
                pieces.append((leaf, -1))
        return pieces

    def _slot(self, slot: Slot) -> Pieces:
        rng = self.rng
        if slot.many == "=":
            return [(self.last_name, slot.label)]
        count = rng.choice(_COUNTS[slot.many])
        conjunctions = ("or", "or", "or", "and", "and/or", "nor") if slot.label == 1 else ("and", "and", "and", "or")
        if slot.label == 2:
            conjunctions = ("or", "versus", "and", "vs", "vs.")
        conjunction = rng.choice(conjunctions)
        comma = rng.choice((", ", ", ", ", ", "; ", "/", f" {conjunction} "))
        last = rng.choice((f" {conjunction} ", f" {conjunction} ", f", {conjunction} ", ", "))
        pieces: Pieces = []
        for i in range(count):
            if i:
                pieces.append((last if i == count - 1 else comma, -1))
            self.last_name = self.entities.name(slot.category)
            pieces.append((self.last_name, slot.label))
        return pieces

    def _clauses(self) -> Pieces:
        """Two to four clauses of drawn status with a joiner between them, some with a tail of another status."""
        rng = self.rng
        pieces: Pieces = []
        for i in range(rng.choice((1, 2, 2, 2, 3, 3, 4))):
            if i:
                pieces += self._fill(rng.choice(self.pools["joiner"]))
            status = "neutral" if rng.random() < 0.12 else rng.choice(_STATUS)
            if status == "absent" and rng.random() < 0.33:
                status = "absentother"
            pieces += self._fill(rng.choice(self.pools[status]))
            if status in _STATUS and rng.random() < 0.25:
                pieces += self._fill(rng.choice(self.pools[f"after{status}"]))
        return [*pieces, (".", -1)]

    def _numbered(self) -> Pieces:
        """A diagnosis list: every item says its own status."""
        rng = self.rng
        style = rng.choice(("1. ", "1) ", "#1 ", "- ", "; ", ". ", ", #", "\n"))
        pieces = [*self._fill(rng.choice(self.pools["listhead"])), (" ", -1)]
        for i in range(rng.choice((2, 3, 3, 4, 5, 7))):
            number = style.replace("1", str(i + 1)).replace(", #", f"; #{i + 1} ")
            pieces.append((number if "1" in style or "#" in style or i else "", -1))
            pieces += self._fill(rng.choice(self.pools["item" + rng.choice(_STATUS)]))
            pieces.append((rng.choice((". ", " ", ".  ")) if style[0] in "1#-" else "", -1))
        return pieces

    def _examination(self) -> Pieces:
        """Headed findings of several body systems in one run."""
        rng = self.rng
        pieces: Pieces = []
        for i in range(rng.choice((1, 2, 3, 4))):
            pieces += [(rng.choice((". ", ".  ", "; ")) if i else "", -1)]
            pieces += self._fill(rng.choice(self.pools["examitem"]))
        return [*pieces, (".", -1)]
