# Variants of the solution cell of `retention_curve`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: group by group
def retention_curve(uncertainty, correct):
    score, right = np.asarray(uncertainty), np.asarray(correct, np.float64)
    outcome = np.concatenate(
        [np.full((score == s).sum(), right[score == s].mean()) for s in np.unique(score)]
    )
    kept = np.arange(1, len(score) + 1)
    return kept / len(score), np.cumsum(outcome) / kept


# %% right: loops and dictionaries, lists returned
def retention_curve(uncertainty, correct):
    groups = {}
    for score, right in zip(np.ravel(uncertainty).tolist(), np.ravel(correct).tolist()):
        groups.setdefault(score, []).append(float(right))
    coverage, accuracy, hits, n = [], [], 0.0, sum(map(len, groups.values()))
    for score in sorted(groups):
        share = sum(groups[score]) / len(groups[score])
        for _ in groups[score]:
            hits += share
            coverage.append((len(coverage) + 1) / n)
            accuracy.append(hits / len(coverage))
    return coverage, accuracy


# %% right: interpolates between the ends of the groups, prints
def retention_curve(uncertainty, correct):
    score = np.asarray(uncertainty)
    order = np.argsort(score)
    hits = np.concatenate([[0.0], np.cumsum(np.asarray(correct, float)[order])])
    ends = np.concatenate([[0], np.flatnonzero(np.diff(score[order])) + 1, [len(score)]])
    kept = np.arange(1, len(score) + 1)
    print(len(ends) - 1, "levels of uncertainty")
    return kept / len(score), np.interp(kept, ends, hits[ends]) / kept


# %% wrong: the most uncertain ones kept
# loses: 10
# hint: The curve begins with the most uncertain images. Keep the surest ones: sort by rising uncertainty.
def retention_curve(uncertainty, correct):
    score, right = -np.asarray(uncertainty), np.asarray(correct, np.float64)
    _, group = np.unique(score, return_inverse=True)
    expected = (np.bincount(group, right) / np.bincount(group))[group]
    kept = np.arange(1, len(score) + 1)
    return kept / len(score), np.cumsum(expected[np.argsort(score)]) / kept


# %% wrong: ties in the order in which they come
# loses: 4
# hint: Images of equal uncertainty count in the order in which they come, so shuffling them changes the curve. Give each the mean outcome of its group.
def retention_curve(uncertainty, correct):
    right = np.asarray(correct, np.float64)
    kept = np.arange(1, len(right) + 1)
    order = np.argsort(uncertainty, kind="stable")
    return kept / len(right), np.cumsum(right[order]) / kept


# %% wrong: ties as np.argsort leaves them
# loses: 4
# hint: Images of equal uncertainty count in the order in which they come, so shuffling them changes the curve. Give each the mean outcome of its group.
def retention_curve(uncertainty, correct):
    score, right = np.asarray(uncertainty), np.asarray(correct)
    order = np.argsort(score)
    n = len(score)
    accuracy = np.array([right[order[:i]].mean() for i in range(1, n + 1)])
    return np.linspace(1 / n, 1, n), accuracy


# %% wrong: not sorted
# loses: 10
# hint: The images are taken in the order in which they come. Sort them by their uncertainty first, the surest in front.
def retention_curve(uncertainty, correct):
    right = np.asarray(correct, np.float64)
    kept = np.arange(1, len(right) + 1)
    return kept / len(right), np.cumsum(right) / kept


# %% wrong: ties with the right ones first
# loses: 4
# hint: Among images of equal uncertainty you take the right ones first, which flatters the curve. Give each the mean outcome of its group.
def retention_curve(uncertainty, correct):
    right = np.asarray(correct, np.float64)
    kept = np.arange(1, len(right) + 1)
    order = np.lexsort((-right, np.asarray(uncertainty)))
    return kept / len(right), np.cumsum(right[order]) / kept


