"""The tables of the library's database."""

from __future__ import annotations

OF_IDS = "IN (SELECT value FROM json_each(?))"  # ids as a JSON array

_IMAGES = """
CREATE TABLE images (
    id INTEGER PRIMARY KEY, read_at REAL NOT NULL, is_whole INTEGER NOT NULL, record BLOB NOT NULL
);
CREATE INDEX images_by_age ON images (read_at);
"""
# The features that statistics count, of each whole record (see `image_features`). made_by: the
# version of the rules; rows of another version are computed again.
_FEATURES = """
CREATE TABLE image_features (
    id INTEGER PRIMARY KEY, made_by INTEGER NOT NULL, level INTEGER NOT NULL,
    reactions INTEGER NOT NULL, versions TEXT NOT NULL, settings TEXT NOT NULL, words TEXT NOT NULL
)
"""
# What a search reads, apart from the large records. search_fields: numbers are NULL if the
# record lacks them; created: ISO 8601 or "". texts: folded (see `core.fold_text`). names: LoRAs,
# samplers, authors and so on, each once by kind; image_names: the images that have each. seen: the
# galleries in which an image was read, as "model 5", "version 7", "post 9" or "user anna".
_TEXTS = """
CREATE TABLE search_fields (
    id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
    level INTEGER NOT NULL, type TEXT NOT NULL, created TEXT NOT NULL, width INTEGER NOT NULL,
    height INTEGER NOT NULL, reactions INTEGER NOT NULL, has_data INTEGER NOT NULL, steps REAL,
    cfg REAL, clip_skip REAL, hires REAL{more}
);
CREATE TABLE texts (
    id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
    prompt TEXT NOT NULL, negative TEXT NOT NULL, names TEXT NOT NULL
);
CREATE TABLE names (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, shown TEXT NOT NULL,
    UNIQUE (kind, name)
);
CREATE TABLE image_names (
    name INTEGER NOT NULL, id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    weight REAL, PRIMARY KEY (name, id)
) WITHOUT ROWID;
CREATE TABLE seen (
    gallery TEXT NOT NULL, id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    PRIMARY KEY (gallery, id)
) WITHOUT ROWID;
CREATE INDEX seen_by_image ON seen (id)
"""
TEXTS_OF_3 = _TEXTS.format(more="")
_SEARCHED = _TEXTS.format(more=", has_negative INTEGER")
# An image's place in the order of reactions as one number. With the pair (reactions, id) SQLite
# would seek the reactions alone in an index and step over all images that have as many.
# Civitai's ids have 31 bits.
RANK = "min({reactions}, 524287) << 40 | {id}"
# A search in the order of reactions reads all that it compares from this index.
_RANK = RANK.format(reactions="reactions", id="id")
_INDEX = f"""
CREATE INDEX IF NOT EXISTS search_fields_by_rank ON search_fields (({_RANK}), reactions, level,
    type, created, width, height, has_data, steps, cfg, clip_skip, hires, has_negative)
"""
# What the user has added to images: it stays when their records are evicted. annotations:
# favourites, stars and notes. folded: the text as searches compare it. missing_images: those that
# Civitai no longer has, and when that was noticed.
_OWN = """
CREATE TABLE annotations (
    id INTEGER PRIMARY KEY, favourite INTEGER NOT NULL, stars INTEGER NOT NULL, note TEXT NOT NULL,
    folded TEXT NOT NULL, marked_at REAL NOT NULL
);
CREATE TABLE user_tags (
    id INTEGER NOT NULL, tag TEXT NOT NULL, folded TEXT NOT NULL, PRIMARY KEY (folded, id)
) WITHOUT ROWID;
CREATE TABLE collections (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE,
    made_at REAL NOT NULL
);
CREATE TABLE collection_images (
    number INTEGER NOT NULL REFERENCES collections (number) ON DELETE CASCADE, id INTEGER NOT NULL,
    added_at REAL NOT NULL, PRIMARY KEY (number, id)
) WITHOUT ROWID;
CREATE TABLE missing_images (
    id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE, at REAL NOT NULL
)
"""
_BY_IMAGE = """
CREATE INDEX image_names_by_image ON image_names (id);
CREATE INDEX user_tags_by_image ON user_tags (id);
CREATE INDEX collection_images_by_image ON collection_images (id)
"""
# Galleries that the user watches. since, seen, newest: ids of the latest image before the current
# visit, at the end of that visit, and of all. fresh: how many images came after `seen`. Compressed
# lists of ids (see `watches`), NULL for none: known: seen images, the last read first; fresh_ids:
# the images that `fresh` counts; news: the images that are new in the current visit.
_WATCHED_OF_5 = """
CREATE TABLE watched (
    gallery TEXT PRIMARY KEY, name TEXT NOT NULL, model_id INTEGER, level INTEGER NOT NULL,
    since INTEGER NOT NULL, seen INTEGER NOT NULL, newest INTEGER NOT NULL,
    visited_at REAL NOT NULL, checked_at REAL NOT NULL, fresh INTEGER NOT NULL,
    is_more INTEGER NOT NULL
)
"""
_WATCHED = (
    _WATCHED_OF_5.rstrip().removesuffix(")").rstrip() + ", known BLOB, fresh_ids BLOB, news BLOB)"
)
# Versions that were read without their model, and the hashes (AutoV1 to AutoV3, in lower case) of
# the files of all versions that were read.
_VERSION_RECORDS = """
CREATE TABLE IF NOT EXISTS version_records (
    id INTEGER PRIMARY KEY, read_at REAL NOT NULL, record BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS version_hashes (
    hash TEXT NOT NULL, version_id INTEGER NOT NULL, PRIMARY KEY (hash, version_id)
) WITHOUT ROWID
"""
# What was made here from an image's data. path: a bare name or "" if the file came from a browser.
# ssim, hash_distance: see `reproductions.Similarity`; NULL until measured. thumbnail: a JPEG.
_REPRODUCTIONS = """
CREATE TABLE IF NOT EXISTS reproductions (
    number INTEGER PRIMARY KEY, image_id INTEGER NOT NULL, path TEXT NOT NULL,
    infotext TEXT NOT NULL, made_at REAL NOT NULL, is_edited INTEGER NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, ssim REAL, hash_distance INTEGER,
    thumbnail BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS reproductions_by_image ON reproductions (image_id)
"""
# Versions that Civitai did not have when they were requested; key: the base URL with a version's id
# or a file's hash, after "key " if the request had an API key, which may show more.
_MISSING_VERSIONS = """
CREATE TABLE IF NOT EXISTS missing_versions (key TEXT PRIMARY KEY, read_at REAL NOT NULL)
"""
# What the user hides: authors, words, and images by id. folded: the text as searches compare it.
_HIDDEN_RULES = """
CREATE TABLE IF NOT EXISTS hidden_rules (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL, folded TEXT NOT NULL,
    UNIQUE (kind, folded)
)
"""
# The images that a rule hides, by the prompt, a tag of Civitai or the user, the author, or the id.
_HIDDEN_IMAGES = """
CREATE TABLE IF NOT EXISTS hidden_images (
    id INTEGER NOT NULL, rule INTEGER NOT NULL REFERENCES hidden_rules (number) ON DELETE CASCADE,
    PRIMARY KEY (id, rule)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hidden_by_rule ON hidden_images (rule)
"""
# Letters that may not touch a hidden word. Scripts without spaces are left out: there, a word is
# found inside others.
_LETTERS = "0-9_a-z\u00aa-\u1fff"
_EDGE = f"CASE WHEN {{}} GLOB '[{_LETTERS}]' THEN '[^{_LETTERS}]' ELSE '?' END"
_ESCAPED = "replace(replace(replace(r.folded, '[', '[[]'), '*', '[*]'), '?', '[?]')"
_AFTER = f"{_ESCAPED} || {_EDGE.format('substr(r.folded, -1)')}"
_WORD = f"{_EDGE.format('substr(r.folded, 1, 1)')} || {_AFTER}"
# From the fastest comparison to the slowest, which finds a whole word after a part of another one.
_HAS_WORD = f"""instr({{0}}, r.folded) > 0 AND {{0}} || ' ' GLOB '*' || {_AFTER} || '*' AND (
    substr(' ' || {{0}} || ' ', instr({{0}}, r.folded), length(r.folded) + 2) GLOB {_WORD}
    OR ' ' || {{0}} || ' ' GLOB '*' || {_WORD} || '*')"""
