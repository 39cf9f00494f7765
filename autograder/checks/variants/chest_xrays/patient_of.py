# Variants of the solution cell of `patient_of`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: two patterns, one after the other
def patient_of(file_name):
    name = os.path.splitext(os.path.basename(file_name))[0]
    for pattern in (r"^(person[0-9]+)_.*$", r"^((?:NORMAL2-)?IM-[0-9]+)-.*$"):
        match = re.match(pattern, name)
        if match is not None:
            return match.group(1)
    return name


# %% right: without regular expressions, prints
import sys


def patient_of(file_name):
    stem = Path(str(file_name)).stem
    print("looking at", stem, file=sys.stderr)
    first, _, rest = stem.partition("_")
    if first.startswith("person") and first[6:].isdigit() and rest:
        return first
    parts = stem.split("-")
    n = 3 if parts[0] == "NORMAL2" else 2
    if len(parts) > n and parts[n - 2] == "IM" and parts[n - 1].isdigit():
        return "-".join(parts[:n])
    return stem


# %% right: replaces what follows the patient
def patient_of(file_name: str) -> str:
    stem = Path(file_name).stem
    stem = re.sub(r"^(person\d+)_\w+$", r"\1", stem)
    return re.sub(r"^((NORMAL2-)?IM-\d+)-[\d-]+$", r"\1", stem)


# %% wrong: everything up to the first underscore
# loses: 5
# hint: You cut at the first underscore. That fits person1000_virus_1681, but IM-0115-0001 has none: there the patient is IM-0115, and the last number is the image.
def patient_of(file_name):
    return Path(file_name).stem.split("_")[0]


# %% wrong: everything up to the last separator
# loses: 8
# hint: You cut off the last number only. Of person447_virus_921_1 the germ stays, so one child with two germs counts as two patients.
def patient_of(file_name):
    return re.sub(r"[-_]\d+$", "", Path(file_name).stem)


# %% wrong: the germ belongs to the patient
# loses: 4
# hint: You keep the germ, so person1000_bacteria and person1000_virus become two patients. If they are one child, it can then be on both sides of a split.
def patient_of(file_name):
    stem = Path(file_name).stem
    found = re.match(r"person\d+_(bacteria|virus)|(?:NORMAL2-)?IM-\d+(?=-)", stem)
    return found.group() if found else stem


# %% wrong: NORMAL2 forgotten
# loses: 4
# hint: Names that begin with NORMAL2-IM- do not fit your pattern, so each image of such a patient becomes a patient of its own.
def patient_of(file_name):
    stem = Path(file_name).stem
    found = re.match(r"person\d+(?=_)|IM-\d+(?=-)", stem)
    return found.group() if found else stem


# %% wrong: NORMAL2 cut off
# loses: 4
# hint: You take NORMAL2- off. IM-0927 and NORMAL2-IM-0927 are numbered apart: they are two patients, and would become one.
def patient_of(file_name):
    stem = Path(file_name).stem
    found = re.search(r"person\d+(?=_)|IM-\d+(?=-)", stem)
    return found.group() if found else stem


# %% wrong: the whole name
# loses: 7
# hint: You return the name of the image. Two images of one patient must give the same answer.
def patient_of(file_name):
    return Path(file_name).stem


# %% wrong: None where nothing fits
# loses: 1
# hint: Where a name follows neither pattern you return None, and all these images become one patient. Return the name without its suffix.
def patient_of(file_name):
    found = re.match(r"person\d+(?=_)|(?:NORMAL2-)?IM-\d+(?=-)", Path(file_name).stem)
    return found.group() if found else None


# %% wrong: the group of no match
# loses: 1
# hint: Where a name does not fit the pattern, re.match returns None. Ask before you take its group.
def patient_of(file_name):
    return re.match(r"person\d+(?=_)|(?:NORMAL2-)?IM-\d+(?=-)", Path(file_name).stem).group()


# %% wrong: the suffix stays
# loses: 1
# hint: Where a name follows neither pattern, take the suffix off: Path(file_name).stem.
def patient_of(file_name):
    name = Path(file_name).name
    found = re.match(r"person\d+(?=_)|(?:NORMAL2-)?IM-\d+(?=-)", name)
    return found.group() if found else name


# %% wrong: folders taken for names
# loses: 1
# hint: re.match looks at the beginning of the text, and here the text begins with folders. Take them off first: Path(file_name).stem.
def patient_of(file_name):
    found = re.match(r"person\d+(?=_)|(?:NORMAL2-)?IM-\d+(?=-)", str(file_name))
    return found.group() if found else Path(file_name).stem


# %% wrong: only the number
# loses: 7
# hint: You return the number alone. Patient 115 with pneumonia and the healthy patient 0115 are not the same child; keep what stands before the number.
def patient_of(file_name):
    stem = Path(file_name).stem
    found = re.match(r"person(\d+)(?=_)|(?:NORMAL2-)?IM-(\d+)(?=-)", stem)
    return (found.group(1) or found.group(2)) if found else stem
