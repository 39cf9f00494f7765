# Variants of the solution cell of `list_images`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: with os and sorted pairs
def list_images(folder):
    if not os.path.isdir(folder):
        raise XrayError(f"there is no folder {folder}")
    classes = sorted(
        name
        for name in os.listdir(folder)
        if os.path.isdir(os.path.join(folder, name)) and not name.startswith((".", "_"))
    )
    if len(classes) < 2:
        raise XrayError("fewer than two classes")
    pairs = []
    for label, name in enumerate(classes):
        own = [
            Path(folder, name, file)
            for file in sorted(os.listdir(os.path.join(folder, name)))
            if not file.startswith(".") and os.path.splitext(file)[1].lower() in IMAGE_SUFFIXES
        ]
        if len(own) == 0:
            raise XrayError(f"no images of class {name}")
        pairs.extend((path, label) for path in own)
    return [p for p, _ in pairs], np.array([c for _, c in pairs]), tuple(classes)


# %% right: glob, a helper, labels from a repeat
def images_in(folder):
    found = [p for p in folder.glob("*") if p.suffix.lower() in IMAGE_SUFFIXES]
    found = sorted(p for p in found if not p.name.startswith("."))
    if not found:
        raise XrayError(f"{folder} holds no images")
    return found


def list_images(folder):
    folder = Path(folder)
    if not folder.exists():
        raise XrayError(f"{folder}: not there")
    classes = [p for p in sorted(folder.glob("[!._]*")) if p.is_dir()]
    if len(classes) <= 1:
        raise XrayError(f"{folder}: {len(classes)} classes, at least 2 are needed")
    files = [images_in(p) for p in classes]
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), [len(f) for f in files])
    print(len(labels), "images")
    return sum(files, []), labels, [p.name for p in classes]


# %% right: one error class of its own, a dictionary
class EmptyClass(XrayError):
    pass


def list_images(folder):
    try:
        entries = list(Path(folder).iterdir())
    except OSError as error:
        raise XrayError(str(error)) from error
    by_class = {
        entry.name: sorted(
            file
            for file in entry.iterdir()
            if file.suffix.lower() in IMAGE_SUFFIXES and file.name[0] != "."
        )
        for entry in entries
        if entry.is_dir() and entry.name[0] not in "._"
    }
    if len(by_class) < 2:
        raise XrayError(f"only {list(by_class)}")
    paths, labels = [], []
    for label, name in enumerate(sorted(by_class)):
        if not by_class[name]:
            raise EmptyClass(name)
        for path in by_class[name]:
            paths.append(path)
            labels.append(label)
    return paths, np.asarray(labels, np.float64).astype(int), tuple(sorted(by_class))


# %% wrong: in the order of the disk
# loses: 7
# hint: iterdir gives files in whatever order the disk has them, so other computers number the classes otherwise. Sort both classes and images.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = [p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._"]
    # Some disk's order; sorted backwards here, so that the mistake is the same on every disk.
    classes = sorted(classes, reverse=True)
    if len(classes) < 2:
        raise XrayError("at least two classes")
    paths, labels = [], []
    for label, entry in enumerate(classes):
        images = [p for p in entry.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        images = sorted((p for p in images if p.name[0] != "."), reverse=True)
        if not images:
            raise XrayError(f"{entry}: no images")
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels), tuple(p.name for p in classes)


# %% wrong: labels from 1
# loses: 7
# hint: Your labels begin with 1. Classes are numbered from 0, so that a label is an index into the class names.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._")
    if len(classes) < 2:
        raise XrayError("at least two classes")
    paths, labels = [], []
    for label, entry in enumerate(classes, start=1):
        images = [p for p in entry.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        images = sorted(p for p in images if p.name[0] != ".")
        if not images:
            raise XrayError(f"{entry}: no images")
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels), tuple(p.name for p in classes)


# %% wrong: every file is an image
# loses: 5
# hint: You take every file for an image, .DS_Store and notes.txt too. Keep those whose suffix, in small letters, is in IMAGE_SUFFIXES and whose name begins with no dot.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._")
    if len(classes) < 2:
        raise XrayError("at least two classes")
    paths, labels = [], []
    for label, entry in enumerate(classes):
        images = sorted(entry.iterdir())
        if not images:
            raise XrayError(f"{entry}: no images")
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels), tuple(p.name for p in classes)


# %% wrong: hidden files are images
# loses: 2
# hint: A file whose name begins with a dot is hidden, and none of the data set's. Leave it out, whatever its suffix.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._")
    if len(classes) < 2:
        raise XrayError("at least two classes")
    paths, labels = [], []
    for label, entry in enumerate(classes):
        images = sorted(p for p in entry.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
        if not images:
            raise XrayError(f"{entry}: no images")
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels), tuple(p.name for p in classes)


