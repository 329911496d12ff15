"""Exercises: a brief, a town that differs by seed, questions, and a score with reasons."""

from lab.exercise.answers import read_answers
from lab.exercise.ctfd import challenges
from lab.exercise.handout import brief, hand_out
from lab.exercise.key import Answer, key
from lab.exercise.model import Exercise, ExerciseError, Kind, Question
from lab.exercise.read import all_exercises, exercise
from lab.exercise.score import Mark, Result, score
from lab.exercise.variant import Home, Variant, variant

__all__ = [
    "Answer",
    "Exercise",
    "ExerciseError",
    "Home",
    "Kind",
    "Mark",
    "Question",
    "Result",
    "Variant",
    "all_exercises",
    "brief",
    "challenges",
    "exercise",
    "hand_out",
    "key",
    "read_answers",
    "score",
    "variant",
]
