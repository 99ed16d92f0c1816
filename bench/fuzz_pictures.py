"""Mutated picture files against the decoder's promises: a picture or a sentence, in bounded memory and time.

`python -m bench.fuzz_pictures [COUNT] [SEED]` runs 5,000 (headers, lengths, chunks of every format taken) in
a process of its own, whose memory is bounded, and exits with 1 at a broken promise.
"""

import io
import random
import resource
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

from PIL import Image, ImageCms, PngImagePlugin

from engine.errors import BadPicture
from engine.pictures.decoding import opened

COUNT = 5000
MEMORY = 500_000  # KiB that a file may cost above what the process takes without one
SECONDS = 5.0  # a file
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def whole_files() -> list[bytes]:
    """One or more good files of every format that is taken."""
    red = Image.linear_gradient("L").resize((96, 64))
    picture = Image.merge("RGB", (red, red.rotate(180), red))
    clear = Image.merge("RGBA", (*picture.split(), red))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a fox" * 50, zip=True)
    info.add_itxt("workflow", "{}" * 50)
    frames = {"save_all": True, "append_images": [picture.rotate(90, expand=False)]}
    told = {"icc_profile": profile, "exif": exif}
    made = [
        (picture, "PNG", {**told, "pnginfo": info}),
        (picture.quantize(16), "PNG", {"transparency": 3}),
        (clear, "PNG", {}),
        (Image.new("I;16", (64, 64), 999), "PNG", {}),
        (picture, "PNG", frames),
        (picture, "JPEG", told),
        (picture, "JPEG", {"progressive": True}),
        (picture.convert("CMYK"), "JPEG", {}),
        (picture, "MPO", frames),
        (clear, "WEBP", told),
        (picture, "WEBP", {"lossless": True, **frames}),
        (picture.quantize(16), "GIF", {"save_all": True, "append_images": [picture.quantize(8)]}),
        (picture, "BMP", {}),
        (picture.quantize(16), "BMP", {}),
        (picture, "TIFF", told),
        (picture, "TIFF", {"compression": "tiff_lzw"}),
        (picture, "TIFF", {"compression": "tiff_deflate"}),
        (red.convert("F"), "TIFF", {}),
        (red.convert("I"), "TIFF", {}),
        (red.convert("1"), "TIFF", {"compression": "group4"}),
        (picture, "AVIF", told),
    ]
    files = []
    for image, kind, options in made:
        written = io.BytesIO()
        image.save(written, kind, **options)
        files.append(written.getvalue())
    return files


def mutated(count: int, seed: int) -> Iterator[bytes]:
    """So many broken files: the headers are hit most, where sizes, lengths and kinds stand."""
    chance, files = random.Random(seed), whole_files()
    for number in range(count):
        data = bytearray(files[number % len(files)])
        for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
            end = min(len(data), chance.choice((64, 512, len(data))))
            if not end:
                break
            at = chance.randrange(end)
            match chance.randrange(7):
                case 0:
                    data[at] ^= 1 << chance.randrange(8)
                case 1:
                    data[at] = chance.randrange(256)
                case 2 | 3:
                    number_of = chance.choice(("<H", ">H", "<I", ">I"))
                    edge = chance.choice(EDGES) & ((1 << 8 * struct.calcsize(number_of)) - 1)
                    data[at : at + struct.calcsize(number_of)] = struct.pack(number_of, edge)
                case 4:
                    del data[at : at + chance.choice((1, 4, 64))]
                case 5:
                    data[at:at] = data[at : at + chance.choice((1, 12, 64))]
                case 6:
                    del data[max(at, 8) :]
        yield bytes(data)


def measured(count: int, seed: int) -> int:
    """Open so many; print the figures. 1 when a promise was broken."""
    for data in whole_files():
        opened(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pictures = sentences = broken = 0
    slowest = 0.0
    for number, data in enumerate(mutated(count, seed)):
        start = time.perf_counter()
        try:
            opened(data)
            pictures += 1
        except BadPicture:
            sentences += 1
        except Exception as error:
            broken += 1
            print(f"file {number} of seed {seed}: {error!r}")
        slowest = max(slowest, time.perf_counter() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{count} files: {pictures} pictures, {sentences} sentences, {broken} other errors")
    print(f"slowest {slowest:.2f} s, most memory {memory / 1000:.0f} MB above the start")
    return int(bool(broken) or slowest > SECONDS or memory > MEMORY)


def main() -> int:
    """Run in a child, so that a crash of a decoder is seen and told."""
    if sys.argv[1:2] == ["--child"]:
        bound = 4 * 2**30  # bytes of address space: threads and libraries map far more than they use
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
        return measured(int(sys.argv[2]), int(sys.argv[3]))
    count, seed = (*sys.argv[1:3], *(str(COUNT), "1")[len(sys.argv[1:3]) :])
    ended = subprocess.run([sys.executable, "-m", "bench.fuzz_pictures", "--child", count, seed], check=False)
    if ended.returncode < 0:
        print(f"the process was ended by signal {-ended.returncode}")
    return int(ended.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
