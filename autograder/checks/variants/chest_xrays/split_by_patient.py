# Variants of the solution cell of `split_by_patient`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: dictionaries and a shuffled list
import random


def split_by_patient(patients, labels, fraction, seed):
    if len(patients) != len(labels) or not 0.0 < fraction < 1.0:
        raise ValueError("bad arguments")
    images, class_of = {}, {}
    for i, (patient, label) in enumerate(zip(patients, labels)):
        images.setdefault(patient, []).append(i)
        class_of.setdefault(patient, label)
    chance = random.Random(seed)
    mask = np.zeros(len(labels), dtype=bool)
    for label in sorted(set(class_of.values())):
        members = [p for p in images if class_of[p] == label]
        chance.shuffle(members)
        wanted = fraction * sum(len(images[p]) for p in members)
        chosen = members[:1]
        for p in members[1:-1]:
            have = sum(len(images[q]) for q in chosen)
            if abs(have + len(images[p]) - wanted) >= abs(have - wanted):
                break
            chosen.append(p)
        for p in chosen:
            mask[images[p]] = True
    return mask


# %% right: scores that are sorted, a helper, np.isin, prints
def nearest_count(sizes, wanted):
    totals = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    best = min(range(len(sizes)), key=lambda n: abs(totals[n] - wanted)) + 1
    return min(best, max(1, len(sizes) - 1))


def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not (fraction > 0 and fraction < 1):
        raise ValueError("fraction")
    if patients.size != labels.size:
        raise ValueError("lengths")
    rng = np.random.RandomState(seed)
    first_label = {p: l for p, l in zip(patients[::-1].tolist(), labels[::-1].tolist())}
    out = []
    for label in set(first_label.values()):
        members = sorted(p for p in first_label if first_label[p] == label)
        members = sorted(members, key=dict(zip(members, rng.rand(len(members)))).get)
        sizes = [int((patients == p).sum()) for p in members]
        out += members[: nearest_count(sizes, fraction * sum(sizes))]
        print(label, "holds out", len(out))
    return np.isin(patients, out)


# %% right: scikit-learn's way, one patient at a time, with a warning
import warnings


def split_by_patient(patients, labels, fraction, seed):
    if not 0 < fraction < 1 or len(patients) != len(labels):
        raise ValueError("the fraction must lie in (0, 1), and lengths must agree")
    warnings.warn("drawing patients")
    rng = np.random.default_rng([seed, 6])
    patients, labels = np.array(patients), np.array(labels)
    names, first = np.unique(patients, return_index=True)
    mask = np.full(len(labels), False)
    for label in np.unique(labels[first]):
        left = list(names[labels[first] == label])
        total = np.isin(patients, left).sum()
        taken = 0
        while len(left) > 1 or taken == 0:
            name = left.pop(rng.integers(len(left)))
            size = (patients == name).sum()
            if taken and abs(taken + size - fraction * total) > abs(taken - fraction * total):
                break
            mask |= patients == name
            taken += size
    return mask



# %% wrong: by image
# loses: 12
# hint: You draw images, not patients. A patient with three X-rays is then on both sides, and the network is tested on a chest that it has learned by heart.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        n = round(fraction * len(members))
        held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return held_out


# %% wrong: all classes together
# loses: 6
# hint: You draw from all patients at once. Of a rare class, far too many or none at all may then be held out: draw class by class.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    members = random.permutation(len(names))
    filled = np.cumsum(size[members])
    n = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
    held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return held_out[patient]


# %% wrong: whole patients of each class, classes apart
# loses: 6
# hint: A patient with images of both classes is drawn twice, once for each class, and may come to lie on both sides. Each patient needs one class: that of the first image.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        own = labels == label
        names, size = np.unique(patients[own], return_counts=True)
        members = random.permutation(len(names))
        filled = np.cumsum(size[members])
        n = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
        chosen = names[members[: max(1, min(n, len(members) - 1))]]
        held_out |= own & np.isin(patients, chosen)
    return held_out


# %% wrong: the seed forgotten
# loses: 2
# hint: The generator is made without the seed, so every call gives another split and no result can be repeated.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng()
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        filled = np.cumsum(size[members])
        n = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
        held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return held_out[patient]


# %% wrong: always the same seed
# loses: 2
# hint: The argument seed is not used: every seed gives the same split.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(0)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        filled = np.cumsum(size[members])
        n = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
        held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return held_out[patient]


# %% wrong: not shuffled
# loses: 2
# hint: You take the patients in the order of their names, not at random: every seed gives the same split, and names may say where or when the X-rays were taken.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = np.flatnonzero(labels[first] == label)
        filled = np.cumsum(size[members])
        n = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
        held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return held_out[patient]


# %% wrong: the kept ones marked
# loses: 6
# hint: True must stand where an image is held out; you mark those that are kept.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        filled = np.cumsum(size[members])
        n = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
        held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return ~held_out[patient]


# %% wrong: an empty side
# loses: 2
# hint: Where a class has few patients, your split leaves one side without any. At least one is held out and, of two or more, at least one is kept.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        filled = np.cumsum(size[members])
        n = int(np.argmin(np.abs(np.append(0, filled) - fraction * filled[-1])))
        held_out[members[:n]] = True
    return held_out[patient]


# %% wrong: nobody kept
# loses: 2
# hint: Where a class has few patients and the fraction is large, you hold all of them out. Of two or more, at least one is kept.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        filled = np.cumsum(size[members])
        n = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
        held_out[members[:n]] = True
    return held_out[patient]


# %% wrong: a fraction of the patients
# loses: 4
# hint: You hold out a fraction of the patients; of the images is wanted, and some patients have many.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        n = round(fraction * len(members))
        held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return held_out[patient]


# %% wrong: until the fraction is reached
# loses: 4
# hint: You take patients until the fraction is reached, and the last one may overshoot it by nearly all of his images. Stop where the count is nearest.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        filled = np.cumsum(size[members])
        n = 1 + int(np.searchsorted(filled, fraction * filled[-1]))
        held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return held_out[patient]


# %% wrong: refuses nothing
# loses: 2
# hint: A fraction of 0 or 1, or lengths that differ, should end in a ValueError. Otherwise one side may be empty, and nobody is told.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    labels = np.resize(labels, len(patients))
    random = np.random.default_rng(seed)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        filled = np.cumsum(size[members])
        n = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
        held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return held_out[patient]


# %% wrong: refuses too late
# loses: 2
# hint: Fractions of exactly 0 and 1 pass your test. Of these, one side would be empty: ask for 0 < fraction < 1.
def split_by_patient(patients, labels, fraction, seed):
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 <= fraction <= 1:
        raise ValueError("the fraction must lie between 0 and 1")
    if patients.shape != labels.shape:
        raise ValueError("as many patients as labels are needed")
    random = np.random.default_rng(seed)
    names, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(names), bool)
    for label in np.unique(labels[first]):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        filled = np.cumsum(size[members])
        n = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
        held_out[members[: max(1, min(n, len(members) - 1))]] = True
    return held_out[patient]

