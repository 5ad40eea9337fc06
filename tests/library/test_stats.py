"""The statistics of a gallery, checked by another way of counting; recipes; speed."""

import random
from collections import defaultdict
from statistics import median

import pytest
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.infotext import parse_infotext
from civitai_manager_libs.library import gallery_stats, image_records, pages, search
from civitai_manager_libs.library.database import select_rows
from civitai_manager_libs.library.gallery_stats import build_search_query, count_images
from civitai_manager_libs.library.gallery_stats import serialize_stats, StatsBar, summarize_gallery
from civitai_manager_libs.library.image_features import extract_features, ImageFeatures
from stored_images import make_image, store_model

_PHRASES = ("golden hour", "masterpiece", "blue eyes", "長い髪", "夜空", "🔥", "score_9", "straße")
_LORAS = ("detail_tweaker", "Ink & Wash", "水墨")
_SAMPLERS = {  # as somebody wrote it: the sampler and the schedule that it means
    "DPM++ 2M Karras": ("DPM++ 2M", "Karras"),
    "dpmpp_2m_karras": ("DPM++ 2M", "Karras"),
    "euler_ancestral": ("Euler a", ""),
    "Euler a": ("Euler a", ""),
    "uni_pc": ("UniPC", ""),
    "My own <b>sampler</b>": ("My own <b>sampler</b>", ""),
    "Undefined": ("", ""),
}
_STEPS = {30: "30", "30": "30", 30.0: "30", "NaN": "", 10**400: "", -5: "", "20": "20", True: ""}
_CFG = {7: "7", "7.0": "7", 7.5: "7.5", "1e999": "", None: "", "inf": ""}


def _decorated(rng, phrase):
    """Return a phrase with weights, brackets or spaces, as users write it."""
    ways = ("{}", "({}:1.2)", "(({}))", "[{}]", "{{{}}}", " {}  ", "({}:0.8)", "{}:1.1")
    text = rng.choice(ways).format(phrase)
    return text.upper() if rng.random() < 0.3 and phrase != "straße" else text


def _made(rng):
    """Return (generation data, {kind: values in the data})."""
    phrases = rng.sample(_PHRASES, rng.randint(0, 4))
    loras = {
        name: rng.choice(("0.6", "0.8", "1")) for name in rng.sample(_LORAS, rng.randint(0, 2))
    }
    written = [_decorated(rng, phrase) for phrase in phrases]
    written += [f"<lora:{name}:{weight}>" for name, weight in loras.items()]
    rng.shuffle(written)
    sampler, steps, cfg = (rng.choice(list(some)) for some in (_SAMPLERS, _STEPS, _CFG))
    size = rng.choice(("832x1216", "512 x 512", "hugexhuge", 7))
    meta = {"prompt": ", ".join(written), "sampler": sampler, "steps": steps, "cfgScale": cfg}
    meta |= {"Size": size, "clipSkip": rng.choice((2, "2", [], {}))}
    said = {
        "word": {phrase.replace("straße", "strasse") for phrase in phrases},
        "lora": set(loras),
        "sampler": {_SAMPLERS[sampler][0]},
        "schedule": {_SAMPLERS[sampler][1]},
        "steps": {_STEPS[steps]},
        "cfg": {_CFG[cfg]},
        "size": {{"832x1216": "832x1216", "512 x 512": "512x512"}.get(size, "")},
        "clip": {"2" if meta["clipSkip"] in (2, "2") else ""},
    }
    return meta, {kind: values - {""} for kind, values in said.items()}, loras


_NOTHING = (None, {}, [], "text", 5, {"prompt": None}, {"prompt": ["a"]}, {"meta": {"meta": None}})


def _image(number, meta, reactions):
    if number % 5 == 0 and isinstance(meta, dict):
        meta = {"id": number, "meta": meta}
    stats = {"likeCount": reactions, "commentCount": 1000}
    return make_image(number, meta=meta, stats=stats, modelVersionIds=[10 + number % 3])


@pytest.fixture(scope="module")
def thousand():
    """Return a thousand images with odd generation data, and the values in each."""
    rng = random.Random(14)
    seen, truth = [], []
    for number in range(1, 1001):
        meta, said, loras = _made(rng) if rng.random() < 0.9 else (rng.choice(_NOTHING), {}, {})
        reactions = rng.randrange(40)
        facts = extract_features(_image(number, meta, reactions))
        seen.append(facts._replace(reactions=reactions))
        truth.append((reactions, said, loras, 10 + number % 3))
    return seen, truth


