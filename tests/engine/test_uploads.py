"""Files as phones, cameras and other programs make them, and as a broken transfer leaves them."""

import importlib.util
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin, features

from bench import fuzz_pictures
from engine import BadPicture
from engine.pictures.decoding import CUT_OFF, load_input, opened, to_png

UPLOADS = Path(__file__).parents[1] / "fixtures" / "uploads"
SIGNED, UNSIGNED = (struct.pack("<HHIHH", 339, 3, 1, number, 0) for number in (2, 1))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def photo(mode: str = "RGB") -> Image.Image:
    red = Image.linear_gradient("L").resize((160, 120))
    return Image.merge("RGB", (red, red.rotate(180), Image.new("L", red.size, 90))).convert(mode)


def near(found: object, wanted: tuple[int, ...], off: int = 3) -> bool:
    return all(abs(a - b) <= off for a, b in zip(found, wanted, strict=True))  # type: ignore[call-overload]


class TestACutJpeg:
    @pytest.mark.parametrize("name", ["cut_one_byte.jpg", "cut_fifth.jpg"])
    def test_what_is_there_is_used_and_a_note_says_so(self, name: str) -> None:
        found = opened((UPLOADS / name).read_bytes())
        assert found.notes == (CUT_OFF,)
        assert found.picture.size == (320, 208)
        assert near(found.picture.getpixel((0, 0)), (120, 180, 240))

    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    def test_the_missing_half_is_grey(self, mode: str) -> None:
        picture = Image.effect_noise((160, 160), 90).convert(mode)
        whole = saved(picture, "JPEG", quality=90)
        found = opened(whole[: len(whole) // 2])
        assert found.notes == (CUT_OFF,)
        assert np.array_equal(np.asarray(found.picture)[:48, :144], np.asarray(load_input(whole))[:48, :144])
        assert np.ptp(np.asarray(found.picture)[-16:]) <= 2

    @pytest.mark.parametrize("cut", [1, 2, 7, 300])
    @pytest.mark.parametrize("progressive", [False, True])
    def test_a_few_bytes_less_cost_a_few_pixels(self, cut: int, progressive: bool) -> None:
        whole = saved(photo(), "JPEG", progressive=progressive)
        picture = opened(whole[:-cut]).picture
        assert near(picture.getpixel((3, 3)), load_input(whole).getpixel((3, 3)), 8)  # type: ignore[arg-type]

    def test_one_that_ends_before_its_pixels_is_refused(self) -> None:
        with pytest.raises(BadPicture, match="not a picture"):
            opened(saved(photo(), "JPEG")[:200])

    def test_a_whole_one_has_no_note(self) -> None:
        assert opened(saved(photo(), "JPEG")).notes == ()


class TestMuchMetadata:
    def test_a_large_workflow(self) -> None:
        assert near(
            load_input((UPLOADS / "large_workflow.png").read_bytes()).getpixel((0, 0)), (120, 180, 240)
        )

    @pytest.mark.parametrize(("zipped", "times"), [(True, 1), (False, 1), (True, 30)])
    @pytest.mark.parametrize("kind", ["text", "itxt"])
    def test_texts_of_megabytes_before_and_after(self, zipped: bool, times: int, kind: str) -> None:
        info = PngImagePlugin.PngInfo()
        add = info.add_text if kind == "text" else info.add_itxt
        for number in range(times):
            add(f"workflow{number}", "狐x"[kind == "text"] * 3_000_000, zip=zipped)
        plain = load_input(saved(photo(), "PNG", pnginfo=info))
        assert plain.tobytes() == photo().tobytes()
        assert plain.info == {}


class TestNewerFormats:
    def test_the_avif_photo(self) -> None:
        found = load_input((UPLOADS / "photo.avif").read_bytes())
        assert (found.size, near(found.getpixel((0, 0)), (120, 180, 240))) == ((320, 208), True)

    @pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
    @pytest.mark.parametrize("options", [{"quality": 95}, {"subsampling": "4:4:4"}, {"save_all": True}])
    def test_avif_as_pillow_writes_it(self, options: dict[str, object]) -> None:
        assert near(load_input(saved(photo(), "AVIF", **options)).getpixel((80, 60)), (127, 128, 90), 9)

    @pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"hevc"])
    def test_heic_without_its_decoder_is_named(self, brand: bytes) -> None:
        if importlib.util.find_spec("pillow_heif"):
            pytest.skip("HEIC can be read here")
        with pytest.raises(BadPicture, match=r"HEIC.*JPEG or PNG"):
            load_input(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(200))

    def test_heic_with_its_decoder(self) -> None:
        pytest.importorskip("pillow_heif").register_heif_opener()
        assert near(load_input(saved(photo(), "HEIF")).getpixel((80, 60)), (127, 128, 90), 9)


