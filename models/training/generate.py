"""Seeded generator of clinical sentences with marked findings and their labels.

Sentences come from our own templates (templates.txt, rules.txt), filled from the
lexicon and, now and then, from the key phrases of the data folder, so that the
model learns the wording around a finding rather than the finding itself.
"""
from __future__ import annotations

import random
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
MARK = "[entity]"
LABELS = ("PRESENT", "ABSENT", "POSSIBLE")
LETTER = {"P": 0, "A": 1, "U": 2}
_SLOT = re.compile(r"<([PAU])\.(\w+)([*+]?)>")
_CHOICE = re.compile(r"\{([^{}]*)\}")
_RULE = re.compile(r"@([a-z]+)")
_WORD = re.compile(r"\$([a-z]+)")
# Endings and words by which a key phrase is taken to name a problem, not a procedure or a place.
_PROBLEM = re.compile(
    r"(itis|osis|oma|emia|uria|algia|pnea|plegia|paresis|megaly|pain|fracture|bleed|infect|disease|syndrome|"
    r"lesion|failure|tear|stenosis|edema|effusion|cancer|hernia|nausea|fever|cough|ulcer|abscess|deficit|"
    r"swelling|tender|insuffic|hemorrhage|calculus|cyst|tumor|nodule|polyp|rupture|disorder|weakness|numb)",
)


@dataclass(frozen=True)
class Finding:
    """A span of the text (code points, end exclusive) and its label index."""

    start: int
    end: int
    label: int


@dataclass(frozen=True)
class Sentence:
    """A sentence, its findings in order, and the template it came from (-1: none)."""

    text: str
    findings: tuple[Finding, ...]
    template: int = -1


def mark(text: str, start: int, end: int) -> str:
    """Wrap text[start:end] in the entity marker, the way the service does."""
    return f"{text[:start]}{MARK} {text[start:end]} {MARK}{text[end:]}"