@pytest.mark.parametrize(
    "kind", ["word", "lora", "sampler", "schedule", "steps", "cfg", "size", "clip"]
)
def test_statistics_of_a_thousand_images_match_a_count_by_hand(thousand, kind):
    seen, truth = thousand
    got = defaultdict(list)
    for reactions, said, _, _ in truth:
        for value in said.get(kind, ()):
            got[value].append(reactions)
    expected = [(value, len(some), median(some)) for value, some in got.items()]
    expected.sort(key=lambda row: (-row[1], row[0]))
    bars = summarize_gallery(seen).bars[kind]
    assert [(bar.value, bar.count, bar.reactions) for bar in bars] == expected[:30]
    assert len(bars) >= 1 and bars[0].count > 100


def test_totals_count_only_images_with_data(thousand):
    seen, truth = thousand
    figures = summarize_gallery(seen)
    told = [reactions for reactions, said, _, _ in truth if any(said.values())]
    assert (figures.image_count, figures.with_data) == (1000, len(told))
    assert figures.reactions == median(told) and 0 < len(told) < 1000


def test_lora_bar_has_the_most_common_lowest_and_highest_weight(thousand):
    seen, truth = thousand
    bars = {bar.value: bar for bar in summarize_gallery(seen).bars["lora"]}
    for name in _LORAS:
        weights = [loras[name] for *_, loras, _ in truth if name in loras]
        usual = min(set(weights), key=lambda weight: (-weights.count(weight), float(weight)))
        assert (bars[name].weight, bars[name].low, bars[name].high) == (usual, "0.6", "1")


def test_each_version_is_counted_separately(thousand):
    seen, truth = thousand
    versions = summarize_gallery(seen).versions
    assert sorted(versions) == [10, 11, 12]
    for key, figures in versions.items():
        own = [said for _, said, _, version in truth if version == key]
        steps = sum("30" in said.get("steps", ()) for said in own)
        assert figures.image_count == len(own)
        assert {bar.value: bar.count for bar in figures.bars["steps"]}["30"] == steps


def _samples(*rows):
    return [ImageFeatures(n, reactions=n, words=list(row)) for n, row in enumerate(rows)]


def test_word_that_is_mostly_part_of_a_phrase_has_no_bar():
    rows = [("+hair", "+long hair")] * 9 + [("+hair", "+eyes")] * 2
    found = [bar.value for bar in count_images(_samples(*rows)).bars["word"]]
    assert found == ["long hair", "eyes"]
    rows += [("+hair",)] * 3
    assert [bar.value for bar in count_images(_samples(*rows)).bars["word"]][0] == "hair"


def test_value_of_a_single_image_among_many_has_no_bar():
    few, many = [("+rare",), ("+usual",)], [("+rare",), *[("+usual",)] * 4]
    assert [bar.value for bar in count_images(_samples(*few)).bars["word"]] == ["rare", "usual"]
    assert [bar.value for bar in count_images(_samples(*many)).bars["word"]] == ["usual"]


def test_word_in_sentences_and_as_a_tag_has_one_bar():
    samples = _samples(("+red hair",), ("~red hair",), ("~red hair",), ("+red hair",), ("~x",) * 1)
    assert count_images(samples).bars["word"] == (StatsBar("red hair", 4, 1.5, share=0.8),)
    assert count_images([*samples, *samples[1:3]]).bars["word"][0].is_in_sentence


def test_statistics_of_no_images_are_empty():
    found = summarize_gallery([])
    assert (found.image_count, found.reactions, found.recipe) == (0, 0, "")
    assert serialize_stats(found, {}, {})["groups"] == []


def _picture(**meta):
    return extract_features(_image(1, meta, 0))._replace(version_ids=())


_HIRES = {"Hires upscaler": "Latent", "Hires upscale": "2", "Denoising strength": "0.4"}


def test_recipe_has_the_settings_of_images_with_the_most_common_sampler():
    euler = {"sampler": "Euler a", "steps": 20, "cfgScale": 5, "Size": "832x1216"}
    others = {"steps": 50, "cfgScale": 11, "Size": "512x512", **_HIRES}
    seen = [_picture(prompt="sea, <lora:ink:0.7>, (dawn:1.2)", **euler) for _ in range(3)]
    seen += [_picture(prompt="sea", sampler=name, **others) for name in ("DDIM", "UniPC", "LMS")]
    seen.append(_picture(prompt="sea", negativePrompt="blurry", **euler, **_HIRES, seed=5))
    read = parse_infotext(summarize_gallery(seen).recipe)
    assert read.prompt == "sea, dawn" and read.negative_prompt == ""
    expected = {"Steps": "20", "Sampler": "Euler a", "CFG scale": "5", "Size": "832x1216"}
    assert read.parameters == expected


