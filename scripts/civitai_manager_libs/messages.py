"""Words for the user, by language."""

from __future__ import annotations

from typing import Any

__all__ = ["LANGUAGES", "language_of", "text"]

LANGUAGES = ("zh-TW", "en")


def text(key: str, language: str, **values: Any) -> str:
    """The words of `key` in `language` ("zh-TW" or "en"), with `values` put in."""
    chinese, english = _WORDS[key]
    return (chinese if language == "zh-TW" else english).format(**values)


def language_of(accepted: str) -> str:
    """The language for a browser's `Accept-Language`: Chinese where it comes before English."""
    for part in accepted.lower().split(","):
        tag = part.partition(";")[0].strip()
        if tag.startswith("zh"):
            return "zh-TW"
        if tag.startswith("en"):
            return "en"
    return "en"


# key: (Traditional Chinese, English)
_WORDS: dict[str, tuple[str, str]] = {
    "progress": ("下載圖片 {done}/{total}", "Downloading pictures {done}/{total}"),
    "resting": ("{seconds} 秒後繼續", "resuming in {seconds} s"),
    "some_failed": (
        "部分圖片下載失敗 ({n} 個)，請檢查網路連線 💥!",
        "Some pictures could not be downloaded ({n}): please check your network connection 💥!",
    ),
}
