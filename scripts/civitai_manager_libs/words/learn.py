"""Words of what is learned from a gallery, in Traditional Chinese and English."""

from __future__ import annotations

__all__ = ["WORDS"]

# key: (Traditional Chinese, English)
WORDS: dict[str, tuple[str, str]] = {
    "figures_title": ("這裡什麼有效", "What works here"),
    "figures_sample": (
        "已讀 {pictures} 張圖片，{with_data} 張有資料；一張圖片通常得到 {reactions} 個回應",
        "{pictures} pictures read, {with_data} with data; a picture usually got {reactions}"
        " reactions",
    ),
    "figures_none": (
        "這個圖庫還沒有讀過的圖片。",
        "No picture of this gallery was read yet.",
    ),
    "figures_versions": ("各版本", "By version"),
    "figures_recipe": ("常用配方", "Recipe"),
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
    "figures_embedding": ("負面嵌入", "Negative embeddings"),
    "figures_word": ("提示詞的常用詞", "Words of the prompt"),
    "figures_negative": ("負面提示詞的常用詞", "Words of the negative prompt"),
}
