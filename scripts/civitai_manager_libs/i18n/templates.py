"""Texts for errors in a filename template, in Traditional Chinese and English."""

from __future__ import annotations

__all__ = ["WORDS"]

# key: (Traditional Chinese, English), each the rest of a sentence
WORDS: dict[str, tuple[str, str]] = {
    "template_whole_path": (
        "它是資料夾之下的位置，不能是完整路徑",
        "it is a place below the folder, and no whole path",
    ),
    "template_long": ("最多 {most} 個字元", "at most {most} characters are possible"),
    "template_deep": ("最多 {most} 層資料夾", "at most {most} folders are possible"),
    "template_leads_out": ("不能離開這個資料夾", "it must not lead out of the folder"),
    "template_unknown": ("沒有 {field} 這個欄位，可用的是 {known}", "{field} is none of {known}"),
    "template_form": (
        "只有 {{date}} 可以指定格式，{field} 不行",
        "only {{date}} takes a form, not {field}",
    ),
    "template_date": (
        "{field} 不是日期的寫法，%Y-%m-%d 才是",
        "{field} is no date, as %Y-%m-%d is",
    ),
    "template_brace": (
        "有大括號不屬於任何欄位；欄位寫成 {{author}} 或 {{author|nobody}}",
        "a brace belongs to no field, as those of {{author}} or {{author|nobody}} do",
    ),
    "template_no_id": (
        "最後一段必須有 {{id}}，圖片才不會同名",
        "its last part needs {{id}}, so that no two pictures have one name",
    ),
    "template_id_inside": (
        "{{id}} 必須在那一段的開頭或結尾",
        "{{id}} must be the first or the last of its part",
    ),
    "template_id_touched": (
        "{{id}} 不能緊接數字或其他欄位，中間請加空白或 -",
        "no number and no other field may touch {{id}}: put a space or a - between",
    ),
}
