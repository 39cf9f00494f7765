# Variants of the solution cell of `random_crops`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: image by image, cut in whole pixels, mirrored afterwards
def random_crops(images, draws, flip_probability=0.5):
    size, found = images.shape[1], []
    for image, (a, r, y, x, m) in zip(images, np.transpose(draws)):
        area, ratio = 0.25 + 0.75 * a, np.exp((2 * r - 1) * np.log(4 / 3))
        height, width = min(np.sqrt(area * ratio), 1), min(np.sqrt(area / ratio), 1)
        top, left = round(y * (1 - height) * size), round(x * (1 - width) * size)
        rows, columns = round(height * size), round(width * size)
        crop = image[top : min(top + rows, size), left : min(left + columns, size)]
        crop = tf.image.resize(crop, (size, size))
        found.append(tf.image.flip_left_right(crop) if m < flip_probability else crop)
    return tf.stack(found)


# %% right: mirrored after cropping, clipped, prints
def random_crops(images, draws, flip_probability=0.5):
    n, size = images.shape[0], images.shape[1]
    u = tf.unstack(tf.cast(draws, tf.float32))
    area, log_ratio = 0.25 + 0.75 * u[0], (2 * u[1] - 1) * tf.math.log(4 / 3)
    sides = tf.stack([tf.sqrt(area) * tf.exp(s * log_ratio / 2) for s in (1, -1)], axis=1)
    sides = tf.clip_by_value(sides, 0, 1)
    corner = tf.stack(u[2:4], axis=1) * (1 - sides)
    print("crops", sides.shape)
    crops = tf.image.crop_and_resize(
        image=images,
        boxes=tf.concat([corner, corner + sides], axis=1),
        box_indices=np.arange(n),
        crop_size=(size, size),
        method="bilinear",
    )
    mirrored = (u[4] < flip_probability)[:, None, None, None]
    return tf.where(mirrored, crops[:, :, ::-1], crops)


# %% right: NumPy in float64, its own interpolation, with a warning
import warnings


def along(length, start, stop):
    """The two neighbours of each sampled place, and the weight of the second."""
    places = np.linspace(start, stop, length) * (length - 1)
    low = np.clip(np.floor(places).astype(int), 0, length - 2)
    return low, places - low


def random_crops(images, draws, flip_probability=0.5):
    warnings.warn("this is slow")
    images, draws = np.asarray(images, np.float64), np.asarray(draws, np.float64)
    size, found = images.shape[1], np.empty(images.shape)
    for i, u in enumerate(draws.T):
        area, ratio = 0.25 + 0.75 * u[0], (4 / 3) ** (2 * u[1] - 1)
        height, width = np.minimum(1, np.sqrt([area * ratio, area / ratio]))
        top, left = u[2] * (1 - height), u[3] * (1 - width)
        ends = (left + width, left) if u[4] < flip_probability else (left, left + width)
        (y, v), (x, w) = along(size, top, top + height), along(size, *ends)
        v, w = v[:, None, None], w[None, :, None]
        rows = images[i][y] * (1 - v) + images[i][y + 1] * v
        found[i] = rows[:, x] * (1 - w) + rows[:, x + 1] * w
    return tf.constant(found, tf.float32)


# %% wrong: side for area
# loses: 9
# hint: You use the area as the side. A quarter of the area is half of the side: take the square root.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(area * ratio, 1.0)
    width = tf.minimum(area / ratio, 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: only small crops
# loses: 9
# hint: The area must lie between 0.25 and 1, but 0.75 times the draw begins at 0. The 0.25 is missing.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: height and width swapped
# loses: 9
# hint: The ratio is height to width: height is the square root of area times ratio, width that of area over ratio. Yours are swapped.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area / ratio), 1.0)
    width = tf.minimum(tf.sqrt(area * ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: always square
# loses: 9
# hint: All your crops are square. The second draw decides the ratio of height to width.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], 1.0
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: the ratio only shrinks the height
# loses: 9
# hint: Your ratio runs from 3/4 to 1 or so. The exponent must run from -1 to 1: twice the draw, minus 1.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: always in the middle
# loses: 4
# hint: All crops come from the middle of the image. The third and fourth draws decide where a crop begins.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = 0.5 * (1 - height), 0.5 * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: position of the whole image
# loses: 14
# hint: Some crops reach beyond the image, where there are only zeros. What the crop itself takes is no longer free: multiply by 1 - height and 1 - width.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2], draws[3]
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: one draw for both places
# loses: 4
# hint: Top and left use the same draw, so all crops lie on the diagonal. Left has a draw of its own, the fourth.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[2] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: top and left swapped
# loses: 4
# hint: The third draw decides the top, the fourth the left. Yours are swapped.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[3] * (1 - height), draws[2] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: never mirrored
# loses: 3
# hint: No image is mirrored, whatever flip_probability says. A box whose left is larger than its right is read backwards.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < 0
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: always half of them mirrored
# loses: 3
# hint: flip_probability is not used: half of the images are mirrored, even where none should be.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < 0.5
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: the others mirrored
# loses: 3
# hint: You mirror the images whose draw is above flip_probability. With 0 all would be mirrored, and none should be.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] > flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: upside down as well
# loses: 3
# hint: You turn top and bottom as well. Nobody takes X-rays upside down; only left and right change places.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    top, bottom = tf.where(mirrored, bottom, top), tf.where(mirrored, top, bottom)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: always the first image
# loses: 2
# hint: All crops come from the first image: the indices of the boxes are all 0. Box i belongs to image i.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.zeros(tf.shape(images)[0], tf.int32), size)


# %% wrong: the same crop for all
# loses: 12
# hint: All images are cut in the same place, by the draws of the first one. Each image has its own column of draws.
def random_crops(images, draws, flip_probability=0.5):
    draws = tf.repeat(draws[:, :1], tf.shape(images)[0], axis=1)
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = tf.shape(images)[1:3]
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)


# %% wrong: not brought back to full size
# loses: 12
# hint: Your crops have another size than the images. crop_and_resize brings them back; ask it for the size of the images.
def random_crops(images, draws, flip_probability=0.5):
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability
    first, last = tf.where(mirrored, right, left), tf.where(mirrored, left, right)
    boxes = tf.stack([top, first, bottom, last], axis=1)
    size = (32, 32)
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), size)
