"""Personas: what one emulated device is, and the exact bytes it answers with."""

from lab.persona.check import Problem, check_all
from lab.persona.model import (
    TRUTHS,
    Account,
    Answer,
    Certificate,
    Hears,
    Listener,
    Login,
    Newlines,
    Persona,
    PersonaError,
    Quirks,
    Reply,
    Transport,
    Truth,
)
from lab.persona.read import FOLDER, all_personas, persona_files, read, slug

__all__ = [
    "FOLDER",
    "TRUTHS",
    "Account",
    "Answer",
    "Certificate",
    "Hears",
    "Listener",
    "Login",
    "Newlines",
    "Persona",
    "PersonaError",
    "Problem",
    "Quirks",
    "Reply",
    "Transport",
    "Truth",
    "all_personas",
    "check_all",
    "persona_files",
    "read",
    "slug",
]
