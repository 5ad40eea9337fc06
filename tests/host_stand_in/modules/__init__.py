"""As much of a WebUI's `modules` as our extension meets, with a WebUI's behaviour to it."""
