"""Labels of choices, settings and infotext fields, in Traditional Chinese and English."""

from __future__ import annotations

__all__ = ["CHOICES", "PARAMETERS", "SETTINGS"]

# What the API calls it: (Traditional Chinese, English)
CHOICES: dict[str, dict[str, tuple[str, str]]] = {
    "sort": {
        "Newest": ("最新", "Newest"),
        "Oldest": ("最舊", "Oldest"),
        "Most Reactions": ("最多回應", "Most reactions"),
        "Most Comments": ("最多留言", "Most comments"),
        "Most Collected": ("最多收藏", "Most collected"),
    },
    "period": {
        "AllTime": ("所有時間", "All time"),
        "Year": ("一年內", "Year"),
        "Month": ("一個月內", "Month"),
        "Week": ("一週內", "Week"),
        "Day": ("一天內", "Day"),
    },
    "level": {
        "None": ("PG 普遍級", "PG"),
        "Soft": ("PG-13 輔導級", "PG-13"),
        "Mature": ("R 限制級", "R"),
        "X": ("X", "X"),
        "XXX": ("XXX", "XXX"),
    },
    "language": {
        "auto": ("自動", "Automatic"),
        "zh-TW": ("繁體中文", "Traditional Chinese"),
        "en": ("英文", "English"),
    },
    "saved_quality": {
        "original": ("原圖", "Original"),
        **{
            width: (f"寬 {width} 像素", f"{width} pixels wide")
            for width in ("96", "320", "450", "512", "800", "1200", "1600", "2200")
        },
    },
    "type": {
        "": ("全部", "All"),
        "image": ("圖片", "Images"),
        "video": ("影片", "Videos"),
    },
}

# Fields of an infotext, as the WebUI's translation calls them; a name that is not here it keeps.
PARAMETERS: dict[str, str] = {
    "Prompt": "提示詞",
    "Steps": "步數",
    "Sampler": "取樣方法",
    "Schedule type": "排程類型",
    "Distilled CFG Scale": "蒸餾 CFG",
    "Seed": "種子",
    "Size": "尺寸",
    "Model": "模型",
    "Model hash": "模型雜湊值",
    "VAE hash": "VAE 雜湊值",
    "Variation seed": "變異種子",
    "Variation seed strength": "變異種子強度",
    "Seed resize from": "種子縮放自",
    "Denoising strength": "重繪幅度",
    "Face restoration": "臉部修復",
    "Hires upscale": "高解析倍率",
    "Hires upscaler": "高解析放大器",
    "Hires steps": "高解析步數",
    "Hires resize": "高解析尺寸",
    "Hires sampler": "高解析取樣方法",
    "Hires schedule type": "高解析排程類型",
    "Hires checkpoint": "高解析模型",
    "Hires prompt": "高解析提示詞",
    "Hires negative prompt": "高解析負向提示詞",
    "Hires CFG Scale": "高解析 CFG",
    "Lora hashes": "LoRA 雜湊值",
    "TI hashes": "TI 雜湊值",
    "Version": "版本",
}

# Each setting: (Traditional Chinese, English)
SETTINGS: dict[str, tuple[str, str]] = {
    "watch_daily": (
        "頁面開著時，每天查看一次追蹤的圖庫",
        "Check the galleries you watch once a day, while the page is open",
    ),
    "http_timeout": (
        "等待 Civitai API 回應的秒數",
        "Seconds to wait for an answer of Civitai's API",
    ),
    "proxy": (
        "代理伺服器，例如 socks5h://127.0.0.1:1080（空白：依環境變數）",
        "Proxy, such as socks5h://127.0.0.1:1080 (empty: that of the environment)",
    ),
    "http_max_retries": ("請求失敗後的重試次數", "Further tries after a failed request"),
    "http_retry_delay": ("重試前等待的秒數（逐次加倍）", "Seconds before another try (doubling)"),
    "gallery_download_timeout": ("圖片主機可沉默的秒數", "Seconds an image host may be silent"),
    "gallery_jobs_at_once": (
        "同時進行的下載工作數量（其餘依序等候）",
        "Download jobs at work at the same time (the others wait their turn)",
    ),
    "gallery_max_concurrent_downloads": ("同時下載的數量", "Downloads at the same time"),
    "gallery_max_rate_kb": (
        "所有下載工作合計每秒最多 KB（0：不限）",
        "Download at most so many KB a second, all jobs together (0: no limit)",
    ),
    "gallery_download_batch_size": ("每批圖片數量", "Pictures in one batch"),
    "gallery_batch_pause": ("兩批之間的秒數", "Seconds between batches"),
    "gallery_max_image_mb": ("圖片大小上限 (MB)", "Largest image to download (MB)"),
    "gallery_max_video_mb": ("影片大小上限 (MB)", "Largest video to download (MB)"),
    "gallery_disk_reserve_mb": ("磁碟保留空間 (MB)", "Disk space always left free (MB)"),
    "gallery_cache_mb": ("圖片快取大小上限 (MB)", "Largest size of the picture cache (MB)"),
    "library_records": (
        "本機圖庫的圖片紀錄數量上限（收藏的不計）",
        "Most records in the library, beside your favourites and collections",
    ),
    "gallery_level": ("顯示的最高分級", "Highest rating to show"),
    "blur_level": ("高於此分級的圖片先模糊顯示", "Blur pictures rated above"),
    "gallery_download_limit": (
        "下載整個圖庫時最多幾張",
        "Most pictures to download of a whole gallery",
    ),
    "usergallery_preloading": ("在背景預先載入下一頁", "Load the next page in the background"),
    "save_infotext": ("在圖片旁儲存 infotext (.txt)", "Save the infotext (.txt) beside a picture"),
    "save_record": (
        "在圖片旁儲存 Civitai 紀錄 (.json)",
        "Save Civitai's record (.json) beside a picture",
    ),
    "adds_lora_tags": (
        "紀錄中有、但提示詞沒有的 LoRA，加上它的標籤",
        "Add the <lora:…> tag of a LoRA that was used but is missing in the prompt",
    ),
    "embeds_infotext": (
        "將 infotext 寫入沒有它的圖片檔（PNG、JPEG、WebP；像素不變）",
        "Put the infotext into downloaded pictures without it (PNG, JPEG, WebP; no pixel changes)",
    ),
    "save_workflow": (
        "在圖片旁儲存 ComfyUI 工作流程 (.workflow.json)",
        "Save ComfyUI's workflow (.workflow.json) beside a picture",
    ),
    "model_folders": (
        "放模型、LoRA、嵌入與 VAE 的資料夾（多個以 ; 分隔，WebUI 自己的不必填）",
        "More folders of models, LoRAs, embeddings, VAEs, separated by ; (the WebUI knows its own)",
    ),
    "download_images_folder": (
        "下載圖片的資料夾（空白：預設）",
        "Folder for downloaded pictures (empty: the usual one)",
    ),
    "saved_quality": (
        "儲存哪一種圖片（縮圖沒有內嵌資料；影片一律為原檔）",
        "Size to save (a smaller picture has no embedded data; videos are always original)",
    ),
    "saved_name": (
        "圖片在該資料夾中的位置與檔名（範本，/ 分資料夾）",
        "Where a picture goes in that folder: a template of its name (/ makes folders)",
    ),
    "language": (
        "沒有瀏覽器可判斷時的語言（自動：終端機依地區設定）",
        "Language where there is no browser (automatic: the terminal's locale)",
    ),
}
