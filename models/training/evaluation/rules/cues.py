"""Cue phrases by kind. Patterns see lower-case text; word boundaries are added around each.

A phrase that only looks like a cue ("no change in", "does not deny") has its own kind and,
being listed with the others, takes its words before a shorter cue inside it can match.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a cue says and on which side of it the finding stands."""

    NEGATED_AFTER = "negation before the finding"
    NEGATED_BEFORE = "negation behind the finding"
    POSSIBLE_AFTER = "doubt before the finding"
    POSSIBLE_LIST_AFTER = "doubt over a list before the finding"
    POSSIBLE_BEFORE = "doubt behind the finding"
    OPEN_BEFORE = "behind the finding: not excluded"
    AFFIRMED_AFTER = "affirmation before the finding"
    AFFIRMED_BEFORE = "affirmation behind the finding"
    OTHER_AFTER = "somebody else's finding"
    OTHER_BEFORE = "somebody else's finding, named behind it"
    HYPOTHETICAL_AFTER = "condition, risk or prevention before the finding"
    HYPOTHETICAL_BEFORE = "condition, risk or prevention behind the finding"
    NOTHING = "looks like a cue and is none"
    TERMINATION = "ends the scope of the cues around it"


@dataclass(frozen=True)
class Cue:
    """A cue found in a text, by code point offsets."""

    kind: Kind
    start: int
    end: int
    text: str


_BE = r"(?:is|was|are|were|be|been|being|appears?|seems?)"
_HAVE = r"(?:has|have|had)"
_SEEN = (
    r"(?:seen|noted|present|found|identified|appreciated|observed|elicited|demonstrated|palpated|palpable|detected"
    r"|evident|visualized|visible|encountered|reported|recorded|discovered|apparent|documented|confirmed|heard|felt)"
)
_SUBJECT = r"(?:he|she|you|they|we|it|there|the (?:patient|child|infant|baby)|patient|pt|symptoms|any)"
_MEETS = (
    rf" {_SUBJECT}(?: (?!has|have|had)\w+)?(?: (?:has|have|had|is|are|was|reports?|complains? of|presents? with|shows?"
    r"|notes?|experiences?|develops?))?"
)
_RELATIVE = (
    r"(?:mother|father|brother|sister|aunt|uncle|cousin|nephew|niece|grand(?:mother|father|parent|son|daughter)s?"
    r"|son|daughter|wife|husband|spouse|sibling|parent|twin|mom|dad|relative|roommate|co-?worker|neighbor|classmate"
    r"|girlfriend|boyfriend|donor|caregiver)s?"
)
_TELLS = (
    r"(?:says?|said|states?|stated|reports?|reported|notes|noted|noticed|notices|complains?|complained|describes?"
    r"|described|thinks|thought|feels|felt|is concerned|was concerned|was worried|is worried|brought|tells|told)"
)
_CHANGE = (
    r"(?:changes?|increase|decrease|improvement|worsening|progression|relief|reduction|growth|enlargement|difference"
    r"|alteration|interval change|deterioration)"
)