def test_recipe_has_common_loras_and_negative_words_but_none_of_sentences():
    hires = {"sampler": "Euler", "steps": 20, "cfgScale": 5, **_HIRES}
    embedding = {"type": "embed", "name": "easynegative", "hash": "c74b4e810b03"}
    made = {"negativePrompt": "EasyNegative, blurry", "resources": [embedding], **hires}
    seen = [_picture(prompt="sea, <lora:ink:0.7>", **made) for _ in range(4)]
    read = parse_infotext(summarize_gallery(seen).recipe)
    assert read.prompt == "sea, <lora:ink:0.7>"
    assert read.negative_prompt.casefold() == "easynegative, blurry"
    assert {name: read.parameters[name] for name in _HIRES} == _HIRES
    prompt = "A quiet sea lies under the pale light of an early morning in autumn"
    found = summarize_gallery([_picture(prompt=prompt, **hires) for _ in range(4)])
    assert "pale light" in [bar.value for bar in found.bars["word"]]
    assert parse_infotext(found.recipe).prompt == ""


@pytest.mark.parametrize("name", ["a\nsEuler", "a\tb", "x\u2028y", "\ud800", "<b>", "a" * 5000])
def test_hostile_name_gives_one_short_feature(name):
    meta = {"sampler": name, "steps": 20, "resources": [{"type": "lora", "name": name}] * 3}
    facts = extract_features(_image(1, meta, 0))
    assert not any("\n" in fact or len(fact) > 210 for fact in facts.settings)
    assert [fact[0] for fact in facts.settings].count("s") <= 1


_FILES = {"ink_v2": 72, "abc1234567": 72, "ink_v1": 71}


def _own(weight="0.7", name="Ink_v2", on_site=False):
    used = {"type": "lora", "weight": float(weight)}
    used |= {"modelVersionId": 72} if on_site else {"name": name}
    key = "civitaiResources" if on_site else "resources"
    return _picture(prompt="sea", sampler="Euler", steps=20, cfgScale=5, **{key: [used]})


def test_own_lora_counts_once_by_file_name_or_version():
    seen = [_own(), _own("0.9"), _own("0.9", on_site=True), _own("0.9", "INK_V2"), _own(name="x")]
    [bar] = summarize_gallery(seen, _FILES).bars["lora"]
    assert (bar.value, bar.count, bar.weight, bar.low, bar.high) == ("#72", 4, "0.9", "0.7", "0.9")


def test_recipe_names_a_rare_own_lora_by_its_file():
    seen = [_own(), _own(), _own(on_site=True), *[_own(name=f"other{n}") for n in range(9)]]
    found = summarize_gallery(seen, _FILES)
    assert parse_infotext(found.recipe).prompt == "sea, <lora:Ink_v2:0.7>"
    lora = next(g for g in serialize_stats(found, {}, {})["groups"] if g["kind"] == "lora")["bars"][
        0
    ]
    assert (lora.label, lora.is_model_version) == ("Ink_v2", True)


@pytest.mark.parametrize(
    "kind, value, expected",
    [
        ("word", "golden hour", '"golden hour"'),
        ("word", "a:b -c", '"a:b -c"'),
        ("negative", "blurry", 'negative:"blurry"'),
        ("sampler", "DPM++ 2M", 'sampler="DPM++ 2M"'),
        ("schedule", "Karras", 'schedule="Karras"'),
        *[(kind, value, f"{kind}={value}") for kind, value in (("steps", "30"), ("cfg", "4.5"))],
        *[("clip", "2", "clip=2"), ("size", "832x1216", 'size="832x1216"')],
        *[("upscale", "1.5", "hires=1.5"), ("lora", "Ink & Wash", 'lora:"Ink & Wash"')],
        ("lora", 'a "quoted" name', 'lora:"a ""quoted"" name"'),
        ("checkpoint", "ponyPlain_v6", 'model:"ponyPlain_v6"'),
        ("embedding", "EasyNegative", 'embedding:"EasyNegative"'),
    ],
)
def test_bar_gives_a_search_query(kind, value, expected):
    assert build_search_query(kind, value, value) == expected
    assert build_search_query("lora", "#72", "Ink v2", is_model_version=True) == 'model:"Ink v2"'
    assert build_search_query("lora", "#72", "#72", is_model_version=True) == ""


_MODEL, _OLD, _NEW = 7, 70, 71
pytestmark = pytest.mark.usefixtures("library")


def _stored_image(image_id, versions=(), level=1, **meta):
    meta = {"prompt": "sea", "sampler": "Euler a", "steps": 20, "cfgScale": 7, **meta}
    ids = {"modelVersionIds": list(versions), "browsingLevel": level}
    return make_image(image_id, meta=meta, **ids)


def _read(*images, **query):
    """Store a gallery page with these images."""
    image_records.store_images(images, galleries=pages.list_gallery_names(ImageQuery(**query)))