class TestColourProfiles:
    def test_display_p3(self) -> None:
        found = load_input((UPLOADS / "p3.png").read_bytes())
        assert found.getpixel((5, 5)) == (218, 24, 40)
        assert "icc_profile" not in Image.open(io.BytesIO(to_png(found))).info

    @pytest.mark.parametrize(
        ("mode", "kind"), [("RGBA", "PNG"), ("RGB", "TIFF"), ("RGB", "JPEG"), ("P", "PNG")]
    )
    def test_display_p3_in_other_files(self, mode: str, kind: str) -> None:
        profile = Image.open(UPLOADS / "p3.png").info["icc_profile"]
        options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
        data = saved(
            Image.new("RGB", (16, 16), (200, 50, 50)).convert(mode), kind, icc_profile=profile, **options
        )
        off = 16 if mode == "P" else 3
        assert near(load_input(data).getpixel((5, 5)), (218, 24, 40), off)

    def test_a_grey_profile_does_not_stay_in_an_rgb_file(self) -> None:
        found = load_input((UPLOADS / "gray_icc.png").read_bytes())
        assert (found.mode, found.info) == ("RGB", {})
        assert "icc_profile" not in Image.open(io.BytesIO(to_png(found))).info

    @pytest.mark.parametrize("profile", [b"", b"no profile", bytes(128), b"\0" * 16 + b"CMYK" + bytes(400)])
    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    def test_a_broken_profile_or_one_of_another_kind_is_none(self, mode: str, profile: bytes) -> None:
        data = saved(Image.new(mode, (16, 16), 128), "TIFF", icc_profile=profile)
        plain = saved(Image.new(mode, (16, 16), 128), "TIFF")
        assert load_input(data).tobytes() == load_input(plain).tobytes()

    def test_srgb_itself_changes_nothing(self) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        found = np.asarray(load_input(saved(photo(), "PNG", icc_profile=profile)), int)
        assert np.abs(found - np.asarray(photo(), int)).max() <= 1


class TestDeepPixels:
    def test_floats_from_0_to_1(self) -> None:
        found = np.asarray(load_input((UPLOADS / "float01.tif").read_bytes()))
        assert (found.min(), found.max()) == (0, 255)
        assert abs(found.mean() - 127.5) < 1

    @pytest.mark.parametrize(
        ("black", "white"),
        [(0, 1), (0, 255), (0, 65535), (-1, 1), (-300, 9000), (0, 4095), (0, 1e9), (-5, 5), (0, 1e-3)],
    )
    def test_floats_of_any_range(self, black: float, white: float) -> None:
        ramp = np.tile(np.linspace(black, white, 256, dtype=np.float32), (8, 1))
        found = np.asarray(load_input(saved(Image.fromarray(ramp), "TIFF")), int)[4, :, 0]
        assert np.abs(found - np.arange(256)).max() <= 1

    @pytest.mark.parametrize("kind", [np.int32, np.uint32, np.uint16])
    @pytest.mark.parametrize("share", [1.0, 0.5])
    def test_whole_numbers_of_their_whole_range(self, kind: type, share: float) -> None:
        top = np.iinfo(kind).max
        ramp = np.tile(np.linspace(0, top * share, 256), (8, 1)).astype(kind)
        data = io.BytesIO()
        if kind is np.uint32:  # Pillow has no mode for it: written as signed, told as unsigned
            Image.fromarray(ramp.view(np.int32)).save(data, "TIFF")
            data = io.BytesIO(data.getvalue().replace(SIGNED, UNSIGNED))
        else:
            Image.fromarray(ramp).save(data, "TIFF")
        found = np.asarray(load_input(data.getvalue()), int)[4, :, 0]
        assert found[0] == 0
        assert found[-1] in ((255, 128, 127) if kind is np.uint16 else (255,))
        assert np.all(np.diff(found) >= 0)

    def test_what_is_no_number_is_black_and_spoils_nothing(self) -> None:
        ramp = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (8, 1))
        ramp[0, :3] = np.nan, np.inf, -np.inf
        found = np.asarray(load_input(saved(Image.fromarray(ramp), "TIFF")), int)[..., 0]
        assert found[0, :3].tolist() == [0, 255, 0]
        assert np.abs(found[4] - np.arange(256)).max() <= 1

    def test_a_flat_float_picture_is_a_picture(self) -> None:
        for value, grey in ((0.0, 0), (0.5, 128), (1.0, 255)):
            data = saved(Image.new("F", (8, 8), value), "TIFF")
            assert load_input(data).getpixel((2, 2)) == (grey,) * 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_mutated_file_is_a_picture_or_a_sentence(seed: int) -> None:
    for data in fuzz_pictures.mutated(150, seed):
        try:
            assert opened(data).picture.mode == "RGB"
        except BadPicture as error:
            assert str(error).endswith(".")  # noqa: PT017


def test_what_is_no_picture_is_told_each_kind_that_is_one():
    with pytest.raises(BadPicture) as refused:
        opened(b"no picture at all")
    for kind in ("PNG", "JPEG", "WebP", "AVIF", "GIF", "BMP", "TIFF"):
        assert kind in str(refused.value)
        if kind != "AVIF" or features.check("avif"):
            assert opened(saved(photo(), kind)).picture.size == (160, 120)
