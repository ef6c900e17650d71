"""The page ``docs/reference/sql.md``, from the dialect itself."""

from __future__ import annotations

from vesto.commands import COMMANDS, _model_clauses, copy, starts_of, unload
from vesto.commands._model_forms import FORMS
from vesto.dialect.catalogue import INFORMATION_SCHEMA, PG_CATALOG
from vesto.dialect.rules.aggregates import AROUND
from vesto.dialect.rules.apply import FUNCTIONS
from vesto.dialect.rules.catalogue import FUNCTIONS as CATALOGUE
from vesto.dialect.rules.constructs import DIFFERENCES, PLAIN, TRANSLATED
from vesto.dialect.show_queries import SHOWN
from vesto.dialect.tables import CATALOG_NAMES, REFUSED_TYPES
from vesto.parameters import ACCEPTED, PARAMETERS
from vesto.system_views import NAMES as SYSTEM_VIEWS

HEAD = """# SQL

What of Amazon Redshift's SQL is accepted, translated, accepted without effect, and refused. The engine is DuckDB: what it
understands in the same way goes to it as it is. A session at home (`vesto.connect(path)`) may also write DuckDB's own SQL.

"""


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in cells)]) + "\n\n"


def _statements() -> str:
    rows = []
    for command in COMMANDS.all():
        words = ", ".join(f"`{' '.join(start)}`" for start in starts_of(command))
        status = getattr(command, "status", "accepted")
        meaning = (command.__doc__ or "").strip().partition(".")[0] + "."
        hint = getattr(command, "hint", "")
        rows.append((words, status, f"{meaning} {hint}".strip()))
    rows += [(f"`{words}`", "accepted", meaning) for words, meaning in PLAIN.items()]
    rows += [(f"`SHOW {words}`", "accepted", "of the catalogue") for words in SHOWN]
    return "## Statements\n\n" + _table(("statement", "", "meaning"), sorted(rows))


def _forms() -> str:
    rows = [
        (
            form.name,
            ", ".join(form.needs),
            ", ".join(form.takes) or "-",
            ", ".join(sorted(form.settings)),
        )
        for form in FORMS
    ]
    note = (
        "Clauses may stand in any order, IAM_ROLE goes with all forms. Clauses that do not go together are refused with "
        f"22023, missing ones with 42601. Not built yet, and refused with 0A000: {', '.join(_model_clauses.NOT_BUILT)}. All clauses: {', '.join(_model_clauses.CLAUSE_WORDS)}.\n\n"
    )
    return "## CREATE MODEL\n\n" + note + _table(("form", "needs", "takes", "SETTINGS"), rows)


def _functions() -> str:
    names = ", ".join(f"`{name.upper()}`" for name in sorted({*FUNCTIONS, *AROUND} - {*CATALOGUE}))
    return (
        "## Functions\n\nTranslated, with Redshift's meaning: "
        + names
        + ". All others are the engine's, under their own "
        "names; one that it does not have is refused with 42883.\n\n"
    )


def _catalogue() -> str:
    """The relations and functions that clients ask what there is."""
    shown = sorted({*PG_CATALOG, *SYSTEM_VIEWS})
    return (
        "## Catalogue\n\nNumbers of relations, schemas, keys and functions are made of their names: the same in every "
        "warehouse, until one is renamed. Types have PostgreSQL's. Relations that describe a cluster, or a log that is "
        "not kept, have no rows.\n\n"
        f"`pg_catalog` and Redshift's views: {_code(shown)}.\n\n"
        f"`information_schema`: {_code(sorted(INFORMATION_SCHEMA))}.\n\n"
        f"Functions: {_code(sorted(CATALOGUE))}; casts to `regclass`, `regtype`, `regproc`, `regnamespace` and `oid`. "
        "The size of a single table is not known, and NULL.\n\n"
    )


def _code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _types() -> str:
    rows = [(f"`{kind}`", shown) for kind, shown in CATALOG_NAMES.items()]
    refused = ", ".join(sorted(REFUSED_TYPES))
    return (
        "## Types\n\n"
        + _table(("type", "as catalog views show it"), rows)
        + f"Refused (0A000): {refused}.\n\n"
        "Lengths of text are bytes; longer text is refused with 22001. DISTSTYLE, DISTKEY, SORTKEY, ENCODE and BACKUP are "
        "recorded or accepted, and have no effect.\n\n"
    )


def _files() -> str:
    parts = ["## COPY and UNLOAD\n\n"]
    for name, module in (("COPY", copy), ("UNLOAD", unload)):
        effective = sorted(set(module.OPTIONS) - module.NO_EFFECT)
        parts.append(
            f"{name}: formats {', '.join(module.FORMATS)} and text with a DELIMITER; GZIP, ZSTD"
            f"{', BZIP2' if name == 'COPY' else ''}; MANIFEST; IAM_ROLE without effect. Options: {', '.join(effective)}. "
            f"Without effect: {', '.join(sorted(module.NO_EFFECT))}. Refused (0A000): {', '.join(sorted(module.REFUSED))}.\n\n"
        )
    return "".join(parts)


def _parameters() -> str:
    rows = [
        (f"`{name}`", parameter.default or "-", parameter.effect or "accepted without effect")
        for name, parameter in PARAMETERS.items()
    ]
    others = ", ".join(f"`{name}`" for name in sorted(ACCEPTED))
    return (
        "## Parameters of SET\n\n"
        + _table(("parameter", "default", "effect"), rows)
        + f"Accepted without effect, as drivers of PostgreSQL send them: {others}.\n\n"
    )


def sql_page() -> str:
    """The whole page."""
    translated = _table(("syntax", "becomes"), list(TRANSLATED.items()))
    differences = _table(("", "here"), list(DIFFERENCES.items()))
    return (
        HEAD
        + _statements()
        + _forms()
        + "## Syntax that is translated\n\n"
        + translated
        + _functions()
        + _catalogue()
        + _types()
        + _files()
        + _parameters()
        + "## Where results differ from Redshift's\n\n"
        + differences
    ).rstrip() + "\n"
