"""Civitai Shortcut: bring a Civitai model's community gallery into the WebUI."""
