"""Names of findings: lexicons, key phrases, invented words, random words of the notes.

A cue must decide the label, never the finding, so the names are as mixed as possible and a
share of them exists in no dictionary.
"""
from __future__ import annotations

import random
import re
from pathlib import Path

from grammar import read_lines
from weak_labels import has_cue

HERE = Path(__file__).parent
# Endings and words by which a key phrase is taken to name a problem, and those of procedures and places.
_PROBLEM = re.compile(
    r"((itis|osis|oma|emia|uria|algia|pnea|plegia|paresis|megaly)\b|pain|fracture|bleed|infect|disease|syndrome|"
    r"lesion|failure|tear|stenosis|edema|effusion|cancer|hernia|nausea|fever|cough|ulcer|abscess|deficit|"
    r"swelling|tender|insuffic|hemorrhage|calculus|cyst|tumor|nodule|polyp|rupture|disorder|weakness|numb)",
)
_DONE = re.compile(r"(scop|ectom|otom|ostom|plast|repair|remov|closure|surg|graph|gram\b|excis|resect|stomach|manage|cystic|opsy)")
_FILES = {
    "sx": "symptoms",
    "dx": "diseases",
    "fx": "findings",
    "comp": "complications",
    "test": "tests",
    "anatomy": "anatomy",
    "adj": "states",
    "part": "normal_parts",
    "relative": "relatives",
    "stem": "stems",
    "ending": "endings",
}
_FIXED = {"part", "test", "comp", "adj"}
_TAILS = (
    "with exertion", "at night", "on the left", "on the right", "with movement", "to the groin", "bilaterally",
    "after meals", "at rest", "in both legs", "over the past week", "with radiation to the back", "when lying flat",
)  # fmt: skip
_SIZES = ("2 cm", "3-mm", "15 x 18 cm", "1.5 cm", "large", "small", "tiny", "4 x 5 cm", "grade 2", "stage III", "stage T1c")


class Entities:
    """Draws names; `words` are single words of the training notes."""

    def __init__(self, rng: random.Random, phrases: list[str], words: list[str]) -> None:
        self.rng = rng
        self.lexicon = {key: read_lines(HERE / "lexicon" / f"{name}.txt") for key, name in _FILES.items()}
        self.lexicon["pb"] = self.lexicon["sx"] + self.lexicon["dx"] + self.lexicon["fx"]
        self.modifiers = read_lines(HERE / "lexicon" / "modifiers.txt")
        self.phrases = [p for p in phrases if len(p) < 45]
        self.problems = [p for p in self.phrases if _PROBLEM.search(p) and not _DONE.search(p)]
        self.words = words

    def word(self, name: str) -> str:
        """A word of a lexicon."""
        return self.rng.choice(self.lexicon[name])

    def name(self, category: str) -> str:
        """A finding of the category, at times with modifiers, a size, a place or a circumstance."""
        rng = self.rng
        if category in _FIXED:
            return self.word(category)
        name = self._core(category)
        draw = rng.random()
        if draw < 0.14:
            name = f"{rng.choice(self.modifiers)} {name}"
        elif draw < 0.17:
            name = f"{rng.choice(self.modifiers)} {rng.choice(self.modifiers)} {name}"
        elif draw < 0.19:
            name = f"{rng.choice(_SIZES)} {name}"
        if rng.random() < 0.06:
            name = f"{name} {rng.choice(('in the', 'of the', 'of'))} {self.word('anatomy')}"
        elif rng.random() < 0.03:
            name = f"{name} {rng.choice(_TAILS)}"
        return name

    def _core(self, category: str) -> str:
        rng = self.rng
        draw = rng.random()
        if draw < 0.55:
            return self.word(category)
        if draw < 0.72:
            return self.word("pb")
        if draw < 0.84 and self.problems:
            return rng.choice(self.problems)
        if draw < 0.88 and self.phrases:
            return rng.choice(self.phrases)
        if draw < 0.92:
            return self._placed()
        if draw < 0.96 or not self.words:
            return self.invented()
        return " ".join(rng.choice(self.words) for _ in range(rng.choice((1, 1, 2, 3))))

    def _placed(self) -> str:
        """A place and a thing: 'left ureter stenosis'."""
        thing = self.rng.choice(("mass", "lesion", "pain", "injury", "tear", "stone", "nodule", "swelling", "infection",
                                 "obstruction", "cancer", "stenosis", "tenderness", "edema", "rupture", "perforation"))  # fmt: skip
        return f"{self.word('anatomy')} {thing}"

    def invented(self) -> str:
        """A word that sounds medical and is in no dictionary, or an abbreviation of capitals."""
        rng = self.rng
        if rng.random() < 0.2:
            return "".join(rng.choice("ABCDEFGHILMNOPRSTV") for _ in range(rng.choice((2, 3, 3, 4))))
        middle = rng.choice(("", "", rng.choice(("ro", "la", "mi", "no", "te", "xi", "du"))))
        name = f"{self.word('stem')}{middle}{self.word('ending')}"
        return f"{name} {rng.choice(('syndrome', 'disease', 'changes', 'disorder'))}" if rng.random() < 0.1 else name


def keyphrases(data: Path) -> list[str]:
    """Key phrases of the data folder, most frequent first, but for those that bring a cue of their own."""
    lines = (data / "mtsamples" / "keywords.tsv").read_text(encoding="utf-8").splitlines()
    phrases = [line.split("\t")[0] for line in lines if "\t" in line]
    return [phrase for phrase in phrases if not has_cue(phrase)]
