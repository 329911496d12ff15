"""Identify the recorded replies beside the checkout and print how many claims are right: `make corpus`.

usage: python tests/corpus/score_corpus.py [--misses] [FOLDER]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus"


def main(arguments: list[str]) -> int:
    """Run `auditor identify` on the transcript, then the corpus' own scorer on what it says."""
    options = [argument for argument in arguments if argument.startswith("-")]
    folders = [Path(argument) for argument in arguments if not argument.startswith("-")]
    folder = (folders[0] if folders else FOLDER).resolve()
    transcript = folder / "dev.transcript.jsonl"
    if not transcript.is_file():
        sys.stderr.write(f"{transcript} is not there; the corpus is kept beside the checkout\n")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        identities = Path(scratch) / "identities.jsonl"
        with identities.open("wb") as out:
            command = [
                sys.executable,
                "-m",
                "auditor.cli",
                "identify",
                "--transcript",
                str(transcript),
                "--jsonl",
            ]
            subprocess.run(command, stdout=out, check=True)
        scorer = [
            sys.executable,
            str(folder / "score.py"),
            str(folder / "dev.expected.jsonl"),
            str(identities),
        ]
        return subprocess.run([*scorer, *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
