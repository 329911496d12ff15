"""Checks over all knowledge that a single file cannot make of itself."""

from pathlib import Path

from auditor import resources
from auditor.knowledge.advisory import Advisory, Example
from auditor.knowledge.book import Book, chosen_policy, load
from auditor.knowledge.document import DataError
from auditor.knowledge.firmware import firmware
from auditor.knowledge.judge import Judgement, judge
from auditor.knowledge.subject import Subject, normal_model


def example_subject(record: Advisory, example: Example) -> Subject:
    """Return the device an example describes."""
    model = normal_model(example.model) if example.model else None
    return Subject(
        maker=example.maker,
        brand=example.brand,
        kind=example.kind,
        model=model,
        base_model=None,
        platform=example.model if record.is_software else None,
        firmware=firmware(example.firmware, example.build_date),
        relabelled=example.brand != example.maker,
    )


def outcome(found: Judgement | None) -> str:
    """Return a judgement as examples write it."""
    return found.verdict.value if found else "nothing"


def lint(folder: Path | None = None) -> tuple[str, ...]:
    """Return what is wrong with the knowledge below a folder, one line each; nothing when all is well."""
    try:
        book = load(folder or resources.fingerprints())
    except DataError as error:
        return (str(error),)
    return (*_examples(book), *_policies(book), *_tree(book))


def _examples(book: Book) -> tuple[str, ...]:
    wrong: list[str] = []
    for record in book.advisories:
        for number, example in enumerate(record.examples, 1):
            got = outcome(judge(record, example_subject(record, example)))
            if got != example.expect:
                place = f"advisories/{record.id}.yaml: examples[{number}] ({example.why})"
                wrong.append(f"{place}: expects {example.expect!r}, the rows say {got!r}")
    return tuple(wrong)


def _policies(book: Book) -> tuple[str, ...]:
    wrong: list[str] = []
    for path in sorted((book.folder / "policies").glob("*.toml")):
        try:
            policy = chosen_policy(path, book)
        except DataError as error:
            wrong.append(str(error))
            continue
        if policy.name != path.stem:
            wrong.append(f"policies/{path.name}: name is {policy.name!r}, the file is called {path.stem!r}")
    return tuple(wrong)


def _tree(book: Book) -> tuple[str, ...]:
    actions = {one.action for one in book.instructions}
    wanted = {
        "update",
        "update-software",
        "patch",
        "close-service",
        "configure",
        "isolate",
        "replace",
        "ask-supplier",
        "investigate",
    }
    return tuple(
        f"remediation.yaml: no instruction for {name!r}; add one" for name in sorted(wanted - actions)
    )
