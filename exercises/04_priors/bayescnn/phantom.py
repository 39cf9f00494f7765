"""Phantom chest X-rays: a small generative model whose true p(pneumonia | image) is known.

Scope: numbers that describe a chest (`sample_parameters`), the probability that such a chest is
called pneumonia (`true_probability`), labels drawn from it (`draw_labels`), and the picture
(`render`): rib cage, lungs, heart, spine, clavicles, vessels, opacities of graded strength, noise.
numpy only, any size, from a seed. No person's X-ray went into it; not for diagnosis.

The label depends on the chest through one number, the opacity load s, and is truly random:

    label ~ Bernoulli(p),   p = 1 / (1 + exp(-SLOPE (s - THRESHOLD))).

So aleatoric uncertainty has a known value for each image, which no real set can offer. About
two of five images are truly unsure (0.1 < p < 0.9), and no classifier, however
good, is right more often than mean(max(p, 1 - p)), about 0.88.

Reference: Kendall, Gal (2017), *What Uncertainties Do We Need in Bayesian Deep Learning for
Computer Vision?*, NeurIPS, arXiv:1703.04977 (aleatoric and epistemic uncertainty).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

CLASS_NAMES = ("NORMAL", "PNEUMONIA")
SLOPE, THRESHOLD = 10.0, 0.45  # of p(pneumonia) as a function of the opacity load
N_OPACITIES = 3
_LETTER_R = np.array(
    [[int(c) for c in row] for row in "11110 10001 10001 11110 10100 10010 10001".split()],
    np.float32,
)
_CHUNK = 2**18  # pixels drawn at once: keeps the arrays in the processor's cache


@dataclass(frozen=True)
class PhantomParameters:
    """What n phantom X-rays show. Lengths are in half image sides, x and y in [-1, 1], y down.

    The patient's left is on the right of the image, as radiologists look at it. Images of one
    patient share the anatomy (from `width` to `soft_tissue`); pose, exposure and opacities differ.

    Attributes:
        patient: (n,) str.
        luck: (n,) uniform in [0, 1), one number a patient: the label is 1 where luck < p.
        width, apex, diaphragm: (n,) of the lungs: half width, top, height of the right dome.
        heart: (n,) size of the heart.
        rib_spacing, rib_phase: (n,) of the posterior ribs.
        markings: (n,) strength of the vessels.
        soft_tissue: (n,) thickness of what lies over the ribs.
        tilt: (n,) rotation, radians.
        shift: (n, 2) of the image's middle, (x, y).
        zoom: (n,) magnification.
        exposure, contrast: (n,) of the film.
        haze: (n,) strength of diffuse (interstitial) opacity, in units of the load.
        opacity_x, opacity_y, opacity_radius, opacity_strength: (n, 3) focal opacities; x is a
            fraction of the lung's half width there, y of its height, strength is attenuation.
    """

    patient: np.ndarray
    luck: np.ndarray
    width: np.ndarray
    apex: np.ndarray
    diaphragm: np.ndarray
    heart: np.ndarray
    rib_spacing: np.ndarray
    rib_phase: np.ndarray
    markings: np.ndarray
    soft_tissue: np.ndarray
    tilt: np.ndarray
    shift: np.ndarray
    zoom: np.ndarray
    exposure: np.ndarray
    contrast: np.ndarray
    haze: np.ndarray
    opacity_x: np.ndarray
    opacity_y: np.ndarray
    opacity_radius: np.ndarray
    opacity_strength: np.ndarray

    def __len__(self) -> int:
        return len(self.patient)

    def take(self, which: np.ndarray | slice) -> PhantomParameters:
        """The rows that a mask, an index array or a slice chooses."""
        return PhantomParameters(*(getattr(self, field.name)[which] for field in fields(self)))


def sample_parameters(n: int, seed: int) -> PhantomParameters:
    """Draw n X-rays of patients who have one to four each.

    Args:
        n: number of images.
        seed: the same seed gives the same chests.

    Returns:
        n rows.

    Raises:
        ValueError: n below 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}, but at least one image is needed")
    random = np.random.default_rng(seed)
    n_images = random.choice([1, 2, 3, 4], n, p=[0.55, 0.25, 0.12, 0.08])  # of each patient
    patient = np.repeat(np.arange(n), n_images)[:n]

    def of_patient(low: float, high: float) -> np.ndarray:
        return random.uniform(low, high, n)[patient]

    def of_image(low: float, high: float, *shape: int) -> np.ndarray:
        return random.uniform(low, high, (n, *shape))

    # Opacity load: clear lungs, clearly ill ones, and a broad middle; most of it is the patient's.
    kind = random.choice(3, n, p=[0.26, 0.44, 0.30])
    base = np.choose(
        kind, [random.beta(2, 10, n), random.uniform(0.1, 0.9, n), random.beta(9, 3, n)]
    )
    load = np.clip(base[patient] + random.normal(0, 0.04, n), 0, 1)
    # Some have one dense patch, some several, some a haze over both lungs.
    share = random.dirichlet([0.6] * (N_OPACITIES + 1), n)
    radius = of_image(0.13, 0.30, N_OPACITIES)
    strength = load[:, None] * share[:, 1:] / _load_per_strength(radius)
    side = random.choice([-1.0, 1.0], (n, N_OPACITIES))
    return PhantomParameters(
        patient=np.array([f"phantom{index}" for index in patient]),
        luck=of_patient(0, 1),
        width=of_patient(0.62, 0.76),
        apex=of_patient(-0.80, -0.68),
        diaphragm=of_patient(0.34, 0.56),
        heart=of_patient(0.82, 1.15),
        rib_spacing=of_patient(0.150, 0.185),
        rib_phase=of_patient(0, 1),
        markings=of_patient(0.5, 1.3),
        soft_tissue=of_patient(0.0, 0.12),
        tilt=random.normal(0, 0.03, n),
        shift=random.normal(0, 0.03, (n, 2)),
        zoom=of_image(0.95, 1.10),
        exposure=random.normal(0, 0.035, n),
        contrast=of_image(0.9, 1.12),
        haze=load * share[:, 0],
        opacity_x=side * of_image(0.35, 0.75, N_OPACITIES),
        opacity_y=of_image(0.30, 0.85, N_OPACITIES),
        opacity_radius=radius,
        opacity_strength=strength,
    )


