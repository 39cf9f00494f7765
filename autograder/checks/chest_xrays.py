"""Checks for topic 06, chest X-rays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from autograder.checks import Check, Inputs, Part, first_places, repeated_seeds

# --------------------------------------------------------------------------------- patient_of


def _digits(rng: Generator, n: int) -> str:
    """A number of n digits that begins with none but 1 to 9."""
    return str(rng.integers(10 ** (n - 1), 10**n))


def _draw_names(rng: Generator) -> Inputs:
    def pneumonia(germ: str, digits: int, again: str = "") -> list[str]:
        patient = f"person{_digits(rng, digits)}"
        return [f"{patient}_{germ}_{_digits(rng, 3)}{again}.jpeg", patient]

    def normal(prefix: str, again: str = "") -> list[str]:
        patient = f"{prefix}IM-0{_digits(rng, 3)}"
        return [f"{patient}-00{_digits(rng, 2)}{again}.jpeg", patient]

    sick = [pneumonia("bacteria", 1), pneumonia("virus", 3), pneumonia("virus", 4, "_1")]
    well = [normal(""), normal("NORMAL2-"), normal("", "-0002")]
    nested = [
        [f"train/PNEUMONIA/{sick[1][0]}", sick[1][1]],
        [f"x_1/NORMAL/{well[1][0]}", well[1][1]],
    ]
    other = [f"{word}{_digits(rng, 2)}" for word in ("scan_", "personal_", "image-", "IMG_")]
    return {
        "sick": [sick[i] for i in rng.permutation(3)],
        "well": [well[i] for i in rng.permutation(3)],
        "nested": nested,
        "other": [[f"{stem}.png", stem] for stem in other],
    }


def _sick_patients(student: Any, inputs: Inputs) -> Any:
    return [student.patient_of(name) for name, _ in inputs["sick"]]


def _well_patients(student: Any, inputs: Inputs) -> Any:
    return [student.patient_of(name) for name, _ in inputs["well"]]


def _nested_patients(student: Any, inputs: Inputs) -> Any:
    return [student.patient_of(name) for name, _ in inputs["nested"]]


def _other_patients(student: Any, inputs: Inputs) -> Any:
    return [student.patient_of(name) for name, _ in inputs["other"]]


PATIENT_OF = Check(
    name="patient_of",
    draw=_draw_names,
    parts=(
        Part(
            expects="person1000_virus_1681.jpeg shows the patient person1000, whatever the germ "
            "and the number of the image.",
            points=3,
            probe=_sick_patients,
            truth=lambda inputs: [patient for _, patient in inputs["sick"]],
        ),
        Part(
            expects="IM-0115-0001.jpeg shows IM-0115, and NORMAL2-IM-0927-0001.jpeg shows "
            "NORMAL2-IM-0927.",
            points=3,
            probe=_well_patients,
            truth=lambda inputs: [patient for _, patient in inputs["well"]],
        ),
        Part(
            expects="Folders in front of the name make no difference.",
            points=1,
            probe=_nested_patients,
            truth=lambda inputs: [patient for _, patient in inputs["nested"]],
        ),
        Part(
            expects="Any other name is a patient of its own, without its suffix.",
            points=1,
            probe=_other_patients,
            truth=lambda inputs: [patient for _, patient in inputs["other"]],
        ),
    ),
)

# -------------------------------------------------------------------------------- list_images


def _draw_folders(rng: Generator) -> Inputs:
    n_classes = int(rng.integers(2, 5))
    # Small letters come after capitals, wherever they stand in the alphabet: "edema" is always
    # there, with a class that a dictionary would put behind it.
    pool = ["NORMAL", "PNEUMONIA", "TB", "EFFUSION"]
    classes = ["edema", *(pool[i] for i in rng.choice(4, size=n_classes - 1, replace=False))]
    classes = [classes[i] for i in rng.permutation(n_classes)]

    def images() -> list[str]:
        # Of each class, one suffix in capitals, but not all of them.
        suffixes = [".JPG", [".jpeg", ".png", ".tif"][rng.integers(3)]]
        suffixes += [[".jpeg", ".png", ".JPG", ".tif"][i] for i in rng.integers(4, size=3)]
        n = int(rng.integers(2, 6))
        return [f"{'abcdxyz'[rng.integers(7)]}{_digits(rng, 3)}{s}" for s in suffixes[:n]]

    files = {name: images() for name in classes}
    litter = [[".DS_Store"], [classes[0], ".hidden.png"], [classes[-1], "notes.txt"]]
    cases = rng.permutation(["missing", "lonely", "empty", "whole", "whole"])
    return {
        "files": files,
        "litter": litter,
        "cases": cases.tolist(),
        "n_images": rng.integers(2, 9, size=n_classes).tolist(),
    }


def _listed(student: Any, files: Any, litter: Any) -> Any:
    import tempfile
    from pathlib import Path

    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "xrays"
        for name, images in files.items():
            (root / name).mkdir(parents=True)
            for image in images:
                (root / name / image).write_bytes(b"x")
        for parts in litter:
            root.joinpath(*parts).write_bytes(b"x")
        for name in (".cache", "__MACOSX") if litter else ():
            (root / name).mkdir()
            (root / name / "old.png").write_bytes(b"x")
        paths, labels, classes = student.list_images(root)
        return {
            "paths": [Path(path).relative_to(root).as_posix() for path in paths],
            "labels": np.asarray(labels).tolist(),
            "classes": [str(name) for name in classes],
        }


def _clean_listing(student: Any, inputs: Inputs) -> Any:
    return _listed(student, inputs["files"], [])


def _littered_listing(student: Any, inputs: Inputs) -> Any:
    return _listed(student, inputs["files"], inputs["litter"])


def _refused_folders(student: Any, inputs: Inputs) -> Any:
    import tempfile
    from pathlib import Path

    from bayescnn.xray_files import XrayError

    list_images, said = student.list_images, []
    with tempfile.TemporaryDirectory() as folder:
        counts = {
            "lonely": inputs["n_images"][:1],
            "empty": [0, *inputs["n_images"][1:]],
            "whole": inputs["n_images"],
        }
        for case, n_images in counts.items():
            for name, n in zip(inputs["files"], n_images, strict=False):
                (Path(folder) / case / name).mkdir(parents=True)
                (Path(folder) / case / name / "a.txt").write_bytes(b"x")
                for i in range(n):
                    (Path(folder) / case / name / f"{i}.jpeg").write_bytes(b"x")
        for case in inputs["cases"]:
            try:
                paths, _, _ = list_images(Path(folder) / case)
                said.append(f"{len(paths)} images")
            except XrayError:
                said.append("refused")
            except NotImplementedError:
                raise  # still empty
            except Exception as error:  # its text would name a folder that is another every time
                said.append(f"{type(error).__name__}, not XrayError")
    return said


def _true_listing(inputs: Inputs) -> dict[str, Any]:
    classes = sorted(inputs["files"])
    return {
        "paths": [f"{c}/{image}" for c in classes for image in sorted(set(inputs["files"][c]))],
        "labels": [i for i, c in enumerate(classes) for _ in set(inputs["files"][c])],
        "classes": classes,
    }


LIST_IMAGES = Check(
    name="list_images",
    draw=_draw_folders,
    support=(_listed,),
    parts=(
        Part(
            expects="Classes are numbered from 0 in the order of Python's `sorted`; the images of "
            "each class follow in the order of their names.",
            points=5,
            probe=_clean_listing,
            truth=_true_listing,
        ),
        Part(
            expects="Files that are no images, and whatever begins with a dot or (folders) with "
            "an underscore, are left out.",
            points=2,
            probe=_littered_listing,
            truth=_true_listing,
        ),
        Part(
            expects="Raises XrayError for a folder that is missing, for a single class, and for a "
            "class without images, and only there.",
            points=3,
            probe=_refused_folders,
            truth=lambda inputs: [
                f"{sum(inputs['n_images'])} images" if case == "whole" else "refused"
                for case in inputs["cases"]
            ],
        ),
    ),
)

# --------------------------------------------------------------------------- split_by_patient


LARGEST_PATIENT = 9  # images


def _cohort(rng: Generator, sizes: list[list[int]]) -> dict[str, Any]:
    """Images in random order; patient i of class c has sizes[c][i] of them."""
    n_patients = [len(of_class) for of_class in sizes]
    n = sum(n_patients)
    names = [f"p{number}" for number in rng.choice(10 * n, size=n, replace=False)]
    classes = np.repeat(np.arange(len(sizes)), n_patients)
    patient = np.repeat(np.arange(n), np.concatenate(sizes))
    order = rng.permutation(len(patient))
    return {
        "patients": [names[i] for i in patient[order]],
        "labels": classes[patient[order]].tolist(),
    }


def _draw_cohorts(rng: Generator) -> Inputs:
    # Some patients have two images, some nine: who holds out a fraction of the patients is as far
    # off as nine's luck has it, and who goes on until the fraction is reached often by more than
    # half of a large patient. Over all seeds, each is found out with a probability of 0.9999.
    patients = [
        rng.choice([2, LARGEST_PATIENT], size=int(n)).tolist() for n in rng.integers(30, 50, size=2)
    ]
    sizes = [int(s) for s in rng.integers(3, 6, size=2)]
    mixed = _cohort(
        rng, [[s] * int(n) for s, n in zip([3, 2], rng.integers(20, 40, size=2), strict=True)]
    )
    for i in rng.choice(len(mixed["labels"]), size=6, replace=False):  # some are in both classes
        mixed["labels"][i] = 1 - mixed["labels"][i]
    few = [int(n) for n in rng.permutation([3, int(rng.integers(2, 4))])]
    return {
        "fraction": 1 / int(rng.integers(3, 6)),
        "cohort": _cohort(rng, patients),
        "mixed": mixed,
        "few": _cohort(rng, [[s] * n for s, n in zip(sizes, few, strict=True)]),
        "few_sizes": sizes,
        "seed": int(rng.integers(10_000)),
        "seeds": repeated_seeds(rng),
        "bad": rng.permutation(
            np.array([0.0, 1.0, rng.uniform(1.1, 9), -rng.random(), 0.5])
        ).tolist(),
    }


def _mask(student: Any, cohort: Any, fraction: Any, seed: Any) -> Any:
    import numpy as np

    patients, labels = np.array(cohort["patients"]), np.array(cohort["labels"])
    mask = np.asarray(student.split_by_patient(patients, labels, fraction, seed))
    if mask.shape != labels.shape or mask.dtype != bool:
        raise ValueError(f"a mask of shape {mask.shape} and type {mask.dtype}")
    return mask


def _whole_patients(student: Any, inputs: Inputs) -> Any:
    found: list[Any] = []
    for name in ("cohort", "mixed"):
        for seed in range(inputs["seed"], inputs["seed"] + 5):
            cohort = inputs[name]
            mask, patients = _mask(student, cohort, inputs["fraction"], seed), cohort["patients"]
            out, kept = (
                {p for p, m in zip(patients, mask, strict=True) if m == side}
                for side in (True, False)
            )
            found.append({"patients": len(out | kept), "on both sides": len(out & kept)})
            if not out or not kept:
                found.append("one side is empty")
    return found


def _held_out_images(student: Any, inputs: Inputs) -> Any:
    patients, labels = inputs["cohort"]["patients"], inputs["cohort"]["labels"]
    found = []
    for seed in range(inputs["seed"], inputs["seed"] + 12):
        mask = _mask(student, inputs["cohort"], inputs["fraction"], seed)
        kept = {p for p, out in zip(patients, mask, strict=True) if not out}
        chosen = [label for p, label in zip(patients, labels, strict=True) if p not in kept]
        found.append([chosen.count(0), chosen.count(1)])
    return found


def _small_classes(student: Any, inputs: Inputs) -> Any:
    found = {}
    for fraction, side in ((0.02, True), (0.98, False)):
        mask = _mask(student, inputs["few"], fraction, inputs["seed"])
        own = [c for c, m in zip(inputs["few"]["labels"], mask, strict=True) if m == side]
        name = f"images {'held out' if side else 'kept'} of each class, fraction {fraction}"
        found[name] = [own.count(0), own.count(1)]
    return found


def _seeds_of_splits(student: Any, inputs: Inputs) -> Any:
    cohort, fraction = inputs["cohort"], inputs["fraction"]
    masks = [_mask(student, cohort, fraction, seed).tolist() for seed in inputs["seeds"]]
    return [masks.index(mask) for mask in masks]


def _refused_splits(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    patients, labels = (np.array(inputs["cohort"][key]) for key in ("patients", "labels"))
    said = []
    for cases in ([(f, labels) for f in inputs["bad"]], [(0.5, labels[1:])]):
        for fraction, given in cases:
            try:
                student.split_by_patient(patients, given, fraction, inputs["seed"])
                said.append("accepted")
            except ValueError:
                said.append("refused")
    return said


def _true_whole_patients(inputs: Inputs) -> list[dict[str, int]]:
    counts = [len(set(inputs[name]["patients"])) for name in ("cohort", "mixed")]
    return [{"patients": n, "on both sides": 0} for n in counts for _ in range(5)]


SPLIT_BY_PATIENT = Check(
    name="split_by_patient",
    draw=_draw_cohorts,
    support=(_mask,),
    parts=(
        Part(
            expects="No patient is on both sides, and neither side is empty.",
            points=6,
            probe=_whole_patients,
            truth=_true_whole_patients,
        ),
        Part(
            expects="Of each class, that fraction of the images (not of the patients) is held out, "
            f"to half a patient: here, the largest has {LARGEST_PATIENT} images. (For several "
            "seeds: images of the patients held out, by class.)",
            points=4,
            probe=_held_out_images,
            truth=lambda inputs: (
                [[inputs["fraction"] * inputs["cohort"]["labels"].count(c) for c in (0, 1)]] * 12
            ),
            # Where patients are taken one by one, the nearest count is off by half of one at most.
            rtol=0.0,
            atol=LARGEST_PATIENT / 2 + 1e-6,
        ),
        Part(
            expects="However small a class and whatever the fraction: one patient is held out, and "
            "one is kept.",
            points=2,
            probe=_small_classes,
            truth=lambda inputs: {
                "images held out of each class, fraction 0.02": inputs["few_sizes"],
                "images kept of each class, fraction 0.98": inputs["few_sizes"],
            },
        ),
        Part(
            expects="The same seed gives the same split, another seed another one. (Of several "
            "splits: which is the first that equals it?)",
            points=2,
            probe=_seeds_of_splits,
            # Three splits that hold out 4 or more of 30 patients in each of two classes: two are
            # alike with a probability below 3 / C(30, 4)^2 < 1e-8.
            truth=lambda inputs: first_places(inputs["seeds"]),
        ),
        Part(
            expects="Raises ValueError for a fraction outside (0, 1) and for lengths that differ, "
            "and only there.",
            points=2,
            probe=_refused_splits,
            truth=lambda inputs: [
                *("accepted" if 0 < f < 1 else "refused" for f in inputs["bad"]),
                "refused",
            ],
        ),
    ),
)

# ------------------------------------------------------------------------------ class_weights


def _draw_labels(rng: Generator) -> Inputs:
    k = int(rng.integers(3, 6))
    counts = rng.permutation(np.array([3, 8, 21, 47, 90])[:k]) + rng.integers(0, 3, size=k)
    two = [int(rng.integers(5, 20)), int(rng.integers(40, 90))]
    without = int(rng.integers(k))
    labels = rng.permutation(np.repeat(np.arange(k), counts))
    return {
        "labels": labels.tolist(),
        "n_classes": k,
        "two": rng.permutation(np.repeat([0, 1], two)).tolist(),
        "lacking": labels[labels != without].tolist(),
        "cases": rng.permutation(["lacking", "one more", "whole", "whole"]).tolist(),
    }


def _two_weights(student: Any, inputs: Inputs) -> Any:
    weights = student.class_weights(inputs["two"], 2)
    return {int(label): float(weights[label]) for label in weights}


def _many_weights(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    weights = student.class_weights(np.array(inputs["labels"]), inputs["n_classes"])
    return {int(label): float(weights[label]) for label in weights}


def _refused_labels(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    said = []
    for case in inputs["cases"]:
        labels = inputs["lacking" if case == "lacking" else "labels"]
        try:
            student.class_weights(np.array(labels), inputs["n_classes"] + (case == "one more"))
            said.append("accepted")
        except ValueError:
            said.append("refused")
    return said


def _true_weights(labels: list[int], k: int) -> dict[str, float]:
    counts = np.bincount(labels, minlength=k)
    return {str(c): len(labels) / (k * counts[c]) for c in range(k)}


CLASS_WEIGHTS = Check(
    name="class_weights",
    draw=_draw_labels,
    parts=(
        Part(
            expects="With two classes: each gets the same say, and the mean over the images is 1.",
            points=3,
            probe=_two_weights,
            truth=lambda inputs: _true_weights(inputs["two"], 2),
        ),
        Part(
            expects="With any number of classes, the weight of a class is n / (k n_class).",
            points=3,
            probe=_many_weights,
            truth=lambda inputs: _true_weights(inputs["labels"], inputs["n_classes"]),
        ),
        Part(
            expects="Raises ValueError where a class has no images, and only there.",
            points=2,
            probe=_refused_labels,
            truth=lambda inputs: [
                "accepted" if case == "whole" else "refused" for case in inputs["cases"]
            ],
        ),
    ),
)

# -------------------------------------------------------------------------------- epoch_order


def _draw_order(rng: Generator) -> Inputs:
    n, share = int(rng.integers(300, 500)), rng.uniform(0.08, 0.15)
    labels = (rng.random(n) < share).astype(int)
    labels[:3] = [1, 0, 1]
    return {
        "labels": labels.tolist(),
        "n_plain": int(rng.integers(30, 90)),
        "seed": int(rng.integers(1, 10_000)),
        "seeds": repeated_seeds(rng),
    }


def _epochs(dataset: Any, n_epochs: int) -> Any:
    import numpy as np

    # In one piece, which is a hundred times faster than one by one; and an endless one is cut off.
    whole = dataset.take(5_000).batch(5_000)
    return [np.concatenate([np.zeros(0, int), *whole.as_numpy_iterator()]) for _ in range(n_epochs)]


def _plain_order(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    labels = np.array(inputs["labels"][: inputs["n_plain"]])
    return _epochs(student.epoch_order(labels), 2)


def _shuffled_order(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    labels = np.array(inputs["labels"])
    epochs = _epochs(student.epoch_order(labels, shuffle=True, seed=inputs["seed"]), 8)
    places = np.arange(len(labels))
    return {
        "images": [len(epoch) for epoch in epochs],
        "different ones": [len(set(epoch.tolist())) for epoch in epochs],
        "order kept": np.mean([np.corrcoef(epoch, places)[0, 1] for epoch in epochs]),
    }


def _seeds_of_orders(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    labels, found = np.array(inputs["labels"]), {}
    for kind in ("shuffle", "balanced"):
        epochs = [
            epoch.tolist()
            for seed in inputs["seeds"]
            for epoch in _epochs(student.epoch_order(labels, seed=seed, **{kind: True}), 2)
        ]
        found[kind] = [epochs.index(epoch) for epoch in epochs]
    return found


def _balanced_order(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    labels = np.array(inputs["labels"])
    epochs = _epochs(student.epoch_order(labels, balanced=True, seed=inputs["seed"]), 8)
    drawn = np.concatenate(epochs)
    return {
        "images": [len(epoch) for epoch in epochs],
        "share of class 1": labels[drawn].mean(),
        "rare images seen": len(set(drawn[labels[drawn] == 1].tolist())),
    }


EPOCH_ORDER = Check(
    name="epoch_order",
    draw=_draw_order,
    support=(_epochs,),
    parts=(
        Part(
            expects="Without shuffling, the indices 0 ... n - 1 in order, epoch after epoch.",
            points=2,
            probe=_plain_order,
            truth=lambda inputs: [list(range(inputs["n_plain"]))] * 2,
        ),
        Part(
            expects="Shuffled, an epoch shows each image once, in an order that has nothing left "
            "of the old one.",
            points=3,
            probe=_shuffled_order,
            truth=lambda inputs: {
                "images": [len(inputs["labels"])] * 8,
                "different ones": [len(inputs["labels"])] * 8,
                "order kept": 0.0,
            },
            # A random order correlates with the old one by 0 +- 1 / sqrt(n - 1) <= 0.058. Six of
            # these are 0.35 (not those of a mean of 8: one order in every epoch is another part's
            # mistake). A buffer of n/2 leaves about 0.7.
            rtol=0.0,
            atol=0.35,
        ),
        Part(
            expects="The same seed gives the same epochs; other seeds, and other epochs, differ. "
            "(Of two epochs for each of several seeds: which is the first that equals it?)",
            points=2,
            probe=_seeds_of_orders,
            truth=lambda inputs: dict.fromkeys(
                ["shuffle", "balanced"],
                first_places([(seed, epoch) for seed in inputs["seeds"] for epoch in (0, 1)]),
            ),
        ),
        Part(
            expects="Balanced, an epoch of n images shows both classes equally often, and all "
            "images of the rare one are used.",
            points=3,
            probe=_balanced_order,
            truth=lambda inputs: {
                "images": [len(inputs["labels"])] * 8,
                "share of class 1": 0.5,
                "rare images seen": sum(inputs["labels"]),
            },
            # Binomial(n, 1/2) with n >= 300: six standard deviations are 6 * 0.5 / sqrt(300). Drawn
            # as they come, at most 0.25 are of class 1. Counts are whole numbers, so that this
            # tolerance allows no other.
            rtol=0.0,
            atol=0.175,
        ),
    ),
)

# ------------------------------------------------------------------------------- random_crops


def _draw_crops(rng: Generator) -> Inputs:
    n = int(rng.integers(8, 14))
    draws = rng.random((5, n))
    # Whatever else is drawn, these tell the mistakes apart: flat and upright crops of a quarter
    # and of a middling area, away from corner and centre, mirrored and not.
    draws[:, :4] = [
        [0.1, 0.15, 0.4, 0.45],
        [0.05, 0.95, 0.1, 0.9],
        [0.15, 0.85, 0.25, 0.7],
        [0.8, 0.2, 0.9, 0.1],
        [0.02, 0.98, 0.42, 0.6],
    ]
    draws[:4, :4] += rng.uniform(-0.05, 0.05, size=(4, 4))
    return {
        "size": int(rng.integers(56, 90)),
        "draws": np.clip(draws, 0.0, 0.999)[:, rng.permutation(n)].tolist(),
        "flip_probability": float(rng.uniform(0.15, 0.35)),
        "shades": rng.permutation(n).tolist(),
    }


def _edges(student: Any, inputs: Inputs, *flip_probability: Any) -> Any:
    """Where the crops begin and end: each pixel of the images says where it is."""
    import numpy as np
    import tensorflow as tf

    size, draws = inputs["size"], np.array(inputs["draws"], "float32")
    rows, columns = np.meshgrid(*[np.linspace(0, 1, size, dtype="float32")] * 2, indexing="ij")
    images = np.broadcast_to(np.stack([rows, columns], -1), (draws.shape[1], size, size, 2))
    crops = student.random_crops(tf.constant(images), tf.constant(draws), *flip_probability)
    crops = np.asarray(crops)
    if crops.shape != images.shape:
        raise ValueError(f"images of shape {crops.shape} instead of {images.shape}")
    return crops[:, 0, 0], crops[:, -1, -1]


def _crop_sides(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    first, last = _edges(student, inputs)
    return np.abs(last - first)


def _crop_places(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    first, last = _edges(student, inputs)
    return np.minimum(first, last)


def _mirrored(student: Any, inputs: Inputs) -> Any:
    found = []
    for chosen in ([], [inputs["flip_probability"]], [0.0], [1.0]):
        first, last = _edges(student, inputs, *chosen)
        found.append((first > last).T)
    return found


def _own_images(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    shades = np.array(inputs["shades"], "float32") / len(inputs["shades"])
    images = np.ones((len(shades), 12, 12, 3), "float32") * shades[:, None, None, None]
    crops = student.random_crops(tf.constant(images), tf.constant(inputs["draws"]))
    return [[float(np.min(crop)), float(np.max(crop))] for crop in np.asarray(crops)]


def _true_sides(inputs: Inputs) -> np.ndarray:
    u = np.asarray(inputs["draws"])
    area, ratio = 0.25 + 0.75 * u[0], (4 / 3) ** (2 * u[1] - 1)
    return np.minimum(np.sqrt([area * ratio, area / ratio]), 1.0).T


def _true_places(inputs: Inputs) -> np.ndarray:
    u = np.asarray(inputs["draws"])
    return u[2:4].T * (1 - _true_sides(inputs))


RANDOM_CROPS = Check(
    name="random_crops",
    draw=_draw_crops,
    support=(_edges,),
    parts=(
        Part(
            expects="The height and width of each crop, in fractions of the image, are those that "
            "the first two draws ask for.",
            points=5,
            probe=_crop_sides,
            truth=_true_sides,
            # Implementations differ in where they see the middle of a pixel and in how they round
            # to whole ones: by one pixel of at least 56, which is 0.018.
            rtol=0.0,
            atol=0.03,
        ),
        Part(
            expects="Each crop begins at the top and left that the next two draws ask for.",
            points=4,
            probe=_crop_places,
            truth=_true_places,
            rtol=0.0,
            atol=0.03,
        ),
        Part(
            expects="Left and right, and only these, change places where the last draw is below "
            "flip_probability: 0.5 by default; with 0 never, with 1 always.",
            points=3,
            probe=_mirrored,
            truth=lambda inputs: [
                [[False] * len(inputs["shades"]), [u < p for u in inputs["draws"][4]]]
                for p in (0.5, inputs["flip_probability"], 0.0, 1.0)
            ],
        ),
        Part(
            expects="Every crop comes from its own image.",
            points=2,
            probe=_own_images,
            truth=lambda inputs: [[s / len(inputs["shades"])] * 2 for s in inputs["shades"]],
            rtol=0.0,
            atol=1e-3,
        ),
    ),
)

# ------------------------------------------------------------------------------ image_batches


def _draw_batches(rng: Generator) -> Inputs:
    n, k = int(rng.integers(11, 18)), int(rng.integers(2, 5))
    batch_size = int(rng.choice([b for b in (3, 4, 5, 6, 7) if n % b]))
    return {
        "order": rng.permutation(n).tolist(),
        "shades": [int(shade) for shade in rng.choice(np.arange(20, 256), size=n, replace=False)],
        "labels": rng.integers(0, k, size=n).tolist(),
        "n_classes": k,
        "size": int(rng.integers(6, 10)),
        "batch_size": batch_size,
        "seeds": repeated_seeds(rng),
    }


def _batches(student: Any, inputs: Inputs, **options: Any) -> Any:
    """The dataset that the student makes of plain grey images."""
    import numpy as np
    import tensorflow as tf

    shades = np.array(inputs["shades"], "uint8")
    images = np.ones((len(shades), inputs["size"], inputs["size"]), "uint8") * shades[:, None, None]
    targets = np.eye(inputs["n_classes"], dtype="float32")[inputs["labels"]]
    order = tf.data.Dataset.from_tensor_slices(np.array(inputs["order"], "int64"))
    return student.image_batches(order, images, targets, inputs["batch_size"], **options)


def _pixels_and_targets(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    batches = list(_batches(student, inputs))
    pixels = np.concatenate([np.asarray(batch) for batch, _ in batches])
    return {
        "shape": list(pixels.shape[1:]),
        "type": pixels.dtype.name,
        "first pixels": pixels[:, 0, 0, 0],
        "last pixels": pixels[:, -1, -1, -1],
        "targets": np.concatenate([np.asarray(targets) for _, targets in batches]),
    }


def _batch_sizes(student: Any, inputs: Inputs) -> Any:
    dataset = _batches(student, inputs)
    return [[int(pixels.shape[0]) for pixels, _ in dataset] for _ in range(2)]


def _varied(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    def vary(pixels: Any, seed: Any) -> Any:
        # A number that the seed alone decides, whatever the pixels are.
        return 0.0 * pixels + 4.0 + tf.random.stateless_uniform((), seed)

    epochs = []
    for seed in inputs["seeds"]:
        dataset = _batches(student, inputs, vary=vary, seed=seed)
        for _ in range(2):
            batches = [np.asarray(pixels) for pixels, _targets in dataset]
            numbers = [float(batch.min()) for batch in batches]
            varied = all(4 <= batch.min() == batch.max() < 5 for batch in batches)
            fresh = len(set(numbers)) == len(numbers)
            alike = "all batches alike" if varied else "not varied"
            epochs.append(numbers if varied and fresh else alike)
    return [epoch if isinstance(epoch, str) else epochs.index(epoch) for epoch in epochs]


def _true_batches(inputs: Inputs) -> dict[str, Any]:
    order = np.asarray(inputs["order"])
    shades = np.asarray(inputs["shades"])[order] / 255
    return {
        "shape": [inputs["size"], inputs["size"], 1],
        "type": "float32",
        "first pixels": shades,
        "last pixels": shades,
        "targets": np.eye(inputs["n_classes"])[np.asarray(inputs["labels"])[order]],
    }


def _true_batch_sizes(inputs: Inputs) -> list[int]:
    n, b = len(inputs["order"]), inputs["batch_size"]
    return [min(b, n - start) for start in range(0, n, b)]


IMAGE_BATCHES = Check(
    name="image_batches",
    draw=_draw_batches,
    support=(_batches,),
    parts=(
        Part(
            expects="Pixels are float32 in [0, 1] with a channel axis, in the given order, each "
            "image with its own target.",
            points=4,
            probe=_pixels_and_targets,
            truth=_true_batches,
        ),
        Part(
            expects="Batches of b images; the last one holds what is left.",
            points=2,
            probe=_batch_sizes,
            truth=lambda inputs: [_true_batch_sizes(inputs)] * 2,
        ),
        Part(
            expects="`vary` replaces the pixels, with a new seed for every batch of every epoch; "
            "the same `seed` gives the same images again. (Of two epochs for each of several "
            "seeds: which is the first that equals it?)",
            points=4,
            probe=_varied,
            truth=lambda inputs: first_places(
                [(seed, epoch) for seed in inputs["seeds"] for epoch in (0, 1)]
            ),
        ),
    ),
)

# --------------------------------------------------------------------------- network_features


def _draw_frozen(rng: Generator) -> Inputs:
    n, batch_size = int(rng.choice([5, 7])), int(rng.integers(2, 4))  # never whole batches
    return {
        "images": rng.integers(0, 256, size=(n, 8, 8)).tolist(),
        "batch_size": batch_size,
        "many": 17 + int(rng.integers(0, 14)),
        "loc": rng.uniform(-1, 1, size=3).tolist(),
        "variance": rng.uniform(4, 9, size=3).tolist(),
    }


def _network(middle: Any) -> Any:
    import tf_keras as keras

    pool = keras.layers.AveragePooling2D(4)
    return keras.Sequential([keras.Input((8, 8, 3)), middle, pool])


def _frozen_features(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tf_keras as keras

    images = np.array(inputs["images"], "uint8")
    network = _network(keras.layers.Activation("linear"))
    return np.asarray(student.network_features(network, images, inputs["batch_size"]))


def _inference(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tf_keras as keras

    images = np.array(inputs["images"], "uint8")
    norm = keras.layers.BatchNormalization(center=False, scale=False, epsilon=1e-6)
    network = _network(norm)
    norm.set_weights([np.array(inputs["loc"]), np.array(inputs["variance"])])
    plain = _network(keras.layers.Activation("linear"))
    seen = np.asarray(student.network_features(network, images, inputs["batch_size"]))
    pixels = np.asarray(student.network_features(plain, images, inputs["batch_size"]))
    after = norm.get_weights()
    return {
        # What normalization did to the features, whatever was done to the pixels before it.
        "scale": np.abs(np.diff(seen, axis=0)).sum((0, 1, 2))
        / np.maximum(np.abs(np.diff(pixels, axis=0)).sum((0, 1, 2)), 1e-9),
        "moving mean": after[0],
        "moving variance": after[1],
    }


def _images_at_once(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf
    import tf_keras as keras

    largest = tf.Variable(0, trainable=False)

    class Watch(keras.layers.Layer):
        def call(self, pixels: Any) -> Any:
            largest.assign(tf.maximum(largest, tf.shape(pixels)[0]))
            return pixels

    images = np.zeros((inputs["many"], 8, 8), "uint8")
    found = []
    for batch_size in ([], [inputs["batch_size"]]):
        largest.assign(0)
        features = np.asarray(student.network_features(_network(Watch()), images, *batch_size))
        found.append([len(features), int(largest)])
    return found


def _true_features(inputs: Inputs) -> np.ndarray:
    images = np.asarray(inputs["images"], float)[..., np.newaxis] / 255
    pixels = (images - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]  # ImageNet's, by channel
    return pixels.reshape(-1, 2, 4, 2, 4, 3).mean(axis=(2, 4))


NETWORK_FEATURES = Check(
    name="network_features",
    draw=_draw_frozen,
    support=(_network,),
    parts=(
        Part(
            expects="Grey is repeated to three channels and preprocessed as DenseNet wants it; "
            "every image has its features, in order.",
            points=4,
            probe=_frozen_features,
            truth=_true_features,
            atol=1e-4,
        ),
        Part(
            expects="The network is used as in inference: batch normalization takes its stored "
            "mean and variance, and leaves them as they are.",
            points=2,
            probe=_inference,
            truth=lambda inputs: {
                "scale": 1 / np.sqrt(inputs["variance"]),
                "moving mean": inputs["loc"],
                "moving variance": inputs["variance"],
            },
            # Pixels that were scaled twice differ by 1e-3 only, known to 1e-7 of about 2.
            rtol=2e-3,
        ),
        Part(
            expects="The network sees batch_size images at once (16 by default), and not more.",
            points=2,
            probe=_images_at_once,
            truth=lambda inputs: [[inputs["many"], 16], [inputs["many"], inputs["batch_size"]]],
        ),
    ),
)

# ------------------------------------------------------------------------------- compute_once


def _draw_array(rng: Generator) -> Inputs:
    shape = (int(rng.integers(2, 5)), int(rng.integers(2, 5)), 3)
    return {
        "values": rng.normal(size=shape).tolist(),
        "others": rng.normal(size=shape).tolist(),
        "folder": f"cache-{_digits(rng, 4)}",
    }


def _missing(error: FileNotFoundError) -> FileNotFoundError:
    """What is missing, without the temporary folders in front of it."""
    from pathlib import Path

    path = Path(str(error.filename))
    if path.parent.is_dir():
        return FileNotFoundError(f"nobody wrote a file under this name: {path.name}")
    return FileNotFoundError(f"the folder {path.parent.name} is not there")


def _computed(student: Any, inputs: Inputs) -> Any:
    import tempfile
    from pathlib import Path

    import numpy as np

    calls: list = []

    def compute(key: str) -> Any:
        calls.append(key)
        return np.array(inputs[key], "float32")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / inputs["folder"] / "features.npy"
        other = path.with_name("others.npy")
        try:
            first = np.array(student.compute_once(path, lambda: compute("values")))
        except FileNotFoundError as error:
            raise _missing(error) from error
        second = np.array(student.compute_once(path, lambda: compute("others")))
        third = np.array(student.compute_once(str(other), lambda: compute("others")))
        files = sorted(file.name for file in path.parent.iterdir())
    return {"calls": calls, "first": first, "second": second, "third": third, "files": files}


def _mapped(student: Any, inputs: Inputs) -> Any:
    import tempfile
    from pathlib import Path

    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        found = []
        for _ in range(2):
            try:
                array = student.compute_once(
                    Path(folder) / "features.npy", lambda: np.array(inputs["values"], "float32")
                )
            except FileNotFoundError as error:
                raise _missing(error) from error
            found.append(
                [isinstance(array, np.memmap), bool(array.flags.writeable), list(array.shape)]
            )
            del array  # on Windows a mapped file cannot be removed
    return found


def _interrupted(student: Any, inputs: Inputs) -> Any:
    import tempfile
    from pathlib import Path

    import numpy as np

    def broken() -> Any:
        raise OSError("no network")

    def unstorable() -> Any:
        # A lambda cannot be pickled, so writing this fails when the file has been begun.
        return np.array([1.0, lambda: None], dtype=object)

    found: list = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.npy"
        for compute in (broken, unstorable):
            try:
                student.compute_once(path, compute)
                found.append("no error")
            except Exception:
                found.append("there" if path.exists() else "not there")
                path.unlink(missing_ok=True)
        try:
            found.append(np.array(student.compute_once(path, lambda: np.array(inputs["values"]))))
        except FileNotFoundError as error:
            raise _missing(error) from error
    return found


COMPUTE_ONCE = Check(
    name="compute_once",
    draw=_draw_array,
    support=(_missing,),
    parts=(
        Part(
            expects="Computes what is not stored, and only that; every path has its own array, and "
            "a missing folder is made.",
            points=2,
            probe=_computed,
            truth=lambda inputs: {
                "calls": ["values", "others"],
                "first": inputs["values"],
                "second": inputs["values"],
                "third": inputs["others"],
                "files": ["features.npy", "others.npy"],
            },
        ),
        Part(
            expects="The array is mapped from disk and read-only, the first time too.",
            points=2,
            probe=_mapped,
            truth=lambda inputs: [[True, False, list(np.shape(inputs["values"]))]] * 2,
        ),
        Part(
            expects="Where computing or writing fails, no file of that name is left, and the next "
            "call begins anew.",
            points=2,
            probe=_interrupted,
            truth=lambda inputs: ["not there", "not there", inputs["values"]],
        ),
    ),
)

CHECKS: tuple[Check, ...] = (
    PATIENT_OF,
    LIST_IMAGES,
    SPLIT_BY_PATIENT,
    CLASS_WEIGHTS,
    EPOCH_ORDER,
    RANDOM_CROPS,
    IMAGE_BATCHES,
    NETWORK_FEATURES,
    COMPUTE_ONCE,
)