PATTERNS: dict[Kind, list[str]] = {
    Kind.NOTHING: [
        r"gram[- ]negative",
        r"negative[- ]pressure",
        r"(?:sero|hiv|rh)[- ]?negative",
        r"with or without",
        r"without (?:any |significant |much |further )?(?:difficulty|problems?|incident)",
        r"not (?:been )?(?:able|take|taking|taken|tolerate[d]?|bothersome|interfere|due|related|scarred|candidate)",
        rf"{_RELATIVE} (?:also )?(?:{_TELLS}|and (?:father|mother) (?:say|report|state|note))",
        rf"(?:accompanied by|according to|like|lives with|with|per|unlike|as told by|and) (?:his|her|the|their)"
        rf" {_RELATIVE}(?! (?:who )?(?:has|had|have|with))",
        r"as (?:if|though)",
        r"even if",
        r"may (?:return|resume|be discharged|go|shower|eat|take|need|require|use|have (?:a |her |his )?(?:diet|food))",
        r"would like",
        r"(?:versus|vs\.?)(?= (?:left|right|baseline|prior|previous|\d))",
        r"the patient may",
        r"if (?:possible|needed|necessary|any|so)",
        r"as soon as possible",
        r"(?:at|as much as|when) (?:all )?possible",
        r"no longer able",
        r"(?:but )?(?:are|were|is|was)? ?not limited to",
        r"(?:evaluate|check|look|assess) for (?:the )?(?:exact )?(?:location|size|position|extent) of",
        r"if (?:i|we|the surgeon) (?:am|are|is) (?:un)?able",
        r"(?:no|not|without) (?:\w+ ){0,2}(?:surgery|surgical intervention|intervention|treatment|therapy|workup"
        r"|further workup|medications?|operation|antibiotics?|need|indication|reason)\b(?: (?:is|are|was|were))?"
        r"(?: (?:needed|indicated|required|necessary|planned|given))?(?: for)?",
    ],
    Kind.AFFIRMED_AFTER: [
        rf"(?:no|without|not any|not show any|not shown any)(?: (?:any|significant|real|further|major|interval|definite"
        rf"|appreciable|much|great|apparent|substantial))* {_CHANGE}(?: (?:in|of|to|from|with|for))?",
        r"(?:does|did|do|has|have|had|could|can)(?: not|n't) (?:deny|denied)",
        r"(?:cannot|can not|can't|could not) (?:deny|be denied)",
        r"not (?:entirely |completely |altogether |yet )?(?:without|free (?:of|from)|negative for|devoid of|absent)",
        r"(?:by )?no means free of",
        r"never (?:\w+ ){0,4}(?:without|free of)",
        r"(?:no|not|hardly|scarcely) (?:\w+ ){0,5}(?:day|week|night|hour|month|moment)s? (?:\w+ ){0,2}without",
        r"(?:not|n't) true that (?:\w+ ){1,2}(?:has|have|had) no",
        r"not (?:only|just|merely|simply|solely)",
        r"no (?:doubt|question)(?: (?:that|about|of))?",
        r"without (?:a )?(?:doubt|question)",
        r"(?:undoubtedly|certainly|definitely|clearly)",
        r"not (?:\w+ )?(?:relieved|controlled|improved|responding|relieving|tolerating)",
        r"(?:does|do|did)(?: not|n't) (?:respond|improve|help|affect|relieve)(?: (?:to|with))?",
        r"failed to (?:improve|relieve|control|respond)",
        r"rather than",
        r"despite",
    ],
    Kind.AFFIRMED_BEFORE: [
        rf"(?:{_HAVE}|is|was|are|were|did|does)(?: not|n't| never)(?: yet| been| completely| fully| entirely| really"
        r"| gone)*"
        r" (?:resolved?|cleared?|gone(?: away)?|disappear(?:ed)?|subsided?|absent|go away|gone away|relieved|improved"
        r"|controlled|away|well controlled|bothersome|obstructing|moved|changed?)(?: completely)?",
        r"never (?:resolved|cleared|disappeared|gone away|went away|really (?:resolved|cleared|went away))",
        r"(?:is |are |was |were )?resolving",
        r"(?:confirmed|persists?|persisted|persistent|continues|worsened|unchanged)",
        r"no longer (?:controlled|relieved|responding)",
    ],
    Kind.NEGATED_AFTER: [
        r"no(?: (?:more|other|further|new|obvious|clear|definite|definitive|convincing))?"
        r"(?: (?:evidence|signs?|symptoms?|suggestion|indication|finding|findings|complaints?|history|suspicious"
        r"|suspicion|known|e/o|hx|h/o))?(?: (?:of|for|to suggest))?",
        r"(?:den(?:y|ies|ied|ying|ys)|deneis)(?: (?:any|having|having had|ever having|history of|a history of"
        r"|prior history of))?",
        r"without(?: (?:any|evidence of|any evidence of|signs? of|any signs? of|further))?",
        r"w/o(?: (?:any|evidence of))?",
        r"with no",
        r"(?:negative|neg)(?: (?:for|of))?(?! (?:biopsy|cultures?|pressure|duplex|ct|scan|test|study|rods))",
        r"-ve for",
        r"free (?:of|from)",
        r"(?:absence|lack|resolution|disappearance) of(?: the)?",
        r"(?:lacks?|lacked|lacking)",
        r"absent",
        r"never (?:had|has|have|been|experienced|noted|developed|suffered|complained of)?(?: (?:any|diagnosed with))?",
        r"neither",
        r"nor",
        r"(?:pertinent |significant )?negatives(?: include)?:?",
        r"not (?:have|has|had|having|show|showing|reveal|demonstrate|report|note|see|feel|find|appreciate|complain of"
        r"|describe|experience|endorse|suggest|indicate|identify|develop|appear to have|seem to have|exhibit|palpate"
        r"|include|a|the|any)(?: (?:any|evidence of|any evidence of|signs of))?",
        r"(?:cannot|can not|can't|could not|unable to|couldn't)"
        r" (?:see|find|palpate|appreciate|feel|identify|detect|elicit|demonstrate|hear)(?: any)?",
        r"(?:don't|doesn't|didn't|hasn't|haven't|hadn't|isn't|wasn't|aren't|weren't)",
        r"(?:fail(?:s|ed)|failing) to (?:reveal|show|demonstrate|identify|disclose)",
        r"no longer (?:has|have|had|having|complains? of|reports?|experiences|takes|with|in|suffers from)?",
        r"(?:rules|ruled) out(?: for)?",
        r"r/o'?d(?: for)?",
        r"(?:effectively |clearly |reliably )?(?:excludes|excluded)",
        r"(?:resolved|cleared)(?= \w)",
        r"unlikely(?: to (?:be|have|represent))?",
        r"nonpalpable(?= (?:mass|masses|nodes?))",
        r"negligible",
    ],
    Kind.NEGATED_BEFORE: [
        rf"(?:(?:{_BE}|{_HAVE})(?: been)? )?(?:now )?(?:denied|ruled out|r/o'?d)",
        rf"(?:{_BE}|{_HAVE}) (?:been )?(?:effectively |now |definitively )?excluded",
        rf"(?:(?:{_BE}|{_HAVE})(?: been)? )?(?:not|never|no longer)(?: \w+ly)? (?:be )?(?:been )?{_SEEN}",
        rf"(?:could|can) ?not be {_SEEN}",
        r"(?:is|was|are|were) (?:completely )?absent",
        r"(?<=[-:] )(?:none|absent|negative|denies|denied|no|nil)",
        r"(?:none|absent|negative)(?=[.,;]|$)",
        r"(?:(?:is|was|are|were|felt to be|thought to be|very|highly|quite) )*unlikely",
        rf"(?:(?:{_HAVE}|is|was|are|were|now) )*(?:completely |fully |since |spontaneously |entirely |now )*"
        r"(?:resolved|cleared(?: up)?|disappeared|subsided|gone|abated|dissipated|remitted)",
        r"(?:went|gone) away",
        r"no longer (?:a (?:problem|concern)|bothers|troubles|suspected|exists?)",
        r"free(?= (?:on|since|for|at|now|today|after)\b)",
        r"free(?=[.,;]|$)",
    ],
    Kind.POSSIBLE_AFTER: [
        r"(?:possible|possibly|probable|probably|prob|poss|likely|presumed|presumably|presumptive|perhaps|maybe"
        r"|conceivably|questionable|equivocal|suspected|tentative|borderline evidence of)",
        r"(?:suspicious|suspicions?|concerning|concerns?|concerned|worrisome|worried|worry|worries)"
        r" (?:for|of|about|that)",
        rf"(?:suspects?|suspecting)(?: that {_SUBJECT} (?:has|have|had|may have))?",
        r"(?:primary|main|leading|first) considerations? (?:is|are|was|were|would be)(?: of)?",
        r"(?:possible|possibly|probable|probably|likely|presumably|perhaps|maybe|may be|might be|could be)"
        r" (?:secondary to|due to|because of|attributed to|related to|from)",
        r"(?:felt|thought|considered) (?:to be )?(?:more|most) (?:consistent|compatible|in keeping) with",
        r"(?:suggests?|suggested|suggesting|suggestive of|suggestion of|hint of)",
        r"(?:may|might|could|would|can)(?: \w+)? (?:be|have|represent|reflect|indicate|suggest|relate|been|include"
        r"|correspond|signify|mean)(?: (?:due|secondary|related) to)?",
        r"(?:may|might|could)",
        r"could this be",
        r"(?:possibility|chance|question|questions|likelihood) (?:of|that|about)",
        r"(?:thought|felt|believed|considered)(?: most likely)? (?:to (?:be|have|represent)|secondary to|due to)",
        r"thought (?:is|was)",
        r"(?:cannot|can not|can't|could not|couldn't|unable to|not able to|(?:does|do|did) not|doesn't|has not|not)"
        r" (?:entirely |completely |definitively |fully )?(?:rule out|exclude|ruled out|excluded)",
        r"(?:unclear|uncertain|unknown|not (?:clear|certain|sure)|unsure|questioned)"
        rf"(?: (?:whether|if)(?: {_SUBJECT}(?: \w+ed)? (?:has|have|had|is|was))?)?",
        rf"whether(?: or not)? {_SUBJECT} (?:has|have|had|is|was)",
        r"(?:to )?rule(?:-| )out",
        r"ro(?=\W)",
        r"r/o",
        r"(?:evaluat(?:e|ed|ion|ing)|eval|assess(?:ed)?|work-?up|worked up|check(?:ed)?|look|looking|investigate)"
        r"(?: (?:her|him|the patient))? for",
        r"either",
        r"(?:versus|vs\.?)",
    ],
    Kind.POSSIBLE_LIST_AFTER: [
        r"(?:differential|ddx|dd)(?: diagnos[ei]s)?(?:(?: of| for) [^:.;]{1,40}?)?"
        r"(?:(?: is broad and)?(?: would| could| may)? (?:includ(?:e|es|ed|ing)|consists? of|is|was|are)|:)",
        r"(?:consider(?:ed|ing)?|considerations? (?:are|include))",
    ],
    Kind.POSSIBLE_BEFORE: [
        r"(?:versus|vs\.?)",
        rf"(?:{_BE}|{_HAVE})(?: been)?(?: \w+ly| most| very| highly)? "
        r"(?:possible|probable|likely|suspected|presumed|questioned|suggested|questionable|considered|possibilities"
        r"|being considered|entertained)",
        r"(?:(?:is|was|remains?|remain|as) )+(?:still )?(?:a |the |one )?(?:possibility|consideration|concern|possible"
        r"|likely|suspected|question|a leading consideration)",
        r"among the (?:diagnoses|possibilities|considerations)",
        r"(?:in|on) the differential",
        r"(?:might|could|may) (?:be (?:the|a|an) (?:explanation|cause|reason|possibility)|explain|account for)",
        r"(?<=, )(?:possible|possibly|probable|probably|most likely|likely|presumed|suspected|questionable)(?=[.;]|$)",
        r"(?<=\()(?:possible|probable|likely|presumed|suspected|questionable)(?=\))",
        r"could be missed",
        r"very likely possibility",
    ],
    Kind.OPEN_BEFORE: [
        r"(?:cannot|can not|can't|could not|couldn't|(?:is|was|are|were|has|have|had)(?: been)? not(?: been)?|not)"
        r"(?: be)?(?: been)?(?: \w+ly| yet| yet been)? "
        r"(?:be )?(?:ruled out|excluded|dismissed|rule out|r/o)",
    ],
    Kind.OTHER_AFTER: [
        r"(?:family|fam|social family|maternal|paternal) (?:medical )?(?:history|hx|h/o)(?: (?:of|is|for|includes))?:?",
        r"(?:fhx?|famhx)(?=\W)",
        rf"{_RELATIVE}(?:'s)?(?: (?:who|also))*(?: (?:has|have|had|with))?"
        r"(?: (?:was|were|is|are|been|recently|just|also))*"
        r"(?: (?:diagnosed|treated|admitted|hospitalized|found)(?: (?:with|for|to have))?)?",
        r"(?:maternal|paternal)",
        r"(?:a|the) (?:man|woman|person|friend|colleague|child) (?:who|with)",
        r"exposed to",
        r"exposure to",
    ],
    Kind.OTHER_BEFORE: [
        rf"(?:in|on|with|of|affecting|,) (?:(?:his|her|the|a|both|several|various|multiple|two|three|\w+'s) )*"
        rf"(?:maternal |paternal |side of the )?(?:{_RELATIVE}|family)",
        r"runs in",
    ],
    Kind.HYPOTHETICAL_AFTER: [
        rf"(?:if|unless|should)(?:{_MEETS})?",
        r"in (?:the )?(?:case|event) of",
        r"in case",
        r"(?:return|call|come back|seek|contact|notify|go to|present|report|returns|recheck)"
        rf"(?: (?!if|for|with|until)[^.;,]{{1,60}}?)??(?: (?:sooner|immediately|right away))?"
        rf" (?:for|with|if(?:{_MEETS})?)(?: any)?",
        r"(?:watch|monitor(?:ed|ing)?|observe[d]?|look out|surveillance|on guard|alert)"
        r"(?: (?:her|him|closely|the patient))* for(?: (?:any|signs of|signs and symptoms of|evidence of))?",
        r"risks?(?: factors?)?(?: (?:of|for|include|includes|including|from|were|such as|are))?:?",
        r"(?:includ(?:e|es|ing|ed),? but (?:are|were|is|was)? ?not limited to)",
        r"(?:possible|potential|known|common|including|of|possibility of) (?:complications?|side effects?|adverse"
        r" (?:effects|events))(?: (?:include|including|such as|of|are))*",
        r"(?:complications?|side effects?) (?:such as|include|including|of)",
        r"(?:possible|potential)(?= (?:complications?|side effects?|adverse|risks?))",
        r"(?:to |in order to |will |help )?(?:prevent(?:ing|s|ion of)?|avoid(?:ing|ance of)?|minimi[sz]e"
        r"|protect against)"
        r"(?: any)?",
        r"(?:prophylaxis|prevention|prophylactic|protection|vaccin\w+|immuni\w+|precautions?|screen\w*)"
        r" (?:for|against|of)",
        r"can (?:cause|lead to|result in|produce)",
        r"(?:warned|cautioned|counseled|educated|advised)(?: \w+){0,3} (?:about|of|regarding)",
        r"(?:susceptib\w+|predispos\w+|prone) (?:to)?",
        r"(?:signs|symptoms) (?:and symptoms )?of (?=[^.;]*(?:discussed|reviewed|explained))",
    ],
    Kind.HYPOTHETICAL_BEFORE: [
        r"(?:prophylaxis|ppx|prevention|precautions|screening|screen|vaccine|vaccination)",
        r"(?:develops?|occurs?|appears?|recurs?) (?=(?:call|stop|return|then))",
        r"(?:was|were) (?:avoided|discussed with the risks)",
    ],
    Kind.TERMINATION: [
        r"but",
        r"however",
        r"nevertheless",
        r"yet(?= (?:has|there|he|she))",
        r"although",
        r"though",
        r"while",
        r"whereas",
        r"except(?:ing)?(?: for)?",
        r"with the exception of",
        r"apart from",
        r"aside from",
        r"other than",
        r"still",
        r"secondary to",
        r"due to",
        r"because(?: of)?",
        r"since(?= (?:he|she|the|it))",
        r"attributed to",
        r"(?:admits?|admitted|admitting)(?: (?:to|with|for))?",
        r"(?:complains?|complained|complaining|c/o) of?",
        r"(?:and|he|she|patient|which|that|it|who|himself|herself)(?: (?:also|now|does|did))* (?:reports?|reported"
        r"|has|have|had|notes|endorses|complains|states|describes|presents?|reveal(?:s|ed)|show(?:s|ed))",
        r"(?:there|here) (?:is|was|are|were)(?! (?:a |any )?(?:no|not|question|concern|possib))",
        r"(?:found|noted|seen) to have",
        r"was (?:diagnosed|admitted|treated|brought|found)(?: (?:with|for|to have))?",
        r"presenting with",
        r"status post",
        r"s/p",
        r"and(?= (?:his|her|the|he|she|we|i|they|patient|there|then|was|is)\b)",
        r"until",
        r"for which",
        r"prior to",
        r"following",
        r"the patient(?! (?:den|may|has no|does|did|never|was not|is not))",
    ],
}

