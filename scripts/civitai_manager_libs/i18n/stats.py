"""Words of what is learned from a gallery, in Traditional Chinese and English."""

from __future__ import annotations

__all__ = ["WORDS"]

# key: (Traditional Chinese, English)
WORDS: dict[str, tuple[str, str]] = {
    "figures_title": ("哪些設定好用", "What works here"),
    "figures_sample": (
        "已讀 {pictures} 張圖片，{with_data} 張有資料；每張圖片通常得到 {reactions} 個回應",
        "{pictures} {pictures:picture|pictures} read, {with_data} with data; a picture usually got"
        " {reactions} {reactions:reaction|reactions}",
    ),
    "figures_none": (
        "這個圖庫還沒有讀過的圖片。",
        "No picture of this gallery was loaded yet.",
    ),
    "figures_versions": ("各版本", "By version"),
    "figures_recipe": (
        "常用配方：最常一起使用的設定",
        "A recipe of settings most often used together",
    ),
    "figures_open_a_model": ("請先開啟一個模型。", "Open a model first."),
    "figures_few": (
        "圖片太少，數字僅供參考：往下捲動或多讀一些。",
        "So few pictures say little: scroll on, or read more of them.",
    ),
    "figures_hint": (
        "按一下長條，只看用到它的圖片。百分比以有資料的圖片計算，愛心是這類圖片通常得到的回應數。",
        "Press a bar to see its pictures. The share is of those with data; the heart is how many"
        " reactions such a picture usually got.",
    ),
    "figures_bar_count": ("，{n} 張，通常", ", {n} {n:picture|pictures}, usually"),
    "figures_bar_got": ("個回應", " reactions"),
    "figures_show": ("只看「{label}」的圖片", "Show pictures with “{label}”"),
    "figures_all": ("全部 {n} 個", "All {n}"),
    "figures_less": ("收合", "Fewer"),
    "figures_weight": ("權重 {weight}", "weight {weight}"),
    "figures_weights": ("權重 {weight}（{low} 到 {high}）", "weight {weight} ({low} to {high})"),
    "figures_own_weight": ("這個 LoRA 的權重", "Weight of this LoRA"),
    "figures_copy": ("複製配方", "Copy recipe"),
    "figures_send": ("傳送到 {tab}", "Send to {tab}"),
    "figures_version": ("版本", "Version"),
    "figures_pictures": ("有資料", "With data"),
    "figures_of_version": ("只看 {name}", "Only {name}"),
    "figures_read_most": ("最多再讀幾張", "Up to how many more pictures"),
    "figures_read": ("再讀圖片", "Read more pictures"),
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
    "figures_sampler": ("取樣方法", "Sampler"),
    "figures_schedule": ("排程", "Schedule"),
    "figures_steps": ("步數", "Steps"),
    "figures_cfg": ("CFG", "CFG"),
    "figures_guidance": ("蒸餾 CFG", "Distilled CFG"),
    "figures_size": ("尺寸", "Size"),
    "figures_clip": ("Clip skip", "Clip skip"),
    "figures_upscaler": ("高解析放大器", "Hires upscaler"),
    "figures_upscale": ("高解析倍率", "Hires upscale by"),
    "figures_denoising": ("重繪幅度", "Denoising strength"),
    "figures_checkpoint": ("基底模型", "Checkpoint"),
    "figures_lora": ("LoRA", "LoRAs"),
    "figures_embedding": ("負向嵌入", "Negative embeddings"),
    "figures_word": ("提示詞的常用詞", "Words of the prompt"),
    "figures_negative": ("負向提示詞的常用詞", "Words of the negative prompt"),
}
