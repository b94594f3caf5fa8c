"""The lessons: one Markdown file each, listed here in the order of their numbers."""

LESSONS = (
    "seven",
    "dials",
    "squeeze",
    "width",
    "holes",
    "cost",
    "gap",
    "fault",
    "noise",
    "nats",
    "humps",
    "prior",
    "beta",
    "collapse",
    "factors",
    "knows",
    "labels",
    "codes",
    "words",
    "which",
)

# The order for a class of two hours, for homework, and for one who learns alone.
CLASS = {
    "Before": (1, 2, 11),
    "First hour": (3, 5, 6, 7, 10),
    "Second hour": (9, 13, 14, 15, 20),
    "At home": (4, 8, 12, 16, 17, 18, 19),
}
SELF_STUDY = (3, 5, 2, 6, 7, 10, 11, 9, 8, 12, 13, 14, 16, 15, 4, 17, 18, 19, 1, 20)

# What there is in which other language: a folder of that name beside the lessons.
TRANSLATED = {"de": ("holes",)}
