"""An offline Civitai with images of its own, to try the gallery without a network."""