# %% wrong: hidden folders are classes
# loses: 2
# hint: A folder such as .cache became a class. Leave out folders whose name begins with a dot or an underscore.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = sorted(p for p in folder.iterdir() if p.is_dir())
    if len(classes) < 2:
        raise XrayError("at least two classes")
    paths, labels = [], []
    for label, entry in enumerate(classes):
        images = [p for p in entry.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        images = sorted(p for p in images if p.name[0] != ".")
        if not images:
            raise XrayError(f"{entry}: no images")
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels), tuple(p.name for p in classes)


# %% wrong: downloads' folders are classes
# loses: 2
# hint: The folder __MACOSX became a class. Folders whose name begins with an underscore are left out, too.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] != ".")
    if len(classes) < 2:
        raise XrayError("at least two classes")
    paths, labels = [], []
    for label, entry in enumerate(classes):
        images = [p for p in entry.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        images = sorted(p for p in images if p.name[0] != ".")
        if not images:
            raise XrayError(f"{entry}: no images")
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels), tuple(p.name for p in classes)


# %% wrong: suffixes in capitals are unknown
# loses: 7
# hint: Files such as b549.JPG are missing: compare `.suffix.lower()`.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._")
    if len(classes) < 2:
        raise XrayError("at least two classes")
    paths, labels = [], []
    for label, entry in enumerate(classes):
        images = [p for p in entry.iterdir() if p.suffix in IMAGE_SUFFIXES]
        images = sorted(p for p in images if p.name[0] != ".")
        if not images:
            raise XrayError(f"{entry}: no images")
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels), tuple(p.name for p in classes)


# %% wrong: small letters and capitals are one
# loses: 7
# hint: You sort small letters among the capitals. Python's `sorted`, and Keras with it, has all capitals first.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = [p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._"]
    classes = sorted(classes, key=lambda path: path.name.lower())
    if len(classes) < 2:
        raise XrayError("at least two classes")
    paths, labels = [], []
    for label, entry in enumerate(classes):
        images = [p for p in entry.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        images = sorted(p for p in images if p.name[0] != ".")
        if not images:
            raise XrayError(f"{entry}: no images")
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels), tuple(p.name for p in classes)


# %% wrong: refuses nothing
# loses: 3
# hint: A missing folder, a single class and a class without images should each end in an XrayError that says which.
def list_images(folder):
    classes = sorted(p for p in Path(folder).iterdir() if p.is_dir() and p.name[0] not in "._")
    paths, labels = [], []
    for label, entry in enumerate(classes):
        images = [p for p in entry.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        images = sorted(p for p in images if p.name[0] != ".")
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels), tuple(p.name for p in classes)


# %% wrong: an empty class is left out
# loses: 3
# hint: You leave a class without images out. Then the labels of the others shift without a word; raise XrayError instead.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    paths, labels, classes = [], [], []
    for entry in sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._"):
        images = [p for p in entry.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        images = sorted(p for p in images if p.name[0] != ".")
        if images:
            paths += images
            labels += [len(classes)] * len(images)
            classes.append(entry.name)
    return paths, np.array(labels), tuple(classes)


# %% wrong: only .jpeg
# loses: 7
# hint: You look for .jpeg alone. X-rays also come as .png, .JPG or .tif; compare the suffix, in small letters, with IMAGE_SUFFIXES.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._")
    if len(classes) < 2:
        raise XrayError("at least two classes")
    found = [(p, c) for c, entry in enumerate(classes) for p in sorted(entry.glob("[!.]*.jpeg"))]
    for entry in classes:
        if not any(p.suffix.lower() in IMAGE_SUFFIXES for p in entry.iterdir()):
            raise XrayError(f"{entry}: no images")
    return [p for p, _ in found], np.array([c for _, c in found]), tuple(p.name for p in classes)


# %% wrong: one list of all images, sorted by name
# loses: 7
# hint: You sort the images of all classes together, so paths and labels no longer belong to each other. Go class by class.
def list_images(folder):
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._")
    if len(classes) < 2:
        raise XrayError("at least two classes")
    paths, labels = [], []
    for label, entry in enumerate(classes):
        images = [p for p in entry.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        images = [p for p in images if p.name[0] != "."]
        if not images:
            raise XrayError(f"{entry}: no images")
        paths += images
        labels += [label] * len(images)
    paths = sorted(paths, key=lambda path: (path.name[::-1], path))
    return paths, np.array(labels), tuple(p.name for p in classes)
