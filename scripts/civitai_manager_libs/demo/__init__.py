"""An offline Civitai with pictures of its own, so that anyone can try everything."""
