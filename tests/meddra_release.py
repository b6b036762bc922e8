"""A small invented release in the format of MedDRA's ASCII files: nothing in it is of MedDRA."""

from __future__ import annotations

from pathlib import Path

# (code, name, preferred term, current)
LLTS = (
    ("90000001", "Glimmer rash", "90000001", "Y"),
    ("90000011", "Skin glimmering", "90000001", "Y"),
    ("90000012", "Shimmer", "90000001", "N"),
    ("90000002", "Humming ear", "90000002", "Y"),
    ("90000021", "Kidney marker raised", "90000003", "Y"),
    ("90000022", "Elevated circulating creatinine concentration", "90000003", "Y"),
    ("90000003", "Renal marker increased", "90000003", "Y"),
    ("90000004", "Ödème d'été", "90000004", "Y"),
)
# (preferred term, high level term, high level group, system organ class, their names, primary)
HIERARCHY = (
    ("90000001", "91000001", "92000001", "93000001", "Glimmer rash", "Glimmers", "Lights", "Skin things", "Y"),
    ("90000002", "91000002", "92000002", "93000002", "Humming ear", "Hums", "Sounds", "Ear things", "Y"),
    ("90000002", "91000003", "92000001", "93000001", "Humming ear", "Skin hums", "Lights", "Skin things", "N"),
    (
        "90000003", "91000004", "92000003", "93000003",
        "Renal marker increased", "Markers", "Tests", "Investigated things", "Y",
    ),
    ("90000004", "91000001", "92000001", "93000001", "Ödème d'été", "Glimmers", "Lights", "Skin things", "Y"),
)  # fmt: skip


def write_release(folder: Path, *, encoding: str = "utf-8", inner: str = "MedAscii") -> Path:
    """Write the files; gives the folder to name."""
    place = folder / inner
    place.mkdir(parents=True, exist_ok=True)
    llts = [f"{code}${name}${pt}$$$$$$${current}$$" for code, name, pt, current in LLTS]
    paths = [
        "$".join((*record[:-1], f"{record[7][:4]}", "", record[3], record[-1], "")) for record in HIERARCHY
    ]
    for name, lines in (
        ("llt.asc", llts),
        ("mdhier.asc", paths),
        ("meddra_release.asc", ["0.9$Invented$$$$"]),
    ):
        text = "".join(f"{line}\r\n" for line in lines)
        (place / name).write_bytes(text.encode(encoding))
    return folder
