"""Words about searching what was read, in Traditional Chinese and English."""

from __future__ import annotations

__all__ = ["PAGE_WORDS", "WORDS"]

# key: (Traditional Chinese, English)
WORDS: dict[str, tuple[str, str]] = {
    "search_number": (
        "略過「{text}」：{name} 需要數字，例如 {name}>20。",
        "“{text}” was left out: {name} takes a number, as in {name}>20.",
    ),
    "search_date": (
        "略過「{text}」：日期是年、月或日，例如 {name}:2025-01。",
        "“{text}” was left out: a date is a year, a month or a day, as in {name}:2025-01.",
    ),
    "search_flag": (
        "略過「{text}」：{name}: 之後可以是 {choices}。",
        "“{text}” was left out: {name}: takes {choices}.",
    ),
    "search_many": (
        "條件太多：從「{text}」起都略過。",
        "Too much at once: “{text}” and what follows was left out.",
    ),
}
# What the page's own code says.
PAGE_WORDS: dict[str, tuple[str, str]] = {
    "search_where": ("搜尋範圍", "Where to search"),
    "search_loaded": ("已載入的圖片中", "In what was read"),
    "search_gallery": ("這個圖庫所有保留的", "All that was kept of it"),
    "search_all": ("所有保留的圖片", "All that was ever kept"),
    "search_field": ("提示詞或 lora:… steps>20", "Words, or lora:… steps>20"),
    "search_kept": ("保留的圖片", "Pictures that were kept"),
    "search_kept_for": ("保留的圖片：{text}", "Pictures that were kept: {text}"),
    "open_kept": ("搜尋保留的圖片", "Search what was kept"),
    "search_suggestions": ("建議", "Suggestions"),
    "search_none": ("保留的圖片都不符合。", "Nothing that was kept fits."),
    "clear_within": ("清除", "Clear"),
}
