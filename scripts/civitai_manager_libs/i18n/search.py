"""Texts about the search of the library, in Traditional Chinese and English."""

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
    "collection_refused": (
        "這個名稱不能用：是空白，或已有同名的收藏集。",
        "This name cannot be used: it is empty, or another collection has it.",
    ),
    "no_export": ("這不是從這裡匯出的檔案。", "This file was not exported from here."),
    "import_done": (
        "已匯入 {n} 張圖片、{sets} 個收藏集",
        "Imported: {n} {n:picture|pictures}, {sets} {sets:collection|collections}",
    ),
    "search_many": (
        "條件太多：從「{text}」起都略過。",
        "Too much at once: “{text}” and what follows was left out.",
    ),
    "watch_too_many": (
        "已追蹤 {n} 個圖庫：請先停止追蹤其中一個。",
        "{n} galleries are watched: stop watching one of them first.",
    ),
    "watch_what": (
        "只能追蹤模型、版本或作者。",
        "A model, a version or an author can be watched, and nothing else.",
    ),
}
# What the page's own code says.
PAGE_WORDS: dict[str, tuple[str, str]] = {
    "open_collections": ("最愛與收藏集", "Favourites and collections"),
    "favourites": ("我的最愛", "Favourites"),
    "favourite_added": ("已加入最愛：{n} 張", "{n} {n:picture|pictures} added to your favourites"),
    "favourite_removed": (
        "已從最愛移除：{n} 張",
        "{n} {n:picture|pictures} removed from your favourites",
    ),
    "say_favourite": ("我的最愛 (B)", "Favourite (B)"),
    "key_favourite": ("加入或移除最愛", "Add to or remove from favourites"),
    "do_favourite": ("最愛", "Favourite"),
    "do_add_to_collection": ("加入收藏集", "Add to a collection"),
    "name_favourite": ("我的最愛", "favourite"),
    "name_deleted": ("已不在 Civitai 的圖庫中", "no longer in its gallery"),
    "deleted_since": (
        "{date} 起已不在 Civitai 的圖庫中（刪除或改了分級）",
        "Since {date} no longer in its gallery on Civitai: deleted, or rated otherwise",
    ),
    "annotations_title": ("我的標註", "Your notes"),
    "annotation_stars": ("評分", "Rating"),
    "annotation_stars_n": ("{n} 顆星", "{n} of 5 stars"),
    "annotation_tags": ("標籤，以逗號分隔", "Tags, separated by commas"),
    "annotation_note": ("筆記", "Note"),
    "annotation_add_to": ("加入收藏集…", "Add to a collection…"),
    "annotation_remove_from": ("從「{name}」移除", "Remove from “{name}”"),
    "collection_name": ("收藏集名稱", "Name of a collection"),
    "collection_make": ("建立", "Create"),
    "collection_add_marked": ("加入已標記的 {n} 張", "Add the {n} marked"),
    "collection_add_marked_to": (
        "將已標記的 {n} 張加入「{name}」",
        "Add the {n} marked to “{name}”",
    ),
    "collection_filled": ("已將 {n} 張加入「{name}」", "{n} added to “{name}”"),
    "collection_rename": ("為收藏集「{name}」改名", "Rename the collection “{name}”"),
    "collection_save_name": ("改名", "Rename"),
    "collection_delete": ("刪除收藏集「{name}」", "Delete the collection “{name}”"),
    "collection_delete_sure": (
        "刪除收藏集「{name}」？其中的圖片會保留。",
        "Delete the collection “{name}”? Its pictures stay.",
    ),
    "collections_none": ("還沒有收藏集。", "There are no collections yet."),
    "collections_export": ("匯出 (JSON)", "Export (JSON)"),
    "collections_import": ("匯入", "Import"),
    "search_where": ("搜尋範圍", "Where to search"),
    "search_loaded": ("已載入的圖片中", "In what is loaded"),
    "search_gallery": ("本機圖庫：這個圖庫", "Library: this gallery"),
    "search_all": ("本機圖庫：全部", "Library: everything"),
    "search_field": ("提示詞或 lora:… steps>20", "Words, or lora:… steps>20"),
    "library_title": ("本機圖庫", "Library"),
    "open_library": ("搜尋本機圖庫", "Search the library"),
    "search_suggestions": ("建議", "Suggestions"),
    "search_looked": (
        "搜尋仍在繼續：已看過本機圖庫 {all} 張中的 {n} 張。",
        "Still searching: {n} of {all} pictures of the library so far.",
    ),
    "search_none": ("本機圖庫中沒有符合的圖片。", "Nothing in the library matches."),
    "open_watches": ("追蹤的圖庫", "Watched galleries"),
    "open_watches_n": ("追蹤的圖庫：有 {n} 個有新圖片", "Watched galleries, news in {n}"),
    "do_watch": ("追蹤", "Watch"),
    "is_watched": ("追蹤中", "Watching"),
    "watch_hint": (
        "下次啟動時查看這裡上傳了多少新圖片",
        "Tells what was uploaded here since, each time Civitai Shortcut starts",
    ),
    "watches_none": (
        "還沒有追蹤的圖庫。開啟模型、版本或作者，按「追蹤」。",
        "You watch nothing yet. Open a model, a version or an author, and press Watch.",
    ),
    "watches_means": (
        "新圖片是您上次看過之後出現的：新上傳的，以及先前上傳、現在才公開的。",
        "New is what has appeared since you last looked: uploads, and what was uploaded before and"
        " published only now.",
    ),
    "watches_by_upload": (
        "Civitai 依上傳時間列出整個模型：較晚公開的圖片排在它上傳的位置，只有在最新 200 張之內才算。"
        "若要全部，請追蹤版本。",
        "Civitai lists a whole model by upload: what is published late stands where its upload was,"
        " and counts only among the newest 200. To miss none, watch a version.",
    ),
    "watches_n": ("{n} 張新圖片", "{n} new"),
    "watches_more": ("超過 {n} 張新圖片", "more than {n} new"),
    "watches_nothing": ("沒有新圖片", "nothing new"),
    "watches_never": ("下次啟動時查看", "checked when Civitai Shortcut next starts"),
    "watches_at": ("{news}，{date} 查看", "{news}, checked {date}"),
    "watch_stop": ("停止追蹤「{name}」", "Stop watching “{name}”"),
    "watch_check": ("立即查看", "Check now"),
    "watch_checking": ("查看中…", "Checking…"),
    "name_new": ("新圖片", "new"),
    "clear_search_field": ("清除", "Clear"),
    # The help sheet
    "help_search": ("搜尋", "Searching"),
    "help_search_words": (
        "提示詞中有前者、沒有後者",
        "The prompt has the first word and not the second",
    ),
    "help_search_exact": ("完全相同的一段文字", "Exactly this text"),
    "help_search_name": (
        "名稱的一部分；也可用 model: embedding: sampler: size: author: base:",
        "Part of a name; also model: embedding: sampler: size: author: base:",
    ),
    "help_search_number": (
        "也可用 cfg width height reactions，以及 >= < <= =",
        "Also cfg, width, height and reactions, and >= < <= =",
    ),
    "help_search_date": ("這個月起；也可用 before:", "From that month on; also before:"),
    "help_search_is": (
        "也可用 is:saved is:here is:gone is:video has:data",
        "Also is:saved is:here is:gone is:video has:data",
    ),
    "help_search_own": ("自己的評分；也可用 tag: set: note:", "Your rating; also tag: set: note:"),
}
