"""What a WebUI's `modules` gives an extension, as far as ours uses it; written for its tests."""
