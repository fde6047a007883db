"""Publications of data, each as it was at one commit."""

from ..table import Table

TABLE = Table(
    key=("source",),
    columns=(
        "source",
        "title",
        "repository",
        "commit",
        "licence",
        "citation",
        "retrieved",
        "extracted",
        "files",
        "note",
    ),
    required=("source", "title", "repository", "licence", "citation", "extracted"),
    meaning="One publication of data as it was on one day.",
)
