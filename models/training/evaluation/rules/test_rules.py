"""Behaviour of the rules that the comparison with the model rests on: python -m unittest rules.test_rules"""
from __future__ import annotations

import unittest

from .status import assert_status


def status(marked: str) -> str:
    """The status of the finding in [[ ]]."""
    start = marked.index("[[")
    end = marked.index("]]") - 2
    return assert_status(marked.replace("[[", "", 1).replace("]]", "", 1), start, end)


class Scope(unittest.TestCase):
    def test_a_negation_reaches_the_last_item_of_a_list(self) -> None:
        self.assertEqual(status("Denies fever, chills, nausea, or [[vomiting]]."), "ABSENT")

    def test_a_negation_ends_at_a_contrast(self) -> None:
        self.assertEqual(status("No wheezes, however there are [[crackles]]."), "PRESENT")

    def test_a_negation_does_not_leave_its_sentence(self) -> None:
        self.assertEqual(status("No wheezes. [[Edema]] to the knees."), "PRESENT")

    def test_doubt_does_not_reach_back_over_a_comma(self) -> None:
        self.assertEqual(status("[[Flank pain]], likely due to stones."), "PRESENT")
        self.assertEqual(status("Flank pain, likely due to [[stones]]."), "POSSIBLE")

    def test_a_cue_behind_the_finding_reaches_back(self) -> None:
        self.assertEqual(status("[[Fracture]] and dislocation were not seen."), "ABSENT")

    def test_both_sides_of_versus_are_open(self) -> None:
        self.assertEqual(status("Opacity, [[scar]] versus tumor."), "POSSIBLE")
        self.assertEqual(status("Opacity, scar versus [[tumor]]."), "POSSIBLE")
        self.assertEqual(status("[[Opacity]], scar versus tumor."), "PRESENT")


class Cues(unittest.TestCase):
    def test_a_longer_phrase_takes_the_words_of_a_cue_inside_it(self) -> None:
        self.assertEqual(status("No change in the [[nodule]]."), "PRESENT")
        self.assertEqual(status("She does not deny [[nausea]]."), "PRESENT")
        self.assertEqual(status("The [[rash]] has not resolved."), "PRESENT")

    def test_ruling_out_is_open_until_done(self) -> None:
        self.assertEqual(status("Sent to rule out [[PE]]."), "POSSIBLE")
        self.assertEqual(status("[[PE]] has not been ruled out."), "POSSIBLE")
        self.assertEqual(status("[[PE]] has been ruled out."), "ABSENT")

    def test_other_people_and_conditions_are_not_the_patient(self) -> None:
        self.assertEqual(status("Her mother had [[stroke]]."), "ABSENT")
        self.assertEqual(status("Her mother says she has [[headaches]]."), "PRESENT")
        self.assertEqual(status("Return if she has [[fever]]."), "ABSENT")
        self.assertEqual(status("Potential [[complications]] include stroke."), "ABSENT")

    def test_words_of_the_finding_are_no_cue(self) -> None:
        self.assertEqual(status("Laser around the [[suspicious area]]."), "PRESENT")


class Input(unittest.TestCase):
    def test_offsets_count_code_points(self) -> None:
        self.assertEqual(status("Better 🙂 at 37 °C, no [[rash]]."), "ABSENT")

    def test_an_unmarked_text_is_judged_as_a_whole(self) -> None:
        self.assertEqual(assert_status("Denies chest pain."), "ABSENT")
        self.assertEqual(assert_status("The lungs are clear."), "ABSENT")
        self.assertEqual(assert_status("Possible gout."), "POSSIBLE")

    def test_a_finding_outside_the_text_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "outside a text of 4"):
            assert_status("Gout", 2, 9)


if __name__ == "__main__":
    unittest.main()
