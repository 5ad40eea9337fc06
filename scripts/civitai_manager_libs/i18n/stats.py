"""Texts of a gallery's statistics, in Traditional Chinese and English."""

from __future__ import annotations

__all__ = ["WORDS"]

# key: (Traditional Chinese, English)
WORDS: dict[str, tuple[str, str]] = {
    "stats_title": ("哪些設定好用", "What works here"),
    "stats_sample": (
        "已讀 {pictures} 張圖片，{with_data} 張有資料；每張圖片通常得到 {reactions} 個回應",
        "{pictures} {pictures:picture|pictures} read, {with_data} with data; a picture usually got"
        " {reactions} {reactions:reaction|reactions}",
    ),
    "stats_none": (
        "這個圖庫還沒有讀過的圖片。",
        "No picture of this gallery was loaded yet.",
    ),
    "stats_versions": ("各版本", "By version"),
    "stats_recipe": (
        "常用配方：最常一起使用的設定",
        "A recipe of settings most often used together",
    ),
    "stats_open_a_model": ("請先開啟一個模型。", "Open a model first."),
    "stats_few": (
        "圖片太少，數字僅供參考：往下捲動或多讀一些。",
        "So few pictures say little: scroll on, or read more of them.",
    ),
    "stats_hint": (
        "按一下長條，只看用到它的圖片。百分比以有資料的圖片計算，愛心是這類圖片通常得到的回應數。",
        "Press a bar to see its pictures. The share is of those with data; the heart is how many"
        " reactions such a picture usually got.",
    ),
    "stats_bar_count": ("，{n} 張，通常", ", {n} {n:picture|pictures}, usually"),
    "stats_bar_got": ("個回應", " reactions"),
    "stats_show": ("只看「{label}」的圖片", "Show pictures with “{label}”"),
    "stats_all": ("全部 {n} 個", "All {n}"),
    "stats_less": ("收合", "Fewer"),
    "stats_weight": ("權重 {weight}", "weight {weight}"),
    "stats_weights": ("權重 {weight}（{low} 到 {high}）", "weight {weight} ({low} to {high})"),
    "stats_own_weight": ("這個 LoRA 的權重", "Weight of this LoRA"),
    "stats_copy": ("複製配方", "Copy recipe"),
    "stats_send": ("傳送到 {tab}", "Send to {tab}"),
    "stats_version": ("版本", "Version"),
    "stats_pictures": ("有資料", "With data"),
    "stats_of_version": ("只看 {name}", "Only {name}"),
    "stats_read_most": ("最多再讀幾張", "Up to how many more pictures"),
    "stats_read": ("再讀圖片", "Read more pictures"),
    "reading_started": (
        "正在讀取最多 {n} 張圖片的紀錄",
        "Reading the {n:record|records} of up to {n} {n:picture|pictures}",
    ),
    "all_was_read": ("這個圖庫已全部讀過。", "All of this gallery was read already."),
    "state_reading": ("讀取中", "reading"),
    "job_read": ("已讀 {done} / 最多 {total}", "{done} of at most {total} read"),
    "job_ended_read": ("{title}：已讀 {n} 張圖片", "{title}: {n} {n:picture|pictures} read"),
    # Pictures beside each other
    "key_compare": ("比較標記的圖片（2 到 4 張）", "Compare the marked pictures (two to four)"),
    "compare_title": ("比較", "Compare"),
    "compare_marks": ("請標記 2 到 4 張圖片來比較。", "Mark two to four pictures to compare them."),
    "compare_over": ("重疊", "One over the other"),
    "compare_split": ("兩張圖片的分界", "Where the second picture begins"),
    "compare_difference": ("生成資料的差異", "How they were made"),
    "compare_different": ("不同的欄位：{n}", "What differs: {n}"),
    "compare_same": ("相同的欄位：{n}", "The same in all: {n}"),
    "compare_no_difference": ("生成資料沒有差異。", "Nothing differs in how they were made."),
    "compare_lacking": (
        "{n} 張沒有生成資料。",
        "{n} {n:picture has|pictures have} no generation data.",
    ),
    # Kinds of bars
    "stats_sampler": ("取樣方法", "Sampler"),
    "stats_schedule": ("排程", "Schedule"),
    "stats_steps": ("步數", "Steps"),
    "stats_cfg": ("CFG", "CFG"),
    "stats_guidance": ("蒸餾 CFG", "Distilled CFG"),
    "stats_size": ("尺寸", "Size"),
    "stats_clip": ("Clip skip", "Clip skip"),
    "stats_upscaler": ("高解析放大器", "Hires upscaler"),
    "stats_upscale": ("高解析倍率", "Hires upscale by"),
    "stats_denoising": ("重繪幅度", "Denoising strength"),
    "stats_checkpoint": ("基底模型", "Checkpoint"),
    "stats_lora": ("LoRA", "LoRAs"),
    "stats_embedding": ("負向嵌入", "Negative embeddings"),
    "stats_word": ("提示詞的常用詞", "Words of the prompt"),
    "stats_negative": ("負向提示詞的常用詞", "Words of the negative prompt"),
}
