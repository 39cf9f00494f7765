# Variants of the solution cell of `class_weights`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: the inverse of the class's share
def class_weights(labels, n_classes):
    classes, counts = np.unique(labels, return_counts=True)
    if set(classes.tolist()) != set(range(n_classes)):
        raise ValueError("every class needs images")
    shares = counts / counts.sum()
    return {int(c): 1.0 / (n_classes * share) for c, share in zip(classes, shares)}


# %% right: a loop that counts, a Counter, prints
from collections import Counter


def class_weights(labels, n_classes):
    counts = Counter(int(label) for label in labels)
    print(counts)
    weights = {}
    for c in range(n_classes):
        if counts[c] == 0:
            raise ValueError(f"no image of class {c}")
        weights[c] = sum(counts.values()) / n_classes / counts[c]
    return weights


# %% right: NumPy scalars, as scikit-learn computes "balanced"
def class_weights(labels, n_classes):
    labels = np.asarray(labels)
    counts = (labels[:, None] == np.arange(n_classes)).sum(axis=0).astype(np.float64)
    if not counts.all():
        raise ValueError(f"a class is empty: {counts}")
    return dict(enumerate(len(labels) / (n_classes * counts)))


# %% wrong: the weight of the majority is 1
# loses: 6
# hint: The proportions are right, but the mean of the weights over the images should be 1: otherwise the loss changes its size, and with it the meaning of the KL weight.
def class_weights(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise ValueError("a class is empty")
    return {c: float(counts.max() / counts[c]) for c in range(n_classes)}


# %% wrong: one over the count
# loses: 6
# hint: The proportions are right, but weights of about 1/n make the loss tiny. Multiply by n / k, so that their mean over the images is 1.
def class_weights(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise ValueError("a class is empty")
    return {c: float(1 / counts[c]) for c in range(n_classes)}


# %% wrong: the share itself
# loses: 6
# hint: You give frequent classes the larger weight. The rare class needs the larger one: divide by the count.
def class_weights(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise ValueError("a class is empty")
    return {c: float(n_classes * counts[c] / counts.sum()) for c in range(n_classes)}


# %% wrong: always two classes
# loses: 3
# hint: You divide by 2. With k classes it is k.
def class_weights(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise ValueError("a class is empty")
    return {c: float(counts.sum() / (2 * counts[c])) for c in range(n_classes)}


# %% wrong: k forgotten
# loses: 6
# hint: n / n_class is k times too large: the mean of the weights over the images would be k, not 1.
def class_weights(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise ValueError("a class is empty")
    return {c: float(counts.sum() / counts[c]) for c in range(n_classes)}


# %% wrong: the weight of the other class
# loses: 3
# hint: The share of the other images is a weight for two classes only. In general it is n / (k n_class).
def class_weights(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise ValueError("a class is empty")
    if n_classes == 2:
        return {c: float(len(labels) / (2 * counts[c])) for c in range(2)}
    return {c: float(1 - counts[c] / len(labels)) for c in range(n_classes)}


# %% wrong: whole numbers
# loses: 6
# hint: Two slashes round down. Weights are fractions; use one slash.
def class_weights(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise ValueError("a class is empty")
    return {c: float(counts.sum() // (n_classes * counts[c])) for c in range(n_classes)}


# %% wrong: an empty class gets an infinite weight
# loses: 2
# hint: A class without images gets an infinite weight or none at all. Raise ValueError: something is wrong with such a data set.
def class_weights(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    return {c: float(counts.sum() / max(n_classes * counts[c], 1e-9)) for c in range(n_classes)}


# %% wrong: only the classes that occur
# loses: 2
# hint: A class without images is silently left out. Raise ValueError: something is wrong with such a data set.
def class_weights(labels, n_classes):
    classes, counts = np.unique(labels, return_counts=True)
    return {int(c): float(len(labels) / (n_classes * m)) for c, m in zip(classes, counts)}