# Before an equally long match of another kind, the earlier of these wins.
_ORDER = {kind: n for n, kind in enumerate(PATTERNS)}
_COMPILED = [
    (kind, re.compile(rf"(?<![\w/-])(?:{pattern})(?![\w])"))
    for kind, patterns in PATTERNS.items()
    for pattern in patterns
]
_FORWARD = {
    kind: kind.name.endswith("_AFTER") for kind in Kind if kind not in (Kind.NOTHING, Kind.TERMINATION)
}


def looks_forward(kind: Kind) -> bool | None:
    """True when the finding follows the cue, False when it precedes it, None for cues without a side."""
    return _FORWARD.get(kind)


def normalise(text: str) -> str:
    """Lower case and straight apostrophes, code point by code point, so that offsets stay valid."""
    straight = ("'" if c in "‘’" else " " if c.isspace() else c for c in text)
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in straight)


def find_cues(text: str, forward: bool, start: int = 0, end: int = 0) -> list[Cue]:
    """Cues of one side in normalised text, outside [start, end), in order of position; the longest wins an overlap.

    Each side is searched alone ("cancer was ruled out" and "CT ruled out cancer" share words);
    terminations and phrases that are no cue take part in both searches.
    """
    found: list[Cue] = []
    for kind, pattern in _COMPILED:
        if looks_forward(kind) in (forward, None):
            found += [
                Cue(kind, m.start(), m.end(), m[0])
                for m in pattern.finditer(text)
                if m.end() > m.start() and (m.end() <= start or m.start() >= end)
            ]
    found.sort(key=lambda cue: (-(cue.end - cue.start), _ORDER[cue.kind], cue.start))
    taken: list[Cue] = []
    for cue in found:
        if all(cue.end <= other.start or cue.start >= other.end for other in taken):
            taken.append(cue)
    return sorted(taken, key=lambda cue: cue.start)