_HIDE = f"""
INSERT OR IGNORE INTO hidden_images (id, rule)
SELECT t.id, r.number FROM hidden_rules r JOIN texts t ON {_HAS_WORD.format("t.prompt")}
    WHERE r.kind = 'word' AND {{which}}
UNION ALL SELECT t.id, r.number FROM hidden_rules r JOIN user_tags t
    ON {_HAS_WORD.format("t.folded")} WHERE r.kind = 'word' AND {{which}}
UNION ALL SELECT t.id, r.number FROM hidden_rules r {{join}} site_tags s
    ON {_HAS_WORD.format("s.folded")} {{join}} tagged t ON t.tag = s.number
    WHERE r.kind = 'word' AND {{which}}
UNION ALL SELECT t.id, r.number FROM hidden_rules r
    JOIN names n ON n.kind = 'author' AND n.name = r.folded JOIN image_names t ON t.name = n.number
    WHERE r.kind = 'author' AND {{which}}
UNION ALL SELECT t.id, r.number FROM hidden_rules r JOIN images t ON t.id = r.folded
    WHERE r.kind = 'image' AND {{which}}
"""


def make_hide_statement(which: str = "1", of_few_images: bool = False) -> str:
    """Return the SQL that stores which images are hidden by which rules.

    which: a condition for the rule `r.number` and the image `t.id`. of_few_images: whether the
    condition names images; otherwise their tags are not looked up, but the images of each tag.
    """
    # CROSS JOIN keeps SQLite from another order: https://www.sqlite.org/optoverview.html
    return _HIDE.format(which=which, join="JOIN" if of_few_images else "CROSS JOIN")