# %% wrong: divided by all images
# loses: 10
# hint: You divide by the number of all images. The accuracy is a share of those kept: divide by i.
def retention_curve(uncertainty, correct):
    score, right = np.asarray(uncertainty), np.asarray(correct, np.float64)
    _, group = np.unique(score, return_inverse=True)
    expected = (np.bincount(group, right) / np.bincount(group))[group]
    coverage = np.arange(1, len(score) + 1) / len(score)
    return coverage, np.cumsum(expected[np.argsort(score)]) / len(score)


# %% wrong: coverage from 0
# loses: 2
# hint: The coverage begins at 0, where nothing is kept and no accuracy exists. It goes from 1/n to 1.
def retention_curve(uncertainty, correct):
    score, right = np.asarray(uncertainty), np.asarray(correct, np.float64)
    _, group = np.unique(score, return_inverse=True)
    expected = (np.bincount(group, right) / np.bincount(group))[group]
    kept = np.arange(1, len(score) + 1)
    return (kept - 1) / len(score), np.cumsum(expected[np.argsort(score)]) / kept


# %% wrong: the share handed on
# loses: 2
# hint: This is the share that is handed on. The coverage is the share that is kept.
def retention_curve(uncertainty, correct):
    score, right = np.asarray(uncertainty), np.asarray(correct, np.float64)
    _, group = np.unique(score, return_inverse=True)
    expected = (np.bincount(group, right) / np.bincount(group))[group]
    kept = np.arange(1, len(score) + 1)
    return 1 - kept / len(score), np.cumsum(expected[np.argsort(score)]) / kept


# %% wrong: accuracy first
# loses: 12
# hint: The two have changed places: the coverage comes first, then the accuracy.
def retention_curve(uncertainty, correct):
    score, right = np.asarray(uncertainty), np.asarray(correct, np.float64)
    _, group = np.unique(score, return_inverse=True)
    expected = (np.bincount(group, right) / np.bincount(group))[group]
    kept = np.arange(1, len(score) + 1)
    return np.cumsum(expected[np.argsort(score)]) / kept, kept / len(score)


# %% wrong: one point for each level of uncertainty
# loses: 4
# hint: There is one point for each level of uncertainty. There must be one for each image, also where several share a level.
def retention_curve(uncertainty, correct):
    score, right = np.asarray(uncertainty), np.asarray(correct, np.float64)
    _, group = np.unique(score, return_inverse=True)
    kept = np.cumsum(np.bincount(group))
    return kept / len(score), np.cumsum(np.bincount(group, right)) / kept


# %% wrong: whole groups at once
# loses: 4
# hint: You take a whole group at once. Point i is over i images: each brings the mean of its group.
def retention_curve(uncertainty, correct):
    score, right = np.asarray(uncertainty), np.asarray(correct, np.float64)
    kept = np.arange(1, len(score) + 1)
    return kept / len(score), np.array([right[score <= t].mean() for t in np.sort(score)])


# %% wrong: the error rate
# loses: 10
# hint: This is the share of mistakes among those kept. Asked for is the accuracy, 1 minus that.
def retention_curve(uncertainty, correct):
    score, wrong = np.asarray(uncertainty), 1 - np.asarray(correct, np.float64)
    _, group = np.unique(score, return_inverse=True)
    expected = (np.bincount(group, wrong) / np.bincount(group))[group]
    kept = np.arange(1, len(score) + 1)
    return kept / len(score), np.cumsum(expected[np.argsort(score)]) / kept


# %% wrong: a point where nothing is kept
# loses: 12
# hint: There is one point too many, for no image at all. Where nothing is kept there is no accuracy: the n points go from 1/n to 1.
def retention_curve(uncertainty, correct):
    score, right = np.asarray(uncertainty), np.asarray(correct, np.float64)
    _, group = np.unique(score, return_inverse=True)
    expected = (np.bincount(group, right) / np.bincount(group))[group]
    kept = np.arange(1, len(score) + 1)
    accuracy = np.cumsum(expected[np.argsort(score)]) / kept
    return np.append(0, kept / len(score)), np.append(1, accuracy)