def _seen(version=None, level=31, versions=(_OLD, _NEW)):
    return gallery_stats.list_gallery_images(_MODEL, versions, version, level)


def test_each_image_of_the_models_gallery_counts_once(library):
    one, two = _stored_image(1), _stored_image(2)
    _read(one, two, model_id=_MODEL)
    _read(one, model_id=_MODEL)
    _read(_stored_image(3), model_id=8)
    _read(_stored_image(4), username="anna")
    assert len(_seen()) == 2
    library.forget()
    assert len(_seen()) == 2


def test_image_belongs_to_the_versions_of_its_record_and_its_pages(library):
    _read(_stored_image(1, [_OLD, 999]), _stored_image(2), model_id=_MODEL)
    _read(_stored_image(3), model_id=_MODEL, version_id=_NEW)
    _read(_stored_image(4, [_NEW]), username="anna")
    assert sorted(map(sorted, (one.version_ids for one in _seen()))) == [[], [70], [71]]
    assert (len(_seen(_OLD)), len(_seen(_NEW)), len(_seen(72))) == (1, 2, 0)


def test_images_of_other_browsing_levels_do_not_count():
    _read(_stored_image(1, level=1), _stored_image(2, level=8, prompt="secret"), model_id=_MODEL)
    assert [one.words for one in _seen(level=3)] == [["+sea"]]
    assert len(_seen(level=15)) == 2


def test_latest_complete_record_counts(library):
    _read(_stored_image(1), model_id=_MODEL)
    _read(_stored_image(1, sampler="DDIM"), model_id=_MODEL)
    image_records.store_images([_stored_image(1, sampler="LMS")], is_complete=False)
    library.forget()
    assert [one.settings[0] for one in _seen()] == ["sDDIM"]


def test_outdated_and_missing_rows_are_computed_and_stored(library, alter):
    _read(_stored_image(1), _stored_image(2, sampler="LMS"), model_id=_MODEL)
    alter("UPDATE image_features SET made_by = made_by + 1, settings = 'sWrong' WHERE id = 1")
    alter("DELETE FROM image_features WHERE id = 2")
    assert sorted(one.settings[0] for one in _seen()) == ["sEuler a", "sLMS"]
    library.forget()
    stored = select_rows("SELECT settings FROM image_features ORDER BY id")
    assert [settings.split("\n")[0] for (settings,) in stored] == ["sEuler a", "sLMS"]


def test_record_with_lone_surrogates_is_counted():
    _read(_stored_image(1, sampler="\ud800x", prompt="a\ud800b, sea"), model_id=_MODEL)
    assert "+sea" in _seen()[0].words


def test_statistics_list_versions_in_the_models_order_and_name_resources(library):
    store_model(_MODEL, "Ink", (_NEW, "v2"), (_OLD, "v1"), type="LORA")
    used = [{"type": "lora", "modelVersionId": _NEW, "weight": 0.8}]
    made = [
        _stored_image(n, [_OLD] if n < 3 else [_NEW], civitaiResources=used) for n in range(1, 6)
    ]
    _read(*made, model_id=_MODEL)
    found = gallery_stats.compute_gallery_stats(_MODEL, None, 31)
    told = [(v["id"], v["name"], v["image_count"]) for v in found["versions"]]
    assert told == [(_NEW, "v2", 3), (_OLD, "v1", 2)]
    [lora] = next(group["bars"] for group in found["groups"] if group["kind"] == "lora")
    assert (lora.value, lora.label, lora.weight) == ("#71", "Ink v2", "0.8")
    assert found["image_count"] == found["with_data"] == 5
    assert found["versions"][0]["most"]["sampler"].share == 1


@pytest.mark.parametrize("seed", range(3))
def test_search_of_each_bar_finds_the_images_that_it_counts(library, seed):
    rng = random.Random(seed)
    store_model(_MODEL, "Ink", (_NEW, "v2"), (_OLD, "v1"), type="LORA")
    kinds = [(kind, key) for kind in ("lora", "checkpoint", "embedding") for key in (7, 77, _NEW)]
    made = []
    for number in range(1, 120):
        meta = _made(rng)[0]
        used = [{"type": kind, "modelVersionId": key} for kind, key in rng.sample(kinds, 2)]
        made.append(make_image(number, meta={**meta, "civitaiResources": used}))
    _read(*made, model_id=_MODEL)
    found = gallery_stats.compute_gallery_stats(_MODEL, None, 31)
    bars = [bar for group in found["groups"] for bar in group["bars"] if bar.search]
    assert sum(bar.label.startswith("#") for bar in bars) >= 4 and len(bars) > 20
    for bar in bars:
        ids = search.run_search(search.parse_query(bar.search), limit=200).ids
        assert len(ids) >= bar.count, (bar.search, len(ids), bar.count)
