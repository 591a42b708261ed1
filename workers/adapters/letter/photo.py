"""The applicant's photo as the letter embeds it: upright, sRGB, no metadata, at most 300 dots an inch on 4 x 6 cm."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from models.rules.errors import PermanentFailure

# 40 mm x 60 mm at 300 dpi.
SIZE = (472, 709)
QUALITY = 88
LARGEST = 400_000
METADATA = {"exif", "icc_profile", "adobe", "xmp", "photoshop", "comment"}
MOST_PIXELS = 60_000_000


def letter_photo(photo: bytes) -> bytes:
    """`photo` as a JPEG of 472 x 709 pixels, cropped around its middle. Raises PermanentFailure when it is no image."""
    try:
        with Image.open(BytesIO(photo)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise PermanentFailure(f"The photo is too large: {image.width} x {image.height} pixels")
            if _is_ready(image, photo):
                # Decoded all the same: half a picture must not reach the letter.
                image.load()
                return photo
            # A JPEG is decoded at an eighth, a quarter or half of its size when that is enough.
            image.draft("RGB", (SIZE[0] * 2, SIZE[1] * 2))
            upright = ImageOps.exif_transpose(image)
            fitted = ImageOps.fit(_opaque(upright), SIZE, Image.Resampling.BICUBIC)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise PermanentFailure(f"The photo can not be read: {error}") from error
    target = BytesIO()
    fitted.save(target, "JPEG", quality=QUALITY)
    return target.getvalue()


def _is_ready(image: Image.Image, photo: bytes) -> bool:
    """A small upright RGB JPEG without metadata goes in as it is; the layout crops it to its box."""
    plain = image.format == "JPEG" and image.mode == "RGB" and not METADATA & image.info.keys()
    return (
        plain and SIZE[0] // 2 <= image.width <= SIZE[0] * 2 and image.height <= SIZE[1] * 2 and len(photo) <= LARGEST
    )


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    page = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(page, layer).convert("RGB")