def _load_per_strength(radius: np.ndarray) -> np.ndarray:
    """Load of an opacity of strength 1: proportional to its area, 1 at a radius of 0.2."""
    return (radius / 0.2) ** 2


def opacity_load(parameters: PhantomParameters) -> np.ndarray:
    """Opacity in the lungs, summed over area: strength times area of the patches, and the haze.

    Returns:
        (n,) from 0, clear, to about 1.
    """
    patches = parameters.opacity_strength * _load_per_strength(parameters.opacity_radius)
    return patches.sum(axis=1) + parameters.haze


def true_probability(parameters: PhantomParameters) -> np.ndarray:
    """p(pneumonia | what the image shows), exactly: the best that any classifier could say.

    Returns:
        (n,) in (0, 1).
    """
    return 1.0 / (1.0 + np.exp(-SLOPE * (opacity_load(parameters) - THRESHOLD)))


def draw_labels(parameters: PhantomParameters) -> np.ndarray:
    """Labels: 1, pneumonia, with probability `true_probability`.

    The images of one patient share his or her luck, as they share the doctor: who has learned a
    patient by heart knows more about the other images than p. A split must keep patients whole.

    Returns:
        (n,) int64, 0 or 1.
    """
    return (parameters.luck < true_probability(parameters)).astype(np.int64)


