# Variants of the solution cell of `out_of_distribution_auroc`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: all pairs
def out_of_distribution_auroc(in_scores, out_scores):
    a, b = np.ravel(in_scores)[:, None], np.ravel(out_scores)[None, :]
    if a.size == 0 or b.size == 0:
        return float("nan")
    return float(np.mean(b > a) + 0.5 * np.mean(b == a))


# %% right: scikit-learn
def out_of_distribution_auroc(in_scores, out_scores):
    from sklearn.metrics import roc_auc_score

    if not len(in_scores) or not len(out_scores):
        return np.nan
    labels = np.r_[np.zeros(len(in_scores)), np.ones(len(out_scores))]
    return roc_auc_score(labels, np.r_[in_scores, out_scores])


# %% right: a loop with bisection, prints
import bisect


def out_of_distribution_auroc(in_scores, out_scores):
    inside = sorted(float(s) for s in in_scores)
    wins = 0.0
    for score in out_scores:
        wins += 0.5 * (bisect.bisect_left(inside, score) + bisect.bisect_right(inside, score))
    print(wins, "pairs won")
    pairs = len(inside) * len(out_scores)
    return wins / pairs if pairs else float("nan")


# %% right: SciPy's Mann-Whitney test
def out_of_distribution_auroc(in_scores, out_scores):
    n, m = len(in_scores), len(out_scores)
    if min(n, m) == 0:
        return float("nan")
    return stats.mannwhitneyu(out_scores, in_scores).statistic / (n * m)


# %% wrong: the familiar images count as higher
# loses: 10
# hint: The pairs are turned round: a pair counts where the *foreign* image has the higher score.
def out_of_distribution_auroc(in_scores, out_scores):
    a, b = np.ravel(in_scores)[:, None], np.ravel(out_scores)[None, :]
    if a.size == 0 or b.size == 0:
        return 0.0
    return float(np.mean(a > b) + 0.5 * np.mean(b == a))


# %% wrong: never below one half
# loses: 7
# hint: You turn the alarm round where it comes out below 0.5. Below 0.5 is an answer, too: foreign images then look *less* doubtful than familiar ones.
def out_of_distribution_auroc(in_scores, out_scores):
    a, b = np.ravel(in_scores)[:, None], np.ravel(out_scores)[None, :]
    if a.size == 0 or b.size == 0:
        return float("nan")
    area = float(np.mean(b > a) + 0.5 * np.mean(b == a))
    return max(area, 1 - area)


# %% wrong: ties count nothing
# loses: 3
# hint: Equal scores count nothing here. Such a pair is a coin flip: let it count one half.
def out_of_distribution_auroc(in_scores, out_scores):
    a, b = np.ravel(in_scores)[:, None], np.ravel(out_scores)[None, :]
    if a.size == 0 or b.size == 0:
        return float("nan")
    return float(np.mean(b > a))


# %% wrong: ties count whole
# loses: 3
# hint: Equal scores count as won here. Such a pair is a coin flip: let it count one half.
def out_of_distribution_auroc(in_scores, out_scores):
    a, b = np.ravel(in_scores)[:, None], np.ravel(out_scores)[None, :]
    if a.size == 0 or b.size == 0:
        return float("nan")
    return float(np.mean(b >= a))


# %% wrong: ranks by order of appearance
# loses: 3
# hint: Equal scores count as won here. Such a pair is a coin flip: let it count one half.
def out_of_distribution_auroc(in_scores, out_scores):
    n, m = len(in_scores), len(out_scores)
    if n == 0 or m == 0:
        return float("nan")
    ranks = np.argsort(np.argsort(np.concatenate([in_scores, out_scores]), kind="stable")) + 1
    return float((ranks[n:].sum() - m * (m + 1) / 2) / (n * m))


# %% wrong: accuracy at the best threshold
# loses: 10
# hint: This is the accuracy of one threshold. The AUROC goes over all pairs of a familiar and a foreign image and needs no threshold.
def out_of_distribution_auroc(in_scores, out_scores):
    scores = np.concatenate([in_scores, out_scores])
    if not len(scores):
        return 0.0
    foreign = np.arange(len(scores)) >= len(in_scores)
    return float(max(np.mean((scores > t) == foreign) for t in scores))


# %% wrong: empty gives one half
# loses: 2
# hint: Where one side is empty there is no pair, and nothing to say: the answer is NaN, not a number that looks measured.
def out_of_distribution_auroc(in_scores, out_scores):
    a, b = np.ravel(in_scores)[:, None], np.ravel(out_scores)[None, :]
    if a.size == 0 or b.size == 0:
        return 0.5
    return float(np.mean(b > a) + 0.5 * np.mean(b == a))


# %% wrong: empty gives 0
# loses: 2
# hint: Where one side is empty there is no pair, and nothing to say: the answer is NaN, not a number that looks measured.
def out_of_distribution_auroc(in_scores, out_scores):
    a, b = np.ravel(in_scores)[:, None], np.ravel(out_scores)[None, :]
    pairs = max(a.size * b.size, 1)
    return float(((b > a).sum() + 0.5 * (b == a).sum()) / pairs)


# %% wrong: the mean difference
# loses: 10
# hint: This is a difference of means, which changes with the scores' unit. Count the pairs in which the foreign image's score is higher.
def out_of_distribution_auroc(in_scores, out_scores):
    if len(in_scores) == 0 or len(out_scores) == 0:
        return float("nan")
    return float(np.mean(out_scores) - np.mean(in_scores))