def read_lines(path: Path) -> list[str]:
    """Lines of a resource file without comments and blank lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("# ")]


class Generator:
    """Draws sentences from templates. The same seed gives the same sentences."""

    def __init__(self, seed: int, keyphrases: list[str] | None = None, held_out: bool = False) -> None:
        """held_out selects the templates kept for the dev set; otherwise the others are used."""
        self.rng = random.Random(seed)
        lexicon = HERE / "lexicon"
        self.words = {
            "sx": read_lines(lexicon / "symptoms.txt"),
            "dx": read_lines(lexicon / "diseases.txt"),
            "fx": read_lines(lexicon / "findings.txt"),
            "test": read_lines(lexicon / "tests.txt"),
            "anatomy": read_lines(lexicon / "anatomy.txt"),
            "part": read_lines(lexicon / "normal_parts.txt"),
            "relative": read_lines(lexicon / "relatives.txt"),
        }
        self.words["pb"] = self.words["sx"] + self.words["dx"] + self.words["fx"]
        self.modifiers = read_lines(lexicon / "modifiers.txt")
        self.problems = [k for k in keyphrases or [] if _PROBLEM.search(k) and len(k) < 45]
        self.rules = {}
        for line in read_lines(HERE / "rules.txt"):
            name, _, choices = line.partition(" = ")
            self.rules[name] = _split_choices(choices)
        self.openers = read_lines(HERE / "context.txt")
        self.plain = read_lines(HERE / "plain.txt")
        templates = read_lines(HERE / "templates.txt")
        chosen = [(i, t) for i, t in enumerate(templates) if is_held_out(t) == held_out]
        self.templates = chosen
        # Templates with two labels teach scope, so they are drawn more often.
        self.weights = [_weight(t) for _, t in chosen]

    def sentence(self) -> Sentence:
        """One sentence, possibly noisy, possibly with an opener or a tail."""
        rng = self.rng
        if rng.random() < 0.03:
            return Sentence(self._noise_plain(rng.choice(self.plain)), ())
        index, template = rng.choices(self.templates, self.weights)[0]
        pieces = self._fill(template)
        if rng.random() < 0.08:
            opener = rng.choice(self.openers)
            pieces.insert(0, (opener + " ", -1))
        return self._assemble(pieces, index)

    def _noise_plain(self, template: str) -> str:
        return "".join(text for text, _ in self._fill(template))

    def _expand(self, text: str) -> str:
        """Resolve choices, rules and plain words until nothing is left to resolve."""
        rng = self.rng
        for _ in range(12):
            before = text
            text = _CHOICE.sub(lambda m: rng.choice(m.group(1).split("|")), text)
            text = _RULE.sub(lambda m: rng.choice(self.rules[m.group(1)]), text)
            text = _WORD.sub(lambda m: rng.choice(self.words[m.group(1)]), text)
            if text == before:
                return text
        return text

    def entity(self, category: str) -> str:
        """A finding of the category, at times with a modifier or a place."""
        rng = self.rng
        if category in ("part", "test"):
            return rng.choice(self.words[category])
        if self.problems and rng.random() < 0.2:
            name = rng.choice(self.problems)
        else:
            pool = category if rng.random() < 0.8 else "pb"
            name = rng.choice(self.words[pool])
        if rng.random() < 0.12:
            name = f"{rng.choice(self.modifiers)} {name}"
        elif rng.random() < 0.05:
            name = f"{name} {rng.choice(('in the', 'of the'))} {rng.choice(self.words['anatomy'])}"
        return name

    def _fill(self, template: str) -> list[tuple[str, int]]:
        """Pieces (text, label); label -1 for the words around the findings."""
        template = self._expand(template)
        pieces: list[tuple[str, int]] = []
        at = 0
        for slot in _SLOT.finditer(template):
            pieces.append((template[at : slot.start()], -1))
            pieces.extend(self._slot(LETTER[slot[1]], slot[2], slot[3]))
            at = slot.end()
        pieces.append((template[at:], -1))
        return pieces

    def _slot(self, label: int, category: str, many: str) -> list[tuple[str, int]]:
        rng = self.rng
        count = 1
        if many == "*":
            count = rng.choice((2, 2, 3, 3, 4, 5, 7, 10))
        elif many == "+" and rng.random() < 0.35:
            count = rng.choice((2, 3))
        conjunction = rng.choice(("or", "or", "and", "and/or", "nor") if label == 1 else ("and", "and", "and", "or"))
        if label == 2:
            conjunction = rng.choice(("or", "versus", "and", "vs"))
        comma = rng.choice((", ", ", ", ", ", "; ", "/", " " + conjunction + " "))
        last = rng.choice((f" {conjunction} ", f" {conjunction} ", f", {conjunction} ", ", "))
        pieces: list[tuple[str, int]] = []
        for i in range(count):
            if i:
                pieces.append((last if i == count - 1 else comma, -1))
            pieces.append((self.entity(category), label))
        return pieces

    def _assemble(self, pieces: list[tuple[str, int]], template: int) -> Sentence:
        rng = self.rng
        noisy = rng.random() < 0.12
        upper = rng.random() < 0.05
        telegraphic = rng.random() < 0.1
        text, findings = "", []
        for i, (part, label) in enumerate(pieces):
            if telegraphic and label < 0:
                part = re.sub(r"\b(the|a|an|is|was|has been|There) ", "", part)
            if noisy and rng.random() < 0.4:
                part = misspell(part, rng)
            if upper:
                part = part.upper()
            if i == len(pieces) - 1 and rng.random() < 0.12:
                part = part.rstrip(".")
            if label >= 0:
                findings.append(Finding(len(text), len(text) + len(part), label))
            text += part
        return Sentence(text, tuple(findings), template)


def is_held_out(template: str) -> bool:
    """About one template in twelve, chosen by its own text, is kept for the dev set."""
    return zlib.crc32(template.encode()) % 12 == 0


def _weight(template: str) -> float:
    labels = {m[1] for m in _SLOT.finditer(template)}
    return 2.5 if len(labels) > 1 else 1.0


def _split_choices(text: str) -> list[str]:
    """Split on | outside braces."""
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char == "{") - (char == "}")
        if char == "|" and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [*parts, current]


def misspell(text: str, rng: random.Random) -> str:
    """One typing error in one word of at least five letters."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    if not long:
        return text
    i = rng.choice(long)
    word, at = words[i], rng.randrange(1, len(words[i]) - 1)
    kind = rng.randrange(3)
    if kind == 0:
        word = word[:at] + word[at + 1 :]
    elif kind == 1:
        word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    else:
        word = word[:at] + word[at] + word[at:]
    words[i] = word
    return " ".join(words)


def examples(sentence: Sentence, rng: random.Random, most: int = 2) -> list[tuple[str, int]]:
    """Model inputs of one sentence: some findings marked, and at times none marked.

    The unmarked form takes the label of the first finding; with several labels in
    one sentence that is a weak rule, so it is used less often there.
    """
    findings = list(sentence.findings)
    if not findings:
        return [(sentence.text, 0)]
    labels = {f.label for f in findings}
    chosen = rng.sample(findings, min(most, len(findings)))
    if len(labels) > 1:
        by_label = [rng.choice([f for f in findings if f.label == label]) for label in sorted(labels)]
        chosen = by_label[: most + 1]
    out = [(mark(sentence.text, f.start, f.end), f.label) for f in chosen]
    if rng.random() < (0.45 if len(labels) == 1 else 0.15):
        out.append((sentence.text, findings[0].label))
    return out


def with_context(
    example: tuple[str, int], pool: list[str], rng: random.Random, share: float = 0.08, far: float = 0.005
) -> tuple[str, int]:
    """At times put a marked sentence among others, or far (300-450 words) into a text.

    Only for marked examples: without a mark the other sentences would be candidates too.
    """
    text, label = example
    draw = rng.random()
    if MARK not in text or draw > share:
        return example
    if draw < far:
        before = rng.sample(pool, rng.randint(10, 22))
        after: list[str] = []
    else:
        before = rng.sample(pool, rng.randint(0, 2))
        after = rng.sample(pool, rng.randint(0, 1))
    return " ".join([*before, text, *after]), label


def keyphrases(data: Path) -> list[str]:
    """Key phrases of the data folder, most frequent first."""
    lines = (data / "mtsamples" / "keywords.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines if "\t" in line]