def phantom_xrays(n: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, labels and true probabilities in one call.

    Args:
        n: number of images.
        size: side, pixels.
        seed: the same seed gives the same set.

    Returns:
        (n, size, size) uint8 images, (n,) int64 labels, (n,) float64 p(pneumonia).
    """
    parameters = sample_parameters(n, seed)
    return render(parameters, size, seed), draw_labels(parameters), true_probability(parameters)


# Drawing -----------------------------------------------------------------------------------------


def render(parameters: PhantomParameters, size: int, seed: int, first: int = 0) -> np.ndarray:
    """Draw the X-rays.

    Args:
        parameters: n rows.
        size: side, pixels.
        seed: of texture and noise. Size changes the sampling, not what is seen.
        first: place of the first row in its set: image i of a set looks the same, drawn with all
            the others or alone.

    Returns:
        (n, size, size) uint8, bone and opacities bright, air dark.

    Raises:
        ValueError: size below 8.
    """
    if size < 8:
        raise ValueError(f"size is {size}, but a chest needs at least 8 pixels")
    fine = size if size >= 64 else 2 * size  # ribs finer than a pixel would make moire
    images = np.empty((len(parameters), size, size), np.uint8)
    step = max(1, _CHUNK // fine**2)
    for start in range(0, len(parameters), step):
        rows = parameters.take(slice(start, start + step))
        # A generator for each image, so that no image depends on how many are drawn at once.
        randoms = [np.random.default_rng([seed, first + start + row]) for row in range(len(rows))]
        film = _film(rows, _attenuation(rows, fine, randoms))
        film = film.reshape(len(rows), size, fine // size, size, fine // size).mean(axis=(2, 4))
        # Quantum noise; the smaller the pixel, the fewer quanta reach it.
        noise = np.stack([random.standard_normal((size, size), np.float32) for random in randoms])
        film += noise * np.float32(0.012 + 0.012 * min(size / 224, 1.0))
        images[start : start + step] = np.clip(255 * film + 0.5, 0, 255)
    return images


def _film(rows: PhantomParameters, attenuation: np.ndarray) -> np.ndarray:
    """Brightness of the film, 0 to 1: an S-shaped response to attenuation."""
    middle = (0.62 - rows.exposure)[:, None, None].astype(np.float32)
    steepness = (4.6 * rows.contrast)[:, None, None].astype(np.float32)
    return 0.97 * _step(attenuation - middle, 1 / steepness)


def _step(x: np.ndarray, softness: float | np.ndarray) -> np.ndarray:
    """A soft edge: 0 for x far below 0, 1 far above; `softness` is the width of the change."""
    return 0.5 + 0.5 * np.tanh(x * (0.5 / softness))


def _bump(distance: np.ndarray, width: float | np.ndarray) -> np.ndarray:
    """A soft ridge: 1 at distance 0, gone beyond two widths."""
    return np.exp(-np.square(distance / width))


def _eighth_power(x: np.ndarray) -> np.ndarray:
    """x**8 by squaring, ten times as fast as numpy's power."""
    return np.square(np.square(np.square(x)))


def _texture(cells: int, size: int, randoms: list[np.random.Generator]) -> np.ndarray:
    """(n, size, size) smooth noise, variance about 1, with `cells` blobs along a side."""
    centres = (np.arange(cells + 4) - 1.5) / cells
    pixels = (np.arange(size)[:, None] + 0.5) / size
    kernel = _bump(pixels - centres, 0.75 / cells)
    kernel = (kernel / np.linalg.norm(kernel, axis=1, keepdims=True)).astype(np.float32)
    shape = (cells + 4, cells + 4)
    grid = np.stack([random.standard_normal(shape, np.float32) for random in randoms])
    return np.stack([kernel @ (cells_of_one @ kernel.T) for cells_of_one in grid])


def _attenuation(
    rows: PhantomParameters, size: int, randoms: list[np.random.Generator]
) -> np.ndarray:
    """(n, size, size) what the rays lose on their way: 0 for air, about 1 for the abdomen."""

    def each(values: np.ndarray) -> np.ndarray:  # (n,) -> (n, 1, 1)
        return values.astype(np.float32)[:, None, None]

    line = ((np.arange(size) + 0.5) * (2 / size) - 1).astype(np.float32)
    cosine, sine = each(np.cos(rows.tilt) / rows.zoom), each(np.sin(rows.tilt) / rows.zoom)
    x = cosine * line[None, None, :] - sine * line[None, :, None] - each(rows.shift[:, 0])
    y = sine * line[None, None, :] + cosine * line[None, :, None] - each(rows.shift[:, 1])
    coarse, medium, fine = (_texture(cells, size, randoms) for cells in (5, 14, 34))
    width, apex, dome = each(rows.width), each(rows.apex), each(rows.diaphragm)
    u = np.abs(x)
    left = _step(x, 0.04)  # 1 on the patient's left, the image's right

    # The rib cage: its half width grows from the apex down.
    cage = width * _cage_profile(y, apex)
    inside = _step(cage - u, 0.016) * _step(y - apex, 0.02)
    across = u / np.maximum(cage, 0.05)  # 0 at the spine, 1 at the chest wall
    # The diaphragm: two domes, the left one lower, with a sharp angle at the wall.
    floor = (
        dome
        + 0.06 * left
        + 0.55 * (u - 0.45 * width) ** 2
        + 0.30 * _eighth_power(np.minimum(across, 2))
    )
    lung = inside * _step(floor - y, 0.014) * _step(u - 0.085, 0.02)

    # Body: neck and chin, shoulders, the wall of the chest beside the lungs, air around.
    outline = 1.15 * width + 0.03 * y + 0.60 * _step(-0.40 - y, 0.07)
    shoulder = -1.12 + 0.30 * _step(u - 0.40, 0.06) + 0.10 * np.maximum(u - 0.5, 0)
    body = _step(outline - u, 0.02) * _step(y - shoulder, 0.025)
    abdomen = _step(y - floor, 0.03) * _step(cage + 0.05 - u, 0.05)
    total = body * (0.52 + each(rows.soft_tissue) + 0.03 * coarse - 0.08 * _step(u - 0.8, 0.06))
    total += body * (0.17 * abdomen + 0.08 * inside)
    total += 0.22 * _step(1 - np.hypot(x / 0.36, (y + 1.13) / 0.26), 0.05)
    total -= lung * 0.37
    # Gas in the stomach, under the left dome.
    total -= 0.16 * _bump(np.hypot(x - 0.36, 1.5 * (y - floor - 0.16)), 0.13) * left

    # Ribs, brightest where the rays graze them: the posterior ones arch outward and down, the
    # anterior ones cross them, fainter.
    spacing = each(rows.rib_spacing)
    depth = y - apex
    posterior = (depth + 0.10 * across - 0.34 * across**2) / (
        spacing * (1 + 0.10 * np.clip(depth, 0, 1.5))
    ) + each(rows.rib_phase)
    anterior = (depth + 0.60 * across) / (1.15 * spacing) + 1.7 * each(rows.rib_phase)
    in_cage = _step(cage + 0.03 - u, 0.016) * _step(depth, 0.02) * _step(floor + 0.25 - y, 0.10)
    back = np.cos(2 * np.pi * posterior)
    grazed = 0.075 + 0.085 * np.minimum(across, 1.1) ** 2
    total += grazed * in_cage * (_step(back - 0.30, 0.14) + 0.40 * _bump(back - 0.30, 0.25))
    front = _step(np.cos(2 * np.pi * anterior) - 0.45, 0.18)
    total += 0.045 * in_cage * front * _step(across - 0.45, 0.08)
    total += 0.06 * body * _bump(cage + 0.012 - u, 0.022) * _step(depth - 0.02, 0.03)
    # Collar bones, shoulder blades, upper arms.
    clavicle = y - (apex + 0.16 - 0.24 * u + 0.03 * np.sin(9 * u))
    total += 0.13 * body * _bump(clavicle, 0.030) * _step(u - 0.09, 0.02) * _step(0.78 - u, 0.03)
    blade = _step(u - 0.80 * width - 0.25 * (y + 0.5), 0.03) * _step(0.95 - u, 0.03)
    total += 0.07 * body * blade * _step(-0.05 - y, 0.06) * _step(y + 0.72, 0.05)
    arm = (y + 0.56) - 0.75 * (u - 0.92)
    total += 0.15 * body * _step(0.055 - np.abs(arm), 0.015) * _step(u - 0.86, 0.02)

    # Spine with its vertebrae, windpipe; heart and great vessels as one shadow with two borders.
    bones = 0.08 + 0.03 * np.cos(2 * np.pi * y / (0.8 * spacing))
    total += bones * _step(0.080 - u, 0.015) * body
    total -= 0.10 * _bump(x + 0.01, 0.045) * _step(-0.30 - y, 0.06) * _step(y + 0.95, 0.05) * body
    size_of_heart = each(rows.heart)
    drop = y - dome
    left_border = 0.10 + 0.04 * _bump(drop + 0.80, 0.13) + 0.32 * _step(drop + 0.33, 0.075)
    right_border = 0.09 + 0.10 * _bump(drop + 0.16, 0.26) + 0.03 * _bump(drop + 0.65, 0.2)
    heart = _step(size_of_heart * left_border - x, 0.013) * _step(
        size_of_heart * right_border + x, 0.013
    )
    heart *= _step(y + 0.66, 0.08) * _step(0.25 - drop, 0.06)
    total += heart * lung * (0.33 + 0.06 * _bump(x - 0.12, 0.25))

    # Vessels: they leave the hila in all directions and thin out.
    across_hilum, down_hilum = u - 0.14, y + 0.05
    hilum = np.hypot(across_hilum, down_hilum)
    angle = np.arctan2(down_hilum, across_hilum) + 0.30 * coarse + 0.06 * medium
    seen = lung * (1 - 0.85 * heart)
    large = _eighth_power(np.maximum(np.cos(9 * angle + 3 * left), 0))
    small = _eighth_power(np.maximum(np.cos(19 * angle + 0.5 * medium), 0))
    branches = large * _bump(hilum, 0.36) + small * _bump(hilum - 0.3, 0.22)
    markings = 0.13 * _bump(hilum, 0.15) * (1 + 0.3 * medium) + 0.055 * branches
    total += each(rows.markings) * seen * (markings + 0.012 * medium + 0.010 * fine)

    # Opacities: patches with ragged edges, and a haze of fine texture.
    visible = 0.08 + 0.92 * lung * (1 - 0.3 * heart)
    for k in range(N_OPACITIES):
        centre_y = apex + each(rows.opacity_y[:, k]) * (dome - apex)
        centre_x = each(rows.opacity_x[:, k]) * width * _cage_profile(centre_y, apex)
        distance = np.hypot(x - centre_x, y - centre_y) * (1 + 0.22 * coarse + 0.12 * medium)
        patch = _bump(distance, each(rows.opacity_radius[:, k]))
        cloud = np.maximum(1 + 0.14 * medium + 0.10 * fine, 0)
        total += each(rows.opacity_strength[:, k]) * patch * cloud * visible
    grain = np.maximum(1 + 0.35 * coarse + 0.30 * medium + 0.30 * fine, 0)
    total += 0.30 * each(rows.haze) * visible * grain

    # The technician's R, on the patient's right.
    column, line_of_r = np.floor((x + 0.90) / 0.022), np.floor((y + 0.92) / 0.022)
    on_r = (column >= 0) & (column < 5) & (line_of_r >= 0) & (line_of_r < 7)
    lead = _LETTER_R[line_of_r.clip(0, 6).astype(int), column.clip(0, 4).astype(int)]
    return np.maximum(total, np.float32(0.9) * on_r * lead) + 0.004 * fine


def _cage_profile(y: np.ndarray, apex: np.ndarray) -> np.ndarray:
    """Half width of the rib cage at height y, as a fraction of its greatest."""
    rise = np.clip((y - apex) / (0.45 - apex), 0, 1)
    return np.sqrt(np.maximum(1 - (1 - rise) ** 2, 0))