# What pages of images show of each, as the JSON of a `Tile`; "" if the record cannot be read.
# made_by: the version of the rules by which all that is derived from the record was made. site: the
# base URL in the settings at that time, which decides whether a record can be read.
_TILES = """
CREATE TABLE IF NOT EXISTS tiles (
    id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
    made_by INTEGER NOT NULL, site TEXT NOT NULL, tile TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tiles_by_maker ON tiles (made_by)
"""
# The tags that Civitai gives to images. number: Civitai's id of the tag. tags_read: the images
# whose tags were requested; they may have none.
_SITE_TAGS = """
CREATE TABLE IF NOT EXISTS site_tags (
    number INTEGER PRIMARY KEY, tag TEXT NOT NULL, folded TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS tagged (
    tag INTEGER NOT NULL, id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tagged_by_image ON tagged (id);
CREATE TABLE IF NOT EXISTS tags_read (
    id INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE
)
"""
# What Civitai says about posts. ids: the first images in the uploader's order, as a JSON array.
_POSTS = """
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY, read_at REAL NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
    username TEXT NOT NULL, ids TEXT NOT NULL
)
"""
# Copied from the jobs' database: the files that jobs have saved. saved_at: Unix time, 0 if unknown.
_SAVED = """
CREATE TABLE IF NOT EXISTS saved (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, saved_at REAL NOT NULL DEFAULT 0
)
"""
# What the creators of models permit, as the JSON of a `civitai.Licence`; "{}" if Civitai did not
# send the model.
_LICENCES = """
CREATE TABLE IF NOT EXISTS licences (
    model_id INTEGER PRIMARY KEY, read_at REAL NOT NULL, licence TEXT NOT NULL
)
"""
# The images that are never evicted: those with annotations or reproductions.
ANNOTATED_IDS = (
    "SELECT id FROM annotations UNION SELECT id FROM user_tags"
    " UNION SELECT id FROM collection_images UNION SELECT image_id FROM reproductions"
)
# Each three letters in a row are a token, so that words of every script are found inside others.
# trigram_list has each token once, to find the tokens that begin with one or two letters.
TRIGRAMS = """
CREATE VIRTUAL TABLE trigrams USING fts5 (
    prompt, negative, names, content = 'texts', content_rowid = 'id',
    tokenize = 'trigram case_sensitive 1', detail = 'column'
);
CREATE VIRTUAL TABLE trigram_list USING fts5vocab ('trigrams', 'row')
"""
TABLES = f"""
{_IMAGES}
CREATE TABLE models (
    id INTEGER PRIMARY KEY, read_at REAL NOT NULL, base_models TEXT NOT NULL, record BLOB NOT NULL
);
CREATE TABLE versions (
    id INTEGER PRIMARY KEY, model_id INTEGER NOT NULL, model_name TEXT NOT NULL, name TEXT NOT NULL
);
CREATE TABLE pages (
    query TEXT NOT NULL, cursor TEXT NOT NULL, read_at REAL NOT NULL, next_cursor TEXT,
    ids TEXT NOT NULL, PRIMARY KEY (query, cursor)
);
CREATE INDEX pages_by_age ON pages (read_at);
{_FEATURES};
{_SEARCHED};
{_INDEX};
{_OWN};
{_BY_IMAGE};
{_WATCHED};
{_VERSION_RECORDS};
{_REPRODUCTIONS};
{_MISSING_VERSIONS};
{_HIDDEN_RULES};
{_HIDDEN_IMAGES};
{_TILES};
{_SAVED};
{_LICENCES};
{_SITE_TAGS};
{_POSTS}
"""
_KINDS = {"model": "model_id", "version": "version_id", "post": "post_id", "user": "username"}
# Fills `seen` from the pages, which tell the galleries in which an image was read.
_SEEN = ";".join(f"""
INSERT OR IGNORE INTO seen SELECT '{kind} ' || json_extract(query, '$[1].{name}'), value
    FROM (SELECT CASE WHEN json_valid(query) THEN query ELSE '[]' END AS query, ids FROM pages),
    json_each(ids) WHERE json_extract(query, '$[1].{name}') NOT IN ('', 0)
    AND value IN (SELECT id FROM images)
""" for kind, name in _KINDS.items())
# Version 2 had the texts of a search in the table of records. The indexer fills the new tables
# from the records in the background: see `image_records.index_remaining`.
_FROM_2 = f"""
DROP INDEX images_by_age;
ALTER TABLE images RENAME TO old_images;
{_IMAGES}
INSERT INTO images SELECT id, read_at, is_whole, record FROM old_images;
DROP TABLE old_images;
{TEXTS_OF_3};
{_SEEN}
"""
_FROM_5 = "ALTER TABLE search_fields ADD COLUMN has_negative INTEGER"
_FROM_6 = """
ALTER TABLE watched ADD COLUMN known BLOB;
ALTER TABLE watched ADD COLUMN fresh_ids BLOB;
ALTER TABLE watched ADD COLUMN news BLOB
"""
# Searches no longer use the other indexes of `search_fields`, whose first name was `facts`.
_UNUSED = "in_order by_date by_reactions by_type by_width by_height by_steps by_cfg by_clip_skip"
_FROM_11 = f"""
{";".join(f"DROP INDEX IF EXISTS facts_{name}" for name in [*_UNUSED.split(), "by_hires"])};
UPDATE search_fields SET has_negative = ifnull((SELECT negative <> '' FROM texts
    WHERE texts.id = search_fields.id), 0) WHERE has_negative IS NULL;
{_INDEX}
"""
_FROM_12 = f"{_HIDDEN_IMAGES};{_TILES};{_SAVED};{_SITE_TAGS};{make_hide_statement()}"
_FORMER = "facts_by_rank uses_by_image own_tags_by_image in_sets_by_image"
_FROM_16 = f"""
{";".join(f"DROP INDEX IF EXISTS {name}" for name in _FORMER.split())};
{_INDEX};
{_BY_IMAGE}
"""
# Some libraries of version 17 have the column `saved_at`, others do not.
_FROM_17 = f"""
ALTER TABLE saved RENAME TO old_saved;
{_SAVED};
INSERT INTO saved (id, path) SELECT id, path FROM old_saved;
DROP TABLE old_saved
"""
CHANGES = (
    *(_FEATURES, _FROM_2, _OWN, _WATCHED_OF_5, _FROM_5, _FROM_6, _VERSION_RECORDS),
    *(_REPRODUCTIONS, _MISSING_VERSIONS, _HIDDEN_RULES, _FROM_11, _FROM_12, _LICENCES),
    *(_SITE_TAGS, _POSTS, _FROM_16, _FROM_17),
)
# Up to version 16: the first name of each, and its name now.
RENAMED = (
    ("figures", "image_features"),
    ("facts", "search_fields"),
    ("uses", "image_names"),
    ("marks", "annotations"),
    ("own_tags", "user_tags"),
    ("sets", "collections"),
    ("in_sets", "collection_images"),
    ("gone", "missing_images"),
)
