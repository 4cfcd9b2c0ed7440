"""How words are folded for the search: without case, accents and signs, figures parted from letters. Pure."""

import re
import unicodedata

WORD_LENGTH = 60
HEAD_LENGTH = 3  # the shortest word that is searched for


def folded(text: str) -> str:
    """`Amoxicilline-Ácido 500mg` becomes `amoxicilline acido 500 mg`."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    plain = re.sub(r"(?<=[0-9])(?=[^\W\d_])|(?<=[^\W\d_])(?=[0-9])", " ", plain)
    return " ".join(re.findall(r"[^\W_]+", plain))


def words(text: str) -> set[str]:
    """The words that something is found by: those long enough to be searched for."""
    return {word[:WORD_LENGTH] for word in folded(text).split() if len(word) >= HEAD_LENGTH}


def sort_key(name: str, form: str, strength: str) -> str:
    """By name, form and then strength as a number: 5 mg before 10 mg."""
    numbered = re.sub(r"[0-9]+(\.[0-9]+)?", lambda match: f"{float(match[0]):012.3f}", strength)
    return f"{folded(name)}|{folded(form)}|{numbered}"[:400]
